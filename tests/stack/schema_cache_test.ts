/** The schema that REST keeps: how often it is read, and what is answered while it cannot be. */
import assert from "node:assert/strict";
import { withConnection } from "../../local/postgres/connection.ts";
import { LiteConnection } from "../../local/supabase/lite_connection.ts";
import { createRestApp } from "../../local/supabase/rest_and_auth.ts";
import { createTestDatabase } from "../support/stack.ts";

const CACHED = { useCache: true };

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

Deno.test("without Postgres REST answers 503, not that a table or function does not exist", async () => {
  const app = createRestApp("postgres://unknown@127.0.0.1:1/none", {
    jwtSecret: "a secret of at least 32 characters",
    secretKey: "sb_secret_test",
  });
  try {
    const headers = { apikey: "sb_secret_test", "content-type": "application/json" };
    for (
      const [path, init] of [
        ["orders", { headers }],
        ["rpc/get_usage", { headers, method: "POST", body: "{}" }],
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
