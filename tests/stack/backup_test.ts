/** Backups hold one moment completely, and sellers continue in a restored database. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { backup } from "../../local/backup/backup.ts";
import { copyOut } from "../../local/backup/copy.ts";
import { restore } from "../../local/backup/restore.ts";
import { inTransaction } from "../../local/backup/session.ts";
import { signInSeller } from "../../local/stack/seller.ts";
import {
  asOwner,
  contentOf,
  order,
  query,
  RING,
  type Scene,
  setScene,
  storeOddEvents,
} from "../support/backup.ts";
import { callCommand } from "../support/run_command.ts";
import {
  type ConnectedSeller,
  connectSeller,
  postWebhook,
  settledEvents,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { createTestDatabase, startTestStack, type TestStack } from "../support/stack.ts";

/** Two sellers with orders, an order that has changed, odd events and a changed plan. */
async function fillDatabase(stack: TestStack): Promise<{ ada: ConnectedSeller }> {
  const [ada, bob] = [await connectSeller(stack), await connectSeller(stack)];
  await order(stack, ada.shopId, 3);
  await order(stack, bob.shopId, 1);
  const [changed] = stack.tiktok.state.all("orders");
  const shipped = stack.tiktok.changeOrder(changed?.id as string, "IN_TRANSIT");
  await stack.tiktok.send(stack.tiktok.notificationOf(shipped));
  await settledEvents(stack);
  await storeOddEvents(stack);
  await stack.sql`update public.plans set monthly_order_limit = 77 where name = 'growth'`;
  return { ada };
}

test("a restored database is equal to the one that was backed up", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file } = scene;
  await fillDatabase(stack);

  const written = await backup({ databaseUrl: asOwner(stack.database), file, ring: RING });
  const restored = await restore({ databaseUrl: asOwner(target), file, ring: RING });

  const content = await contentOf(stack.database);
  assert.deepEqual(await contentOf(target), content);
  assert.deepEqual(restored, written);
  for (const table of ["public.orders", "public.plans", "auth.users", "auth.identities"]) {
    const rows = written.find(({ schema, name }) => `${schema}.${name}` === table)?.rows;
    assert.equal(String(rows), content[table]?.split(" ")[0], table);
  }
  if (Deno.build.os !== "windows") assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

/** A stack over a restored database, with the same TikTok and the same encryption keys. */
async function startOverRestored({ stack, target }: Scene): Promise<TestStack> {
  const names = [
    "TIKTOK_API_URL",
    "TIKTOK_AUTH_URL",
    "TIKTOK_APP_KEY",
    "TIKTOK_APP_SECRET",
    "ENCRYPTION_KEYS",
  ] as const;
  const same = Object.fromEntries(names.map((name) => [name, stack.env[name]]));
  const environment = { SUPABASE_DB_URL: target.url, ...same };
  return await startTestStack({ environment }, { ...target, drop: () => Promise.resolve() });
}

/** Delivers the webhook of a new order to another stack than the simulator's own. */
async function deliverNewOrder(stack: TestStack, to: TestStack, shopId: string): Promise<string> {
  const { id, data } = stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId }));
  const timestamp = Math.floor(Date.now() / 1000);
  const body = { type: 1, tts_notification_id: id, shop_id: shopId, timestamp, data };
  const response = await postWebhook(to, JSON.stringify(body));
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await settledEvents(to);
  return id;
}

test("sellers continue in a restored database: sign-in, orders, tokens and triggers", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file } = scene;
  const { ada } = await fillDatabase(stack);
  await backup({ databaseUrl: asOwner(stack.database), file, ring: RING });
  await restore({ databaseUrl: asOwner(target), file, ring: RING });
  const content = await contentOf(target);

  await using second = await startOverRestored(scene);
  const again = await signInSeller(second.env, ada.email, "a-password");
  assert.equal(again.id, ada.id);
  const columns = "tiktok_order_id, order_status, created_at, updated_at";
  const before = await ada.client.from("orders").select(columns).order("tiktok_order_id");
  const after = await again.client.from("orders").select(columns).order("tiktok_order_id");
  assert.equal(after.data?.length, 3);
  assert.deepEqual(after.data, before.data);

  // TikTok accepts the restored, encrypted token, and the inbox continues its numbers.
  const notificationId = await deliverNewOrder(stack, second, ada.shopId);
  const { count } = await again.client.from("orders").select("*", { count: "exact", head: true });
  assert.equal(count, 4);
  const [newest] = await second.sql`
    select id::text from private.webhook_events where external_id = ${notificationId}`;
  assert.equal(newest?.id, content["private.webhook_events_id_seq"]);
  await signInSeller(second.env, "new@example.com", "a-password");
  const [profile] = await second.sql`select from public.users where email = 'new@example.com'`;
  assert.ok(profile, "the triggers work again");
});

const LATER_TABLES = `
  create table private.z_parents (name text primary key, above text references private.z_parents);
  create table private.a_children (
    id serial primary key, parent text references private.z_parents,
    double integer generated always as (id * 2) stored);
  create table private."No Key" (value jsonb, "at" timestamptz);
  create table public.parts (day date, n integer, primary key (day, n)) partition by range (day);
  create table public.parts_old partition of public.parts for values from ('2020-01-01') to ('2021-01-01');
  create table public.parts_new partition of public.parts for values from ('2021-01-01') to ('2022-01-01');
  create materialized view private.sums as select count(*) as children from private.a_children;`;

const LATER_ROWS = `
  insert into private.z_parents values ('b', null), ('a', 'b'), ('B', 'a'), ('ä', null);
  insert into private.a_children (parent) values ('a'), ('a'), (null);
  insert into private."No Key" values ('{"b": 1}', now()), ('{"b": 1}', '-infinity'), (null, null);
  insert into public.parts values ('2020-05-05', 1), ('2021-05-05', 2), ('2020-05-05', 3);
  select setval('private.a_children_id_seq', 41);`;

Deno.test("tables of later migrations are backed up too, in the order of their keys", async () => {
  const [source, target] = [await createTestDatabase(), await createTestDatabase()];
  for (const database of [source, target]) {
    await query(asOwner(database).href, (sql) => sql.unsafe(LATER_TABLES));
  }
  await query(source.url, (sql) => sql.unsafe(LATER_ROWS));
  const folder = await Deno.makeTempDir();
  const file = join(folder, "a.backup");

  const written = await backup({ databaseUrl: asOwner(source), file, ring: RING });
  await restore({ databaseUrl: asOwner(target), file, ring: RING });

  assert.deepEqual(await contentOf(target), await contentOf(source));
  const rows = written.filter(({ name }) => /z_parents|a_children|No Key|parts/.test(name))
    .map(({ name, rows }) => `${name} ${rows}`);
  assert.deepEqual(rows.toSorted(), ["No Key 3", "a_children 3", "parts 3", "z_parents 4"]);
  const [sums] = await query(target.url, (sql) => sql`select children::int from private.sums`);
  assert.equal(sums?.children, 3);

  await query(source.url, (sql) =>
    sql.unsafe(`
    alter table private.z_parents add child integer references private.a_children`));
  await assert.rejects(
    backup({ databaseUrl: asOwner(source), file, ring: RING }),
    /private\.a_children, private\.z_parents form a circle/,
  );
  await Deno.remove(folder, { recursive: true });
  await source.drop();
  await target.drop();
});

test("rows that are committed while the backup runs are left out completely", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file } = scene;
  const seller = await connectSeller(stack);
  await order(stack, seller.shopId, 2);
  const moment = await contentOf(stack.database);

  const tables: string[] = [];
  await backup({
    databaseUrl: asOwner(stack.database),
    ...{ file, ring: RING },
    onTable: async ({ schema, name }) => {
      tables.push(`${schema}.${name}`);
      if (tables.length > 1) return;
      await order(stack, seller.shopId, 1);
      const late = await connectSeller(stack);
      await order(stack, late.shopId, 1);
    },
  });
  await restore({ databaseUrl: asOwner(target), file, ring: RING });

  assert.ok(tables.indexOf("public.orders") > 0, "orders come after the first table");
  assert.equal((await stack.sql`select from public.orders`).length, 4);
  const restored = await contentOf(target);
  // Sequences do not belong to a transaction; they only have to be above every restored row.
  delete restored["private.webhook_events_id_seq"];
  delete moment["private.webhook_events_id_seq"];
  assert.deepEqual(restored, moment);
});

test("a backup that fails leaves the older file unchanged, and no other file", async (stack) => {
  await using scene = await setScene(stack);
  const { file, folder } = scene;
  await storeOddEvents(stack);
  await Deno.writeTextFile(file, "older");
  const stopping = new AbortController();
  const written: string[] = [];
  await assert.rejects(
    backup({
      databaseUrl: asOwner(stack.database),
      ...{ file, ring: RING },
      onTable: ({ name }) => {
        written.push(name);
        stopping.abort(new Error("stopped"));
      },
      signal: stopping.signal,
    }),
    /stopped/,
  );
  assert.equal(written.length, 1);
  assert.equal(await Deno.readTextFile(file), "older");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  assert.deepEqual(names, ["a.backup"]);
});

Deno.test("a connection works after a COPY of any size, read to its end or not", async () => {
  const database = await createTestDatabase();
  const rowsOf = (count: number) =>
    `copy (select repeat('x', 999) from generate_series(1, ${count})) to stdout`;
  await inTransaction(asOwner(database), "", async (sql) => {
    // Around the 64 KiB that a stream holds.
    for (let count = 50; count <= 200; count += 3) {
      let bytes = 0;
      for await (const rows of copyOut(sql, rowsOf(count))) bytes += rows.length;
      assert.equal(bytes, count * 1000);
      assert.equal((await sql`select 1 as one`)[0]?.one, 1);
    }
    for await (const _ of copyOut(sql, rowsOf(2000))) break;
    assert.equal((await sql`select 1 as one`)[0]?.one, 1);
  });
  await database.drop();
});

test("db:backup and db:restore print their tables, and no password", async (stack) => {
  await using scene = await setScene(stack);
  const { target, file } = scene;
  await connectSeller(stack);
  const written = await callCommand("db_backup", [file, "--data", stack.data]);
  assert.equal(written.code, 0, written.text);
  assert.match(written.text, /auth\.users +1 rows[^]*Wrote .* tables, \d+ rows/);
  const restored = await callCommand("db_restore", [
    ...[file, "--db-url", asOwner(target).href, "--data", stack.data],
  ]);
  assert.equal(restored.code, 0, restored.text);
  assert.match(restored.text, /auth\.users +1 rows[^]*Restored, and compared/);
  const { password } = new URL(target.url);
  assert.ok(!`${written.text}${restored.text}`.includes(password));
  assert.deepEqual(await contentOf(target), await contentOf(stack.database));
});

test("db:backup refuses keys of another database: their backup could not be restored with its own", async (stack) => {
  await connectSeller(stack);
  const before = await contentOf(stack.database);
  const folder = await Deno.makeTempDir();
  const path = join(stack.data, "env");
  const variables = await Deno.readTextFile(path);
  const other = `other:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
  await Deno.writeTextFile(path, variables.replace(stack.env.ENCRYPTION_KEYS, other));
  const { code, text } = await callCommand("db_backup", [
    ...[join(folder, "x.backup"), "--data", stack.data],
  ]).finally(() => Deno.writeTextFile(path, variables));
  assert.equal(code, 1);
  assert.match(text, /ENCRYPTION_KEYS has none of the keys .* of this database \(\w+\)/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  assert.deepEqual(await contentOf(stack.database), before);
  await Deno.remove(folder);
});

test("a missing folder of db:backup and a missing file of db:restore are named first, and nothing is logged or changed", async (stack) => {
  const folder = join(await Deno.makeTempDir(), "missing");
  const before = await contentOf(stack.database);
  const file = join(folder, "x.backup");
  const written = await callCommand("db_backup", [file, "--data", stack.data]);
  assert.deepEqual(
    [written.code, written.text],
    [1, `The folder ${folder} does not exist. Nothing was written.\n`],
  );
  const restored = await callCommand("db_restore", [file, "--data", stack.data]);
  assert.deepEqual(
    [restored.code, restored.text],
    [1, `The file ${file} does not exist. Nothing was changed.\n`],
  );
  assert.deepEqual(await contentOf(stack.database), before);
  await Deno.remove(dirname(folder), { recursive: true });
});

Deno.test("db:restore needs consent for another machine; a wrong address is refused without it", async () => {
  const url = "postgres://me:secret@db.invalid/x";
  const elsewhere = await callCommand("db_restore", ["a.backup", "--db-url", url]);
  assert.equal(elsewhere.code, 1);
  assert.match(
    elsewhere.text,
    /x at db\.invalid is not on this machine.*--yes --not-local db\.invalid/,
  );
  const wrong = await callCommand("db_backup", [
    "a.backup",
    "--db-url",
    "postgres://me:secret@:x/",
  ]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /an address like postgresql:/);
  assert.ok(!`${elsewhere.text}${wrong.text}`.includes("secret"));
});
