/** The typed client names exactly what the database lets a seller read and call. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { createTestDatabase } from "../support/stack.ts";

const TYPES = new URL("../../client/src/database.ts", import.meta.url);

/** The names of a union of texts in the source, e.g. of `type SellerTables`. */
function namesOf(source: string, type: string): string[] {
  const [, union = ""] = new RegExp(`^type ${type} =([^;]*);`, "m").exec(source) ?? [];
  return [...union.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
}

Deno.test("the client's tables and functions are those that the database lets a seller use", async () => {
  await using database = await createTestDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const tables = await sql`
      select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and has_any_column_privilege('authenticated', oid, 'select')
      order by 1`;
    const functions = await sql`
      select proname as name from pg_proc
      where pronamespace = 'public'::regnamespace
        and has_function_privilege('authenticated', oid, 'execute')
      order by 1`;
    const source = await Deno.readTextFile(TYPES);
    assert.deepEqual(namesOf(source, "SellerTables"), tables.map(({ name }) => name));
    assert.deepEqual(namesOf(source, "SellerFunctions"), functions.map(({ name }) => name));
  } finally {
    await sql.end();
  }
});
