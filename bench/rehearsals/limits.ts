/** `rehearse limits`: what an order takes from one Postgres, from its webhook on, and where that ends. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import { ingest, inParallel, orderRow, type Received, receiveOrders } from "../measure/ingest.ts";
import { median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";
import { type Cost, MEASURED_ORDERS, measureOrderCosts } from "./order_costs.ts";
import type { Finding, Rehearsal } from "./rehearsal.ts";

const SELLERS = 1_000;
const PAST_ORDERS = 100_000;
const BATCH = 50;
const SECOND = 1000;
const DAY = 86_400 * SECOND;
/** The busiest hour has four times the orders of a mean hour, and the CPU is half busy then. */
const [PEAK, BUSY] = [4, 0.5];
/** States after the first: to collect, collected, in transit, delivered, completed. */
const NEWER_STATES = 5;

const shown = ({ cpu, wal }: Cost) =>
  `${cpu.toFixed(2)} ms of CPU, ${(wal / 1000).toFixed(1)} kB of WAL`;

/** The sum of costs, each so many times. */
function addUp(costs: [times: number, cost: Cost][]): Cost {
  return {
    cpu: costs.reduce((sum, [times, { cpu }]) => sum + times * cpu, 0),
    wal: costs.reduce((sum, [times, { wal }]) => sum + times * wal, 0),
  };
}

/** The dead rows that orders leave, and what removing them takes. */
async function measureVacuum(sql: postgres.Sql, orders: number): Promise<Finding[]> {
  await sql`select pg_stat_force_next_flush()`;
  const rows = await sql`
    select schemaname || '.' || relname as name, n_dead_tup::integer as dead, n_tup_upd::integer as updates,
      n_tup_hot_upd::integer as hot
    from pg_stat_user_tables
    where schemaname in ('public', 'private') and n_dead_tup > ${
    orders / 20
  } order by n_dead_tup desc`;
  const startedAt = performance.now();
  for (const { name } of rows) await sql.unsafe(`vacuum ${name}`);
  const seconds = (performance.now() - startedAt) / SECOND;
  return [
    ...rows.map(({ name, dead, updates, hot }) => ({
      what: `dead rows an order leaves in ${name}`,
      figure: `${(dead / orders).toFixed(1)}; ${
        (100 * hot / Math.max(updates, 1)).toFixed(0)
      } % of its updates are HOT`,
    })),
    {
      what: "vacuum of these tables, a million orders",
      figure: `${(seconds / orders * 1e6).toFixed(0)} s`,
    },
  ];
}

/** Memory that each connection has for itself, after it has stored orders. */
async function memoryOf(connections: postgres.Sql[]): Promise<string> {
  const sizes = await Promise.all(connections.map(async (sql) => {
    const [row] = await sql`select pg_backend_pid() as pid`;
    const text = await Deno.readTextFile(`/proc/${row?.pid}/smaps_rollup`).catch(() => "");
    const kb = [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)];
    // The kernel's kB has 1,024 bytes.
    return kb.reduce((sum, [, size]) => sum + Number(size), 0) * 1024 / 1e6;
  }));
  return `${median(sizes).toFixed(0)} MB`;
}

async function ordersASecond(
  connections: postgres.Sql[],
  orders: Received[],
): Promise<number> {
  const startedAt = performance.now();
  await inParallel(connections, orders, ingest);
  return orders.length / (performance.now() - startedAt) * SECOND;
}

/** Orders of one seller, in batches as the worker stores them, by so many workers. */
async function oneSeller(sql: postgres.Sql, connections: postgres.Sql[]): Promise<number> {
  const orders = await receiveOrders(sql, 40 * BATCH, 1);
  const batches = Array.from({ length: 40 }, (_, n) => orders.slice(n * BATCH, (n + 1) * BATCH));
  const startedAt = performance.now();
  await inParallel(connections, batches, async (connection, batch) => {
    const items = batch.map(({ event, order }) => ({ event_id: event, order: orderRow(order) }));
    await connection`
      select public.ingest_orders(${batch[0]?.shop ?? ""}, ${
      connection.json(items as unknown as postgres.JSONValue)
    })`;
  });
  return orders.length / (performance.now() - startedAt) * SECOND;
}

async function run(): Promise<Finding[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await addPastOrders(sql, PAST_ORDERS);
  await sql`select pg_stat_reset()`;
  const { received, claimed, added, newer } = await measureOrderCosts(database);
  const findings = await measureVacuum(sql, MEASURED_ORDERS);

  const connections = await database.connect(16);
  const speeds: string[] = [];
  for (const number of [1, 2, 4, 8, 16]) {
    const chosen = connections.slice(0, number);
    // Each connection has its plans before the clock runs.
    await inParallel(chosen, await receiveOrders(sql, 10 * number, SELLERS), ingest);
    const speed = await ordersASecond(chosen, await receiveOrders(sql, 600, SELLERS));
    speeds.push(`${number}: ${speed.toFixed(0)}`);
  }
  const memory = await memoryOf(connections);
  const single: string[] = [];
  for (const number of [1, 2, 4]) {
    single.push(`${number}: ${(await oneSeller(sql, connections.slice(0, number))).toFixed(0)}`);
  }
  const webhooks = 1 + NEWER_STATES;
  const order = addUp([[1, added], [NEWER_STATES, newer], [webhooks, received], [
    webhooks,
    claimed,
  ]]);
  const thousands = Math.floor(DAY * BUSY / PEAK / order.cpu / 1000);
  const [logADay, seconds] = [thousands * 1000 * order.wal, DAY / SECOND];
  return [
    { what: "a webhook, stored and due", figure: shown(received) },
    { what: "its claim, 100 together", figure: shown(claimed) },
    { what: "a new order stored, alone", figure: shown(added) },
    { what: "a newer state stored, alone", figure: shown(newer) },
    {
      what: `an order with ${NEWER_STATES} newer states, ${webhooks} webhooks`,
      figure: shown(order),
    },
    {
      what: "orders a day that one such CPU carries, half busy in the busiest hour",
      figure: `${thousands} thousand`,
    },
    {
      what: "WAL of so many orders",
      figure: `${(logADay / 1e9).toFixed(0)} GB a day, ${
        (logADay * PEAK / seconds / 1e6).toFixed(1)
      } MB/s in the busiest hour`,
    },
    { what: "orders a second, by connections", figure: speeds.join(", ") },
    { what: "memory of a connection that stores orders", figure: memory },
    { what: "orders a second of one seller, in batches, by workers", figure: single.join(", ") },
    ...findings,
  ];
}

export const limitsRehearsal: Rehearsal = {
  name: "limits",
  title: "What an order takes from one Postgres, and where that ends",
  run,
};
