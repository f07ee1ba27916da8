/** What SQL functions run, seen from outside: docs/scaling.md. */
import assert from "node:assert/strict";
import postgres, { type Sql } from "postgres";
import { CALLS } from "../support/lock_order/calls.ts";
import { prepareStress } from "../support/lock_order/run_stress.ts";
import { type NestedPlan, readsOf, recordPlans } from "../support/nested_plans.ts";
import { listSellersTables, readList } from "../support/scaling_lists.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

let database: TestDatabase;
let sql: Sql;

Deno.test.beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await prepareStress(sql);
  for (let seller = 0; seller < 4; seller++) {
    for (const text of statementsOf("sign_up", { a: seller, b: seller, c: 0, w: 1 })) {
      await sql.unsafe(text);
    }
  }
});

Deno.test.afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** What runs for each order and each label. Claims read the inbox, which has no seller. */
const HOT_CALLS = [
  "receive_webhook_event",
  "ingest_order",
  "ingest_orders",
  "store_label_rates",
  "request_label",
  "start_label_purchase",
  "finish_label_purchase",
];
const ROUNDS = 8;

function statementsOf(name: string, numbers: Record<"a" | "b" | "c" | "w", number>): string[] {
  return [CALLS[name] ?? []].flat().map((call) =>
    `select ${call.replaceAll(/\$([abcw])/g, (_, letter) => String(numbers[letter as "a"]))}`
  );
}

/** The calls of the round `n` for the same few sellers and orders: later ones find a stored order, and its label. */
async function callHotPaths(session: Sql, n: number): Promise<void> {
  const [receiveOrders = ""] = statementsOf("ingest_orders", { a: n % 4, b: n, c: n, w: 1 });
  for (const name of HOT_CALLS) {
    if (name === "ingest_order") await session.unsafe(receiveOrders);
    for (const text of statementsOf(name, { a: n % 4, b: n, c: n, w: 1 })) {
      await session.unsafe(text);
    }
  }
}

/** Functions with a statement that finds rows of sellers without their seller. */
function crossingFunctions(plans: NestedPlan[], sellers: Set<string>): string[] {
  const crossing = plans.filter(({ text, plan }) =>
    // Postgres's own statements for foreign keys: an engine that shards adds the seller to the keys.
    !text.includes(" FROM ONLY ") &&
    readsOf(plan).some(({ table, alias, conditions }) => {
      const key = `${alias}.${table === "public.users" ? "id" : "user_id"}`;
      const namesSeller = (condition: string) =>
        condition.includes(`${key} = `) || condition.includes(` = ${key})`);
      return sellers.has(table) && !conditions.some(namesSeller);
    })
  );
  const names = crossing.map(({ by: [innermost = ""] }) => innermost);
  // Not those of the test's own world.
  return [...new Set(names.filter((name) => /^(public|private)\./.test(name)))];
}

Deno.test("a hot statement names the seller of the rows that it reads; those that cross sellers are listed with their reason", async () => {
  const { plans, called } = await recordPlans(database.url, async (session) => {
    for (let n = 0; n < ROUNDS; n++) await callHotPaths(session, n);
  });
  for (const name of HOT_CALLS) assert.ok(called.has(`public.${name}`), `${name} has not run`);
  const sellers = new Set(await listSellersTables(sql));
  const listed = await readList("Statements across sellers");
  const crossing = crossingFunctions(plans, sellers);
  assert.ok(crossing.length > 0, "the plans show what crosses sellers");
  assert.deepEqual(crossing.filter((name) => !listed.includes(name)), []);
  const unknown = await sql`
    select name from unnest(${listed}::text[]) as name where to_regproc(name) is null`;
  assert.deepEqual([...unknown], []);
});

/** What a connection keeps from one transaction to the next. */
async function sessionState(session: Sql): Promise<unknown> {
  // Without parameters the driver prepares nothing of its own.
  const [state] = await session.unsafe(`
    select current_user as role,
      (select jsonb_object_agg(name, setting) from pg_settings where source = 'session') as settings,
      (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
      (select count(*) from pg_prepared_statements) as prepared,
      (select count(*) from pg_listening_channels()) as channels,
      (select count(*) from pg_cursors where is_holdable) as cursors,
      (select count(*) from pg_class where relpersistence = 't') as temporary_tables`);
  return state;
}

Deno.test("no SQL function leaves anything in its session: a pooler may give each transaction another connection", async () => {
  const session = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const before = await sessionState(session);
    for (const name of Object.keys(CALLS)) {
      for (const text of statementsOf(name, { a: 1, b: 1, c: 1, w: 2 })) {
        // What is refused leaves nothing either.
        await session.unsafe(text).catch((error) => assert.match(String(error.code), /^\w{5}$/));
      }
      assert.deepEqual(await sessionState(session), before, name);
    }
    await session.unsafe("select set_config('work_mem', '5MB', false), pg_advisory_lock(1)");
    assert.notDeepEqual(await sessionState(session), before, "what stays is seen");
  } finally {
    await session.end();
  }
});
