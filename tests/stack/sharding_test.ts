/** The schema can be spread over servers by seller; docs/scaling.md lists what cannot, and why. */
import assert from "node:assert/strict";
import postgres, { type Sql } from "postgres";
import { listSellersTables, qualified, readList } from "../support/scaling_lists.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

let database: TestDatabase;
let sql: Sql;

Deno.test.beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql`select 1`;
});

Deno.test.afterAll(async () => {
  await sql.end();
  await database.drop();
});

Deno.test("every row of a seller carries user_id; the tables without it are listed with their reason", async () => {
  const rows = await sql`
    select c.oid::regclass::text as name from pg_class as c
    where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)`;
  const sellers = new Set(await listSellersTables(sql));
  const others = rows.map(({ name }) => qualified(name)).filter((name) => !sellers.has(name));
  assert.deepEqual(others.sort(), (await readList("Tables without a seller")).sort());
});

Deno.test("a foreign key joins rows of one seller, or ends at a table that is the same for all", async () => {
  const rows = await sql`
    select conrelid::regclass::text as source, confrelid::regclass::text as target
    from pg_constraint
    where contype = 'f'
      and connamespace in ('public'::regnamespace, 'private'::regnamespace)`;
  const sellers = new Set(await listSellersTables(sql));
  const crossing = rows.map(({ source, target }) => [qualified(source), qualified(target)])
    .filter(([source = "", target = ""]) => !sellers.has(source) || !sellers.has(target))
    .map((pair) => pair.join(" -> "));
  assert.deepEqual(crossing.sort(), [
    "public.subscriptions -> public.plans",
    "public.users -> auth.users",
    "public.users -> public.plans",
  ]);
});

Deno.test("a unique key stays within a seller; those across sellers are listed with their reason", async () => {
  const sellers = await listSellersTables(sql);
  // A key is within a seller if it has the seller, a row of the seller, or an id that we make.
  const rows = await sql`
    select index.relname as name
    from pg_index as i
    join pg_class as index on index.oid = i.indexrelid
    where i.indisunique and i.indrelid = any (${sellers}::regclass[])
      and not exists (
        select from pg_attribute as a
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and (
          a.attname = 'user_id' or a.attidentity <> ''
          or pg_get_expr(d.adbin, d.adrelid) = 'gen_random_uuid()'
          or exists (
            select from pg_constraint as c
            where c.contype = 'f' and c.conrelid = i.indrelid and c.conkey = array[a.attnum]
              and (c.confrelid = any (${sellers}::regclass[]) or c.confrelid = 'auth.users'::regclass)
          )
        )
      )`;
  assert.deepEqual(
    rows.map(({ name }) => name).sort(),
    (await readList("Unique across sellers")).sort(),
  );
});

Deno.test("a row without its seller is refused by every table of sellers, but for those listed with their reason", async () => {
  const rows = await sql`
    select attrelid::regclass::text as name from pg_attribute
    where attname = 'user_id' and not attnotnull and not attisdropped
      and attrelid = any (${await listSellersTables(sql)}::regclass[])`;
  assert.deepEqual(
    rows.map(({ name }) => name).sort(),
    (await readList("Rows that outlive their seller")).sort(),
  );
});

Deno.test("the keys in the way of orders, timeline and statistics by month are listed with what becomes of them", async () => {
  const rows = await sql`
    with monthly (name, month_of) as (
      values ('public.orders'::regclass, 'created_at'), ('public.order_events', 'created_at'),
        ('public.analytics_events', 'timestamp')
    )
    select index.relname as name
    from monthly join pg_index as i on i.indrelid = monthly.name
    join pg_class as index on index.oid = i.indexrelid
    where i.indisunique and not exists (
      select from pg_attribute as a
      where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and a.attname = month_of
    )
    union all
    select conname from monthly join pg_constraint on contype = 'f' and confrelid = monthly.name`;
  assert.deepEqual(
    rows.map(({ name }) => name).sort(),
    (await readList("In the way of tables by month")).sort(),
  );
});
