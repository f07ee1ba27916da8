/** The database's commands db:seed and db:health-check, and consent for other machines. */
import assert from "node:assert/strict";
import { makeTemporaryData } from "../../local/leftovers/temporary_folder.ts";
import { writeEnvironment } from "../../local/stack/environment.ts";
import { signInSeller } from "../../local/stack/seller.ts";
import { callCommand as run } from "../support/run_command.ts";
import { open, ownOrders, SELLERS, signIn } from "../support/seed_sellers.ts";
import { createTestDatabase } from "../support/stack.ts";
import { test } from "../support/shared_stack.ts";

test("seed.sql: its sellers sign in and see their own orders only; twice changes nothing", async (stack) => {
  const { env, sql } = stack;
  const rows = async () => [
    ...await sql`select id, email, encrypted_password from auth.users order by email`,
    ...await sql`select * from auth.identities order by user_id`,
    ...await sql`select * from public.users order by email`,
    ...await sql`select * from public.tiktok_shops order by shop_id`,
    ...await sql`select * from public.orders order by tiktok_order_id`,
    ...await sql`select * from public.shipments order by id`,
    ...await sql`select * from public.subscriptions`,
    ...await sql`select * from private.monthly_order_counts order by user_id, month`,
  ];
  const seed = ["--db-url", env.SUPABASE_DB_URL];
  const first = await run("db_seed", seed);
  assert.equal(first.code, 0, first.text);
  const seeded = await rows();
  const second = await run("db_seed", seed);
  assert.equal(second.code, 0, second.text);
  assert.deepEqual(await rows(), seeded);

  for (const [email, orders, plan] of [[SELLERS.ada, 8, "growth"], [SELLERS.bob, 3, undefined]]) {
    assert.ok(await signIn(env, String(email)), String(email));
    const seller = await signInSeller(env, String(email), "local-password");
    assert.deepEqual(await ownOrders(seller), { owners: new Set([seller.id]), orders });
    const { data: subscriptions } = await seller.client.from("subscriptions").select("plan_name");
    assert.equal(subscriptions?.[0]?.plan_name, plan);
    const [{ counted, stored } = {}] = await sql`
      select private.monthly_order_count(${seller.id}) as counted, count(*)::int as stored
      from public.orders
      where user_id = ${seller.id}
        and created_at >= private.current_month()::timestamp at time zone 'UTC'`;
    assert.equal(counted, stored);
  }
  const states = await sql`select distinct order_status from public.orders`;
  assert.ok(states.length >= 8);
});

test("attack: the seed's ids, which no key decrypts, stop no comparison with Stripe", async ({ data, env, sql }) => {
  await run("db_seed", ["--db-url", env.SUPABASE_DB_URL]);
  const { code, text } = await run("billing_sync", ["--data", data]);
  assert.equal(code, 0, text);
  assert.match(text, /^Compared 1 subscription with Stripe's: 0 repaired\.$/m);
  assert.match(text, /^Not compared: 1, .* task keys:rotate$/m);
  const logged = await sql`
    select details ->> 'unreadable' as unreadable from public.system_logs
    where event_type = 'subscriptions_reconciled'`;
  assert.deepEqual(logged.map((row) => row.unreadable), ["1"]);
});

test("a command whose stack has ended does not take another stack at its address", async ({ env }) => {
  await using folder = await makeTemporaryData("creatorflow-ended-");
  await writeEnvironment(folder.path, {
    ...env,
    SUPABASE_PUBLISHABLE_KEY: "sb_publishable_of_another",
  });
  for (const [name, ...args] of [["connect_shop", "eve@example.com"], ["events"], ["db_seed"]]) {
    const { code, text } = await run(name as string, [...args, "--data", folder.path]);
    assert.equal(code, 1, text);
    assert.match(text, /^Another stack answers at http:\S+: its keys are not those in \S+\/env\. /);
    assert.match(text, /task start --data \S+ --port 0 --db-port 0\n$/);
  }
});

Deno.test("db:health-check prints every figure, and fails when one is not healthy", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  const check = () => run("db_health_check", ["--db-url", database.url]);
  const answer = async (status: string) => {
    await sql.unsafe(`
      drop function if exists public.check_database_health();
      create function public.check_database_health()
      returns table (metric text, value numeric, status text)
      language sql
      as $$ values ('active_connections', 4.5, '${status}'), ('orders_last_hour', 12, 'info') $$`);
  };
  try {
    await answer("healthy");
    const healthy = await check();
    assert.equal(healthy.code, 0, healthy.text);
    assert.deepEqual(healthy.text.trim().split("\n").map((line) => line.split(/\s{2,}/)), [
      ["metric", "value", "status"],
      ["active_connections", "4.5", "healthy"],
      ["orders_last_hour", "12", "info"],
    ]);
    for (const status of ["warning", "critical"]) {
      await answer(status);
      const { code, text } = await check();
      assert.equal(code, 1);
      assert.match(text, new RegExp(`active_connections +4.5 +${status}`));
    }
    await sql`drop function public.check_database_health()`;
    const missing = await check();
    assert.equal(missing.code, 1);
    assert.match(missing.text, /task migration:up/);
  } finally {
    await sql.end();
    await database.drop();
  }
});

/** A port that counts its connections. */
function startCounter(): { port: number; count: () => number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    count: () => connections,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

/** The same server under an address that does not count as this machine's. */
function elsewhere(url: string): URL {
  const changed = new URL(url);
  changed.hostname = "0.0.0.0";
  changed.searchParams.set("sslmode", "disable");
  return changed;
}

Deno.test("a database elsewhere is not even connected to unless its host is named twice", async () => {
  await using database = await createTestDatabase();
  const url = elsewhere(database.url);
  await using counter = startCounter();
  url.port = String(counter.port);
  const consents = [
    [],
    ["--yes"],
    ["--not-local", "0.0.0.0"],
    ["--yes", "--not-local", "0.0.0.1"],
  ];
  for (const command of ["db_seed", "migration_reset"]) {
    for (const consent of consents) {
      const { code, text } = await run(command, ["--db-url", url.href, ...consent]);
      assert.equal(code, 1, command);
      assert.match(text, /^Refused: .*--yes --not-local 0\.0\.0\.0/);
      assert.ok(!text.includes(url.password));
    }
  }
  assert.equal(counter.count(), 0);
});

Deno.test("a database elsewhere is seeded once its host is named twice", async () => {
  await using database = await createTestDatabase();
  const url = elsewhere(database.url);
  const named = ["--db-url", url.href, "--yes", "--not-local", "0.0.0.0"];
  const { code, text } = await run("db_seed", named);
  assert.equal(code, 0, text);
  assert.ok(!text.includes(url.password));
  await using sql = open(database.url);
  const sellers = await sql`select email from public.users order by email`;
  assert.deepEqual(sellers.map((row) => row.email), Object.values(SELLERS));
});

Deno.test("the database's commands say how to start a stack, and refuse a wrong --db-url", async () => {
  const data = await Deno.makeTempDir();
  const commands = ["migration_up", "migration_reset", "db_seed", "db_health_check"];
  await Promise.all(commands.map(async (command) => {
    const noStack = await run(command, ["--data", data]);
    assert.equal(noStack.code, 1, command);
    assert.match(noStack.text, /npx -y deno@2\.9\.5 task start/, command);
    for (const url of ["postgresql://a:secret@/x", "postgresql://a:secret@127.0.0.1/x?host=b"]) {
      const { code, text } = await run(command, ["--db-url", url]);
      assert.equal(code, 2, command);
      assert.match(text, /--db-url/, command);
      assert.ok(!text.includes("secret"), text);
    }
  }));
  await Deno.remove(data);
});

Deno.test("attack: --db-env takes an address from a variable, and no message has its password", async () => {
  const database = await createTestDatabase();
  const [name, missing] = ["TEST_TARGET_DB_URL", "TEST_MISSING_DB_URL"];
  const query = (...args: string[]) => run("db_query", ["select 40 + 2 as answer", ...args]);
  try {
    Deno.env.set(name, database.url);
    const { code, text } = await query("--db-env", name);
    assert.equal(code, 0, text);
    assert.match(text, /^answer\n42\n/);
    const both = await query("--db-env", name, "--db-url", "postgresql://a:secret@127.0.0.1/x");
    assert.match(both.text, /^--db-url and --db-env both name a database/);
    Deno.env.set(name, "postgresql://a:secret@127.0.0.1/x?host=b");
    const wrong = await query("--db-env", name);
    assert.match(wrong.text, /^TEST_TARGET_DB_URL may not have "host="/);
    const unset = await query("--db-env", missing);
    assert.match(unset.text, /^TEST_MISSING_DB_URL is not set\. Export it/);
    const value = await query("--db-env", "postgresql://a:secret@127.0.0.1/x");
    assert.match(value.text, /^--db-env takes the name of a variable/);
    for (const refused of [both, wrong, unset, value]) {
      assert.equal(refused.code, 2, refused.text);
      assert.ok(!refused.text.includes("secret"), refused.text);
    }
  } finally {
    Deno.env.delete(name);
    await database.drop();
  }
});

Deno.test("logs --request takes a UUID, and says when no line has it; programs get no sentence", async () => {
  const data = await Deno.makeTempDir();
  try {
    const id = "0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11";
    const line = {
      ...{ time: "2026-11-23T10:00:00.000Z", level: "info", function: "tiktok-oauth" },
      ...{ message: "request", request_id: id },
    };
    await Deno.mkdir(`${data}/logs`);
    await Deno.writeTextFile(`${data}/logs/functions.log`, `${JSON.stringify(line)}\n`);
    const logs = (...args: string[]) => run("logs", ["--data", data, ...args]);
    const wrong = await logs("--request", "x");
    assert.equal(wrong.code, 2);
    assert.match(wrong.text, /^--request takes .*UUID.*, not "x"\./);
    assert.match((await logs("--request", id.toUpperCase())).text, /tiktok-oauth +request/);
    const other = ["--request", id.replace("0b", "1b")];
    assert.deepEqual(await logs(...other), {
      ...{ code: 0, stdout: "No line of the log matches.\n" },
      text: "No line of the log matches.\n",
    });
    assert.equal(
      (await logs("--function", "tiktok-webhooks")).text,
      "No line of the log matches.\n",
    );
    assert.equal((await logs(...other, "--json")).text, "");
    assert.equal((await logs("--lines", "0")).text, "");
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("deploy takes either --check or --dry-run", async () => {
  const both = await run("deploy", ["--check", "--dry-run"]);
  assert.equal(both.code, 2);
  assert.match(both.text, /^--dry-run and --check exclude each other\./);
});

test("connect-shop with an unknown shop says once where the shops are listed", async ({ data }) => {
  const { code, text } = await run("connect_shop", [
    "ada@example.com",
    "--data",
    data,
    "--shop-id",
    "12",
  ]);
  assert.equal(code, 1);
  assert.equal(text.match(/GET \/control/g)?.length, 1, text);
  assert.match(text, /Unknown shop 12\. .*--code\.\n$/);
});
