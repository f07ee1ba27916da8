/** `bench stripe`: Stripe events about subscriptions, applied by us and by stripe-sync-engine on one Postgres. */
import postgres from "postgres";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { readEncryptionKeys } from "../../shared/config.ts";
import { createEventProcessor, createEventRoutes } from "../../shared/event_routes.ts";
import { Inbox } from "../../shared/inbox/inbox.ts";
import { EventProcessor } from "../../shared/inbox/process_events.ts";
import { driverClient } from "../measure/driver_client.ts";
import type { Comparison, Line, Target } from "../measure/line.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { type BenchStack, startBenchStack } from "../measure/stack.ts";
import { startStripeSyncEngine } from "../measure/stripe_sync_engine.ts";
import {
  makeStripeWorld,
  receiveStripeEvents,
  type StripeEvent,
  type StripeWorld,
} from "../measure/stripe_world.ts";

const ROUNDS = 5;
const EVENTS = 240;
/** Events of a subscription that wait together: a purchase or a renewal brings about four. */
const TOGETHER = 4;
const CONNECTIONS = 8;

/** Events about subscriptions of its own. `prepare` is not measured. */
interface Side {
  prepare(): Promise<StripeEvent[]>;
  apply(events: StripeEvent[]): Promise<void>;
}

/** Milliseconds for an event in each round, and those of Postgres's processes. */
interface Measured {
  times: number[];
  cpu: number[];
}

async function measureSides<Name extends string>(
  sides: Record<Name, Side>,
  readCpu: () => Promise<number>,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(sides) as Name[];
  const measured = Object.fromEntries(
    names.map((name): [string, Measured] => [name, { times: [], cpu: [] }]),
  );
  // The first round fills caches and is not counted.
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const events = await sides[name].prepare();
      const [cpu, startedAt] = [await readCpu(), performance.now()];
      await sides[name].apply(events);
      const took = performance.now() - startedAt;
      if (round < 0) continue;
      measured[name]?.times.push(took / EVENTS);
      measured[name]?.cpu.push((await readCpu() - cpu) / EVENTS);
    }
  }
  return measured as Record<Name, Measured>;
}

/** CPU milliseconds so far of the connections of both sides. */
async function readCpu(sql: postgres.Sql): Promise<number> {
  const rows = await sql`
    select pid from pg_stat_activity where application_name in ('ours', 'stripe-sync-engine')`;
  const stats = await Promise.all(
    rows.map(({ pid }) => Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "NaN")),
  );
  return stats.reduce((sum, stat) => sum + Number(stat.split(" ")[0]), 0) / 1e6;
}

/** Events that the inbox has, which the processor applies. */
function ours(
  world: StripeWorld,
  sql: postgres.Sql,
  processor: EventProcessor,
  { first, together }: { first: number; together: number },
): Side {
  return {
    async prepare() {
      const events = world.makeEvents(first, EVENTS / together, together);
      await receiveStripeEvents(sql, events);
      return events;
    },
    async apply() {
      const summary = await processor.processEvents();
      // Unchanged: the events of a subscription came in two claims.
      const { subscription_applied: applied = 0, subscription_unchanged: unchanged = 0 } = summary;
      if (applied + unchanged === EVENTS) return;
      throw new Error(`Not every event was applied: ${JSON.stringify(summary)}`);
    },
  };
}

async function createSides(
  { stack: { env }, sql }: BenchStack,
  resources: AsyncDisposableStack,
) {
  const variables = environmentOf(env);
  const world = resources.use(
    await makeStripeWorld(sql, readEncryptionKeys(variables), 4 * EVENTS),
  );
  const own: Record<string, string> = {
    STRIPE_API_URL: world.url,
    STRIPE_PRICE_GROWTH: world.price,
  };
  const environment = (name: string) => own[name] ?? variables(name);
  const connections = Array.from({ length: CONNECTIONS }, () =>
    postgres(env.SUPABASE_DB_URL, {
      max: 1,
      onnotice: () => {},
      connection: { application_name: "ours" },
    }));
  resources.defer(async () => void await Promise.all(connections.map((driver) => driver.end())));
  const [driver] = connections as [postgres.Sql];
  const database = await driverClient(connections);
  const byDriver = new EventProcessor(
    new Inbox(database),
    createEventRoutes(database, "", environment),
  );
  const { processor: overStack } = createEventProcessor({ env: environment });
  const peer = await startStripeSyncEngine(env.SUPABASE_DB_URL, CONNECTIONS);
  resources.defer(() => peer.close());
  return {
    driver: ours(world, sql, byDriver, { first: 1, together: TOGETHER }),
    driverAlone: ours(world, sql, byDriver, { first: 1 + EVENTS, together: 1 }),
    stack: ours(world, sql, overStack, { first: 1 + 2 * EVENTS, together: TOGETHER }),
    stackAlone: ours(world, sql, overStack, { first: 1 + 3 * EVENTS, together: 1 }),
    receive: {
      prepare: () => Promise.resolve(world.makeEvents(1 + 4 * EVENTS, EVENTS, 1)),
      async apply(events) {
        await receiveStripeEvents(driver, events);
        await sql`delete from private.webhook_events where status = 'pending'`;
      },
    } satisfies Side,
    peer: {
      prepare: () => Promise.resolve(world.makeEvents(1 + 5 * EVENTS, EVENTS / TOGETHER, TOGETHER)),
      async apply(events) {
        const waiting = events.values();
        await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
          for (const event of waiting) await peer.processEvent(event as never);
        }));
      },
    } satisfies Side,
  };
}

async function measure(): Promise<Comparison[]> {
  await using resources = new AsyncDisposableStack();
  const bench = resources.use(await startBenchStack());
  const sides = await createSides(bench, resources);
  const { peer, receive, ...rest } = await measureSides(sides, () => readCpu(bench.sql));
  const us = (values: number[]) => `${(median(values) * 1000).toFixed(0)} us`;
  const cpuOf = (what: string, measured: number[], target?: Target): Comparison => ({
    ...{ what: `CPU of Postgres, ${what}`, against: "stripe-sync-engine" },
    ...compareRounds(measured, peer.cpu),
    ...(target && { target }),
    figures: `${us(measured)} : ${us(peer.cpu)}`,
  });
  const throughputOf = (what: string, { times }: Measured): Comparison => ({
    ...{ what: `events a second over the stack, ${what}`, against: "stripe-sync-engine" },
    ...compareRounds(peer.times, times),
    target: { bound: "at least", value: 0.5 },
    figures: `${us(times)} : ${us(peer.times)} an event`,
  });
  const atMostEqual: Target = { bound: "at most", value: 1 };
  const received = rest.driver.cpu.map((cpu, round) => cpu + (receive.cpu[round] ?? NaN));
  return [
    cpuOf(`${TOGETHER} events each`, rest.driver.cpu, atMostEqual),
    cpuOf("1 event each", rest.driverAlone.cpu, atMostEqual),
    cpuOf(`${TOGETHER} each, receiving included`, received),
    throughputOf(`${TOGETHER} events each`, rest.stack),
    throughputOf("1 event each", rest.stackAlone),
  ];
}

export const stripeLine: Line = {
  name: "stripe",
  title: "Stripe events cost Postgres no more than their bare copy by stripe-sync-engine",
  measure,
};
