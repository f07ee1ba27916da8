/** `deno task bench:burst`: the speed of a backlog of events, and the wait of new orders meanwhile. */
import type postgres from "postgres";
import { command, UsageError } from "../local/cli/command.ts";
import { print } from "../local/cli/console.ts";
import type { Stack } from "../local/stack/stack.ts";
import { median } from "./measure/rounds.ts";
import { connectShop, isSettled, startBenchStack, waitUntil } from "./measure/stack.ts";

const HELP = `Measures a backlog of events, and new orders meanwhile.

  npx -y deno@2.9.5 task bench:burst [options]

  --events N   events of the backlog (10000)

Prints the time that the backlog takes, the wait of a new order compared with an empty inbox, and the
memory of the functions.`;

const SHOPS = 5;
const LIVE_SHOP = "7461000000000000000";
const LIVE_ORDERS = 20;

/** Milliseconds from a webhook to its order, ascending; the orders come one after the other. */
async function measureLiveOrders(stack: Stack, sql: postgres.Sql): Promise<number[]> {
  const { tiktok } = stack;
  if (tiktok === undefined) throw new Error("TikTok is not simulated.");
  const latencies: number[] = [];
  for (let n = 0; n < LIVE_ORDERS; n++) {
    const order = tiktok.addOrder({ shopId: LIVE_SHOP });
    const startedAt = performance.now();
    const status = await tiktok.send(tiktok.notificationOf(order));
    if (status !== 200) throw new Error(`A webhook got the status ${status}.`);
    await waitUntil(async () =>
      (await sql`select from public.orders where tiktok_order_id = ${order.id}`).length === 1
    );
    latencies.push(performance.now() - startedAt);
  }
  return latencies.sort((a, b) => a - b);
}

/** Resident memory of the function host, in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** Stores the events of new orders without a webhook. */
async function storeBacklog(
  stack: Stack,
  sql: postgres.Sql,
  shopIds: string[],
  events: number,
): Promise<void> {
  for (let n = 0; n < events; n++) {
    stack.tiktok?.addOrder({ shopId: shopIds[n % SHOPS] as string });
  }
  const orders = stack.tiktok?.state.all("orders").filter(({ shopId }) => shopId !== LIVE_SHOP);
  const rows = (orders ?? []).map(({ id, shopId }) => ({ id, shop_id: shopId }));
  await sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
    select 'tiktok', id, 'ORDER_STATUS_CHANGE', shop_id, id, '{"type":1}'
    from jsonb_to_recordset(${sql.json(rows)}) as waiting (id text, shop_id text)`;
}

/** Calls the event worker until no event is open. Returns the number of calls. */
async function processBacklog({ env }: Stack): Promise<number> {
  for (let calls = 1;; calls++) {
    const response = await fetch(`${env.SUPABASE_URL}/functions/v1/event-worker`, {
      method: "POST",
      headers: { apikey: env.SUPABASE_SECRET_KEY },
    });
    const { oldest_open_seconds } = await response.json();
    if (oldest_open_seconds === 0) return calls;
  }
}

/** Returns whether every order was stored. */
async function measure(stack: Stack, sql: postgres.Sql, events: number): Promise<boolean> {
  const shopIds = Array.from({ length: SHOPS }, (_, n) => `746000000000000000${n}`);
  for (const id of [...shopIds, LIVE_SHOP]) await connectShop({ stack, sql }, id);
  const quiet = await measureLiveOrders(stack, sql);
  const memoryBefore = await memoryOf(stack.functionHostPid());

  print(`${events} events wait; new orders come meanwhile.`);
  await storeBacklog(stack, sql, shopIds, events);
  const startedAt = performance.now();
  const [busy, calls] = await Promise.all([measureLiveOrders(stack, sql), processBacklog(stack)]);
  await waitUntil(() => isSettled(sql));
  const seconds = (performance.now() - startedAt) / 1000;
  const memoryAfter = await memoryOf(stack.functionHostPid());

  const [stored] = await sql`select count(*)::int as orders from public.orders`;
  const expected = events + 2 * LIVE_ORDERS;
  const factor = (median(busy) / median(quiet)).toFixed(1);
  const slowest = ((busy.at(-1) ?? 0) / 1000).toFixed(1);
  print(`  orders stored         ${stored?.orders} of ${expected}`);
  print(`  backlog               ${seconds.toFixed(1)} s, ${calls} calls of the event worker`);
  print(`  a new order meanwhile ${factor} times the quiet median; the slowest ${slowest} s`);
  print(`  memory of functions   ${memoryBefore} MiB before, ${memoryAfter} MiB after`);
  return stored?.orders === expected;
}

async function run({ values }: { values: { events: string } }): Promise<number> {
  const events = Number(values.events);
  if (!Number.isInteger(events) || events < 1) {
    throw new UsageError("--events takes a number from 1 on.");
  }
  await using bench = await startBenchStack();
  return await measure(bench.stack, bench.sql, events) ? 0 : 1;
}

export default await command(import.meta, {
  name: "bench:burst",
  help: HELP,
  options: { events: { type: "string", default: "10000" } },
  run,
});
