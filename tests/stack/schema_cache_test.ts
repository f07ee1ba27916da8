/** The schema that REST keeps: how often it is read, and what is answered while it cannot be. */
import assert from "node:assert/strict";
import { withConnection } from "../../local/postgres/connection.ts";
import { accessTo } from "../../local/supabase/bootstrap.ts";
import { LiteConnection } from "../../local/supabase/lite_connection.ts";
import { createRestApp } from "../../local/supabase/rest_and_auth.ts";
import { createTestDatabase } from "../support/stack.ts";

const CACHED = { useCache: true };

const KEYS = { jwtSecret: "a secret of at least 32 characters", secretKey: "sb_secret_test" };
const HEADERS = { apikey: KEYS.secretKey, "content-type": "application/json" };

Deno.test("the schema is read once for all requests that wait, and again if it changed meanwhile", async () => {
  const database = await createTestDatabase();
  const connection = new LiteConnection(database.url, 4);
  try {
    const [first, ...others] = await Promise.all(
      Array.from({ length: 8 }, () => connection.introspect(CACHED)),
    );
    assert.equal(new Set(others).size, 1);
    assert.equal(others[0], first);
    assert.equal(await connection.introspect(CACHED), first);

    await connection.clearSchemaCache();
    const outdated = connection.introspect(CACHED);
    await withConnection(database.url, (sql) => sql`create table public.just_made (id int)`);
    await connection.clearSchemaCache();
    const read = await Promise.all([outdated, connection.introspect(CACHED)]);
    for (const { tables } of read) assert.ok(tables.some(({ name }) => name === "just_made"));
  } finally {
    await connection.close();
    await database.drop();
  }
});

Deno.test("a call whose plan is kept returns the new columns of its function after a reload", async () => {
  const database = await createTestDatabase();
  const app = createRestApp(accessTo(database.url).restUrl, KEYS);
  const define = (columns: string, row: string) =>
    withConnection(database.url, (sql) =>
      sql.unsafe(`
        drop function if exists public.read_row();
        create function public.read_row() returns table (${columns})
        language sql as 'select ${row}';
        grant execute on function public.read_row() to service_role`));
  const call = async () => {
    const init = { method: "POST", headers: HEADERS, body: "{}" };
    const response = await app.fetch(new Request("http://127.0.0.1/rest/v1/rpc/read_row", init));
    return await response.json();
  };
  try {
    await define("a integer", "1");
    for (let calls = 0; calls < 3; calls++) assert.deepEqual(await call(), [{ a: 1 }]);
    await define("a integer, b text", "2, ''x''");
    await app.reloadSchema();
    for (let calls = 0; calls < 3; calls++) assert.deepEqual(await call(), [{ a: 2, b: "x" }]);

    await define("a integer", "3");
    assert.match((await call()).message, /cached plan must not change result type/);
    assert.deepEqual(await call(), [{ a: 3 }]);
  } finally {
    await app.close();
    await database.drop();
  }
});

Deno.test("without Postgres REST answers 503, not that a table or function does not exist", async () => {
  const app = createRestApp("postgres://unknown@127.0.0.1:1/none", KEYS);
  try {
    for (
      const [path, init] of [
        ["orders", { headers: HEADERS }],
        ["rpc/get_usage", { headers: HEADERS, method: "POST", body: "{}" }],
      ] as const
    ) {
      const response = await app.fetch(new Request(`http://127.0.0.1/rest/v1/${path}`, init));
      assert.equal(response.status, 503, path);
      assert.equal((await response.json()).code, "PGRST002");
    }
  } finally {
    await app.close();
  }
});
