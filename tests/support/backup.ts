/** Helpers of the tests of backups: databases to compare, and scenes to back up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { type KeyRing, parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { settledEvents } from "./shop.ts";
import { createTestDatabase, type TestDatabase, type TestStack } from "./stack.ts";

/** A key ring of one key. */
export function makeRing(id = "k1"): KeyRing {
  return parseKeyRing(`${id}:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`);
}

/** Signs the backups of tests. */
export const RING = makeRing();

/** Migrations and backups run as `postgres`, which is not a superuser. */
export function asOwner(database: { url: string }): URL {
  const url = new URL(database.url);
  url.searchParams.set("role", "postgres");
  return url;
}

/** An operator is `postgres`, which is not a superuser; the database of the tests has no other login. */
export async function becomeOwner(data: string): Promise<void> {
  const path = join(data, "env");
  const text = await Deno.readTextFile(path);
  const changed = text.replace(
    /^(SUPABASE_DB_URL=)(.*)$/m,
    (_, name, url) => name + asOwner({ url }),
  );
  await Deno.writeTextFile(path, changed);
}

export async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** Rows and checksums by table, states of triggers, next values of sequences: read without our code. */
export async function contentOf({ url }: { url: string }): Promise<Record<string, string>> {
  return await query(url, async (sql) => {
    const content: Record<string, string> = {};
    const tables = await sql`
      select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_type = 'BASE TABLE' and (
        table_schema in ('public', 'private')
        or (table_schema = 'auth' and table_name in ('users', 'identities')))`;
    for (const { name } of tables) {
      const [row] = await sql.unsafe(`
        select count(*)::text || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum
        from ${name} as t`);
      content[name] = row?.sum;
    }
    const triggers = await sql`
      select tgrelid::regclass::text || '.' || tgname as name, tgenabled::text as state
      from pg_trigger where not tgisinternal`;
    for (const { name, state } of triggers) content[name] = state;
    const sequences = await sql`
      select c.oid::regclass::text as name from pg_class as c
      where relkind = 'S' and relnamespace::regnamespace::text in ('public', 'private')`;
    for (const { name } of sequences) {
      const [row] = await sql.unsafe(
        `select (last_value + case when is_called then 1 else 0 end)::text as next from ${name}`,
      );
      content[name] = row?.next;
    }
    return content;
  });
}

export interface Scene extends AsyncDisposable {
  stack: TestStack;
  /** Migrated and empty. */
  target: TestDatabase;
  file: string;
  folder: string;
}

/** A database to restore into, and a place for the file of the stack's backup. */
export async function setScene(stack: TestStack): Promise<Scene> {
  const target = await createTestDatabase();
  const folder = await Deno.makeTempDir();
  return {
    stack,
    target,
    folder,
    file: join(folder, "a.backup"),
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      await target.drop();
    },
  };
}

/** Lets buyers order, and waits until the orders are stored. */
export async function order(stack: TestStack, shopId: string, orders: number): Promise<void> {
  for (let i = 0; i < orders; i++) {
    const added = stack.tiktok.addOrder({ shopId });
    assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(added)), 200);
  }
  await settledEvents(stack);
}

/** Values that COPY has to escape, and more rows than its streams hold at once. */
export async function storeOddEvents(stack: TestStack): Promise<void> {
  const bodies = ["\\.", "a\n\\.\nb", "\\N", "", "tab\tand\r\nnewline", "Łódź 🧵 \u0001", "\\\\."];
  for (const [i, body] of bodies.entries()) {
    await stack.sql`
      insert into private.webhook_events (source, external_id, event_type, body, status)
      values ('tiktok', ${`odd-${i}`}, 'ODD', ${body}, 'done')`;
  }
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body, status)
    select 'tiktok', 'many-' || n, 'MANY', repeat(md5(n::text), 20 + n % 50), 'done'
    from generate_series(1, 1000) as n`;
}
