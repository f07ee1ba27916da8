/** The migrations contain only what Supabase lets the role of the migrations, and later the API, do. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { parseMigration, readStatements } from "../support/migration_statements.ts";
import { findPlatformChanges, findUnfiltered } from "../support/platform_rules.ts";
import { createTestDatabase } from "../support/stack.ts";
import { findUnnamedKeys, listUniqueKeys, type UniqueKey } from "../support/unique_keys.ts";

/** Why two transactions never insert the same row at once, though `on conflict` does not name this key. */
const ONE_AT_A_TIME: Record<string, string> = {
  "private.handle_auth_user users_email_key":
    "Auth's own row has the same keys, and is stored before",
  "private.store_granted_shops tiktok_shops_shop_id_key": "locks each shop alone before",
  "public.store_stripe_customer stripe_customers_stripe_customer_id_hash_key":
    "locks the seller's row before",
};

async function readUniqueKeys(): Promise<UniqueKey[]> {
  const database = await createTestDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    return await listUniqueKeys(sql);
  } finally {
    await sql.end();
    await database.drop();
  }
}

Deno.test("no update or delete of the migrations lacks a WHERE, in no body and text", async () => {
  const statements = await readStatements();
  const changes = statements.filter(({ kind }) => /^(Update|Delete)Stmt$/.test(kind));
  assert.ok(changes.length > 50, "the bodies were not read");
  assert.deepEqual(findUnfiltered(statements), []);
});

Deno.test("an update or delete without a WHERE is found in SQL, PL/pgSQL, CTEs, texts and jobs", async () => {
  const mistakes = [
    "update public.orders set total_amount = 0;",
    "create function a() returns void language sql as 'delete from public.orders';",
    `create function a() returns void language plpgsql as $$
     begin
       if true then
         for i in 1..2 loop update public.orders set total_amount = i; end loop;
       end if;
     end $$;`,
    `create function a() returns bigint language sql as $$
       with gone as (delete from public.orders returning id) select count(*) from gone
     $$;`,
    `create function a() returns void language plpgsql as $$
     begin execute format('delete from %I.orders', 'public'); end $$;`,
    "do $$ begin delete from public.orders; end $$;",
    "select cron.schedule('a', '* * * * *', 'delete from public.orders');",
  ];
  for (const sql of mistakes) {
    assert.equal(findUnfiltered(await parseMigration("a", sql)).length, 1, sql);
  }
  const right = "update public.orders set total_amount = 0 where true;";
  assert.deepEqual(findUnfiltered(await parseMigration("a", right)), []);
});

Deno.test("the migrations change auth, realtime, storage and jobs only as Supabase allows", async () => {
  assert.deepEqual(findPlatformChanges(await readStatements()), []);
});

Deno.test("a change of a platform schema that Supabase refuses is found", async () => {
  const mistakes = [
    "create table auth.extra (id integer);",
    "create function auth.extra() returns integer language sql as 'select 1';",
    "create or replace function realtime.topic() returns text language sql as 'select 1';",
    "alter table auth.users add column extra text;",
    "alter table realtime.messages enable row level security;",
    "alter table storage.objects owner to postgres;",
    "create index on realtime.messages (topic);",
    "create trigger a after insert on realtime.messages for each row execute function public.a();",
    "create policy a on auth.users for select using (true);",
    "grant delete on realtime.messages to postgres;",
    "grant usage on schema auth to anon;",
    "grant execute on function auth.uid() to anon;",
    "grant supabase_realtime_admin to postgres;",
    "set role supabase_auth_admin;",
    "drop function auth.uid();",
    "drop table storage.objects;",
    "comment on table auth.users is 'a';",
    "delete from realtime.messages where true;",
    "create function a() returns void language sql as 'update cron.job set active = false where true';",
    "do $$ begin insert into cron.job (schedule, command) values ('* * * * *', 'select 1'); end $$;",
  ];
  for (const sql of mistakes) {
    assert.ok(findPlatformChanges(await parseMigration("a", sql)).length > 0, sql);
  }
  const allowed = [
    "create table public.a (id uuid primary key references auth.users (id) on delete cascade);",
    "create trigger a after insert on auth.users for each row execute function private.a();",
    "create policy a on realtime.messages for select using (topic = (select realtime.topic()));",
    "create policy a on public.orders for select using (user_id = (select auth.uid()));",
    "select cron.schedule('a', '* * * * *', 'select 1');",
    `create function a() returns void language plpgsql as $$
     begin perform realtime.send('{}', 'a', 'b', true); end $$;`,
  ];
  for (const sql of allowed) {
    assert.deepEqual(findPlatformChanges(await parseMigration("a", sql)), [], sql);
  }
});

Deno.test("the policy on realtime.messages is the last of the first migrations, alone, after the schedules", async () => {
  const statements = await readStatements();
  const policies = statements.filter(({ kind, tree }) =>
    kind === "CreatePolicyStmt" && (tree.table as { schemaname?: string }).schemaname === "realtime"
  );
  // Those of a new project; later ones have the date of their day.
  const [last] = statements.filter(({ place }) => place.startsWith("20261123")).slice(-1);
  assert.deepEqual(policies.map(({ place }) => place), [last?.place]);
  assert.equal(statements.filter(({ place }) => place === last?.place).length, 1);
});

Deno.test("an insert that lets a stored row be names each unique key that it can break, or locks before", async () => {
  const found = findUnnamedKeys(await readStatements(), await readUniqueKeys());
  assert.deepEqual(found.toSorted(), Object.keys(ONE_AT_A_TIME).toSorted());
});

Deno.test("an insert that can break a key that it does not name is found", async () => {
  const keys = [
    { name: "a_pkey", table: "private.a", columns: ["id"], generated: ["id"] },
    { name: "a_user_key", table: "private.a", columns: ["user_id"], generated: [] },
    { name: "a_hash_key", table: "private.a", columns: ["hash"], generated: [] },
  ];
  const find = async (insert: string) => {
    const text = `create function private.f() returns void language plpgsql as $$
      begin ${insert}; end $$;`;
    return findUnnamedKeys(await parseMigration("a", text), keys);
  };
  const values = "insert into private.a (user_id, hash) values ('u', 'h')";
  assert.deepEqual(await find(`${values} on conflict (user_id) do nothing`), [
    "private.f a_hash_key",
  ]);
  assert.deepEqual(
    await find(`with b as (${values} on conflict (hash) do nothing returning *) select 1 from b`),
    ["private.f a_user_key"],
  );
  const all = "insert into private.a select * from private.b";
  assert.deepEqual(await find(`${all} on conflict (user_id) do nothing`), [
    "private.f a_pkey",
    "private.f a_hash_key",
  ]);
  assert.deepEqual(await find(`${values} on conflict do nothing`), []);
  assert.deepEqual(await find(values), []);
});
