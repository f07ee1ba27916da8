/** `bench bytes`: what an order writes and keeps, from its webhook to delivered. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import {
  deliverOrders,
  deliverPlain,
  deliverRequested,
  type Shop,
  STATES,
  type Steps,
} from "../measure/deliveries.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { createPlainInbox } from "../measure/plain_inbox.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";
import { storedByPurpose, walByPurpose, walBytes } from "../measure/wal.ts";

const ROUNDS = 5;
const ORDERS = 100;
const SELLERS = 50;
const OURS = ["public", "private"];

/** What one order writes. */
interface Written {
  wal: number;
  bytes: number;
}

async function storedBytes(sql: postgres.Sql, schemas: string[]): Promise<number> {
  return (await storedByPurpose(sql, schemas)).values().reduce((sum, bytes) => sum + bytes, 0);
}

async function updateCounts(sql: postgres.Sql): Promise<{ updates: number; hot: number }> {
  await sql`select pg_stat_force_next_flush()`;
  const [row] = await sql`
    select n_tup_upd::float as updates, n_tup_hot_upd::float as hot from pg_stat_all_tables
    where relid = 'private.webhook_events'::regclass`;
  return row as { updates: number; hot: number };
}

/** What the bytes of an order are for. */
function describeParts(wal: Map<string, number>, kept: Map<string, number>, requested: number) {
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  return [...wal].toSorted(([, a], [, b]) => b - a).map(([purpose, bytes]): Comparison => ({
    what: `WAL of ${purpose}`,
    against: "the requested schema, all of an order",
    ratio: bytes / requested,
    figures: `${kilobytes(bytes)} kB of WAL, ${
      kilobytes(kept.get(purpose) ?? 0)
    } kB in tables and indexes`,
  }));
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await addPastOrders(sql, 5_000);
  // Images of whole pages depend on the checkpoints, not on what is written.
  await sql`alter system set full_page_writes = off`;
  await sql`select pg_reload_conf()`;
  const shops = await sql<Shop[]>`
    select user_id, shop_id, tiktok_id from requested.sellers order by n`;
  const written = async (schemas: string[], deliver: () => Promise<void>): Promise<Written> => {
    const [wal, bytes] = [await walBytes(sql), await storedBytes(sql, schemas)];
    await deliver();
    const walAfter = await walBytes(sql);
    // As autovacuum does: the space of old versions is used again.
    await sql`vacuum`;
    return {
      wal: (walAfter - wal) / ORDERS,
      bytes: (await storedBytes(sql, schemas) - bytes) / ORDERS,
    };
  };
  await createPlainInbox(sql);
  for (const table of ["orders", "analytics_events"]) {
    await sql.unsafe(`create table plain.${table} (like requested.${table} including all)`);
  }
  const before = await updateCounts(sql);
  const rounds: Record<"ours" | "requested" | "plain", Written>[] = [];
  const steps: Steps = { stored: 0, claimed: 0, applied: 0 };
  let kept = new Map<string, number>();
  for (let round = 0; round <= ROUNDS; round++) {
    if (round === 1) kept = await storedByPurpose(sql, OURS);
    const numbers = { first: round * ORDERS, count: ORDERS };
    rounds.push({
      ours: await written(
        OURS,
        () => deliverOrders(sql, shops, numbers, steps),
      ),
      requested: await written(["requested"], () => deliverRequested(sql, shops, numbers)),
      plain: await written(["plain"], () => deliverPlain(sql, shops, numbers)),
    });
  }
  const after = await updateCounts(sql);
  const keptAfter = await storedByPurpose(sql, OURS);
  const last = { first: (ROUNDS + 1) * ORDERS, count: ORDERS };
  const wal = await walByPurpose(sql, () => deliverOrders(sql, shops, last, { ...steps }));
  const ofOrder = (sums: Map<string, number>, orders: number, before = new Map<string, number>()) =>
    new Map([...sums].map(([name, sum]) => [name, (sum - (before.get(name) ?? 0)) / orders]));
  const compare = (
    what: string,
    side: "ours" | "plain",
    figure: keyof Written,
    note = "",
    value?: number,
  ): Comparison => {
    // The first round fills the space that is used again.
    const of = (side: keyof typeof rounds[number]) =>
      rounds.slice(1).map((round) => round[side][figure]);
    const kilobytes = (values: number[]) => (median(values) / 1000).toFixed(1);
    return {
      what,
      against: "the requested schema",
      ...compareRounds(of(side), of("requested")),
      ...(value !== undefined && { target: { bound: "at most", value } }),
      figures: `${kilobytes(of(side))} : ${kilobytes(of("requested"))} kB${note}`,
    };
  };
  const webhooks = (ROUNDS + 1) * ORDERS * STATES.length;
  const perWebhook = (["stored", "claimed", "applied"] as const)
    .map((step) => `${(steps[step] / webhooks).toFixed(0)} ${step}`).join(", ");
  const [updates, hot] = [after.updates - before.updates, after.hot - before.hot];
  return [
    compare(
      "WAL of an order, webhook to delivered",
      "ours",
      "wal",
      `, without images of whole pages; bytes of a webhook: ${perWebhook}`,
      2,
    ),
    compare("bytes of tables and indexes, the same", "ours", "bytes", "", 3),
    ...describeParts(
      ofOrder(wal, ORDERS),
      ofOrder(keptAfter, ROUNDS * ORDERS, kept),
      median(rounds.slice(1).map(({ requested }) => requested.wal)),
    ),
    compare("WAL of the requested rows with a plain inbox", "plain", "wal"),
    compare("bytes of tables and indexes, the same", "plain", "bytes"),
    {
      what: "updates of the inbox that are HOT",
      against: "all of its updates",
      ratio: hot / updates,
      target: { bound: "at least", value: 0.9 },
      figures: `${hot} of ${updates}`,
    },
  ];
}

export const bytesLine: Line = {
  name: "bytes",
  title: "What an order writes and keeps, from its webhook to delivered",
  measure,
};
