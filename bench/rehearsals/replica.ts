/** `rehearse replica`: a read replica by streaming, and a seller's reads there. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { startTemporaryPostgres } from "../../local/postgres/temporary.ts";
import { ingest, receiveOrders } from "../measure/ingest.ts";
import { median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";
import type { Finding, Rehearsal } from "./rehearsal.ts";
import { startStandby } from "./standby.ts";

const SELLERS = 50;
const PAST_ORDERS = 20_000;
const ORDERS = 100;

/** What a seller's pages read; each must run where nothing can be written. */
const READS = {
  "dashboard": "select public.get_dashboard_metrics() as answer",
  "newest orders":
    "select jsonb_agg(o) as answer from (select id, order_status, total_amount from public.orders order by created_at desc limit 50) as o",
  "timeline":
    "select jsonb_agg(e) as answer from (select id, changes from public.order_events order by created_at desc, id desc limit 50) as e",
  "statistics":
    "select jsonb_agg(a) as answer from (select event_type, count(*) from public.analytics_events group by 1 order by 1) as a",
};

/** As REST does it: the role and the claims are the transaction's. */
async function readAsSeller(sql: postgres.Sql, user: string, statement: string): Promise<unknown> {
  return await sql.begin("read only", async (transaction) => {
    await transaction`set local role authenticated`;
    await transaction`
      select set_config('request.jwt.claims', ${JSON.stringify({ sub: user })}, true),
        set_config('request.jwt.claim.sub', ${user}, true)`;
    const [row] = await transaction.unsafe(statement);
    return row?.answer;
  });
}

/** Milliseconds until the replica shows what the primary has committed. */
async function waitForReplica(primary: postgres.Sql, replica: postgres.Sql): Promise<number> {
  const startedAt = performance.now();
  const [{ position } = { position: "" }] = await primary<{ position: string }[]>`
    select pg_current_wal_insert_lsn()::text as position`;
  while (performance.now() < startedAt + 30_000) {
    const [row] = await replica`
      select pg_last_wal_replay_lsn() >= ${position}::pg_lsn as is_there`;
    if (row?.is_there) return performance.now() - startedAt;
  }
  throw new Error("The replica does not follow.");
}

async function run(): Promise<Finding[]> {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startTemporaryPostgres());
  const primary = postgres(server.access.adminUrl, { max: 1, onnotice: () => {} });
  resources.defer(() => primary.end());
  await addSellers(primary, SELLERS);
  await addPastOrders(primary, PAST_ORDERS);

  const startedAt = performance.now();
  const standby = resources.use(await startStandby(server.data, server.access.adminUrl));
  const madeMs = performance.now() - startedAt;
  const replica = postgres(standby.url, { max: 1, onnotice: () => {} });
  resources.defer(() => replica.end());

  // Orders come in while the replica follows. A server whose data may be lost writes its log five times a second.
  await primary`set synchronous_commit = on`;
  const lags: number[] = [];
  for (const order of await receiveOrders(primary, ORDERS, SELLERS)) {
    await ingest(primary, order);
    lags.push(await waitForReplica(primary, replica));
  }
  const [seller] = await primary`select user_id as id from requested.sellers where n = 7`;
  for (const [what, statement] of Object.entries(READS)) {
    const [here, there] = [
      await readAsSeller(primary, seller?.id, statement),
      await readAsSeller(replica, seller?.id, statement),
    ];
    assert.ok(here !== null && here !== undefined, `${what} is empty`);
    assert.deepEqual(there, here, what);
  }
  const [stranger] = await primary`select gen_random_uuid() as id`;
  assert.equal(await readAsSeller(replica, stranger?.id, READS["newest orders"]), null);
  await assert.rejects(
    replica`update public.orders set order_status = 'cancelled'`,
    { code: "25006" },
    "the replica takes a write",
  );
  return [
    { what: "made and started while the primary runs", figure: `${(madeMs / 1000).toFixed(1)} s` },
    {
      what: `from an order's commit until the replica shows it, of ${ORDERS}`,
      figure: `median ${median(lags).toFixed(1)} ms, longest ${Math.max(...lags).toFixed(1)} ms`,
    },
    {
      what: "a seller's reads that answer the same there",
      figure: Object.keys(READS).join(", "),
    },
    { what: "a write there", figure: "refused (25006)" },
  ];
}

export const replicaRehearsal: Rehearsal = {
  name: "replica",
  title: "A read replica that streams, and a seller's dashboard and lists read there",
  run,
};
