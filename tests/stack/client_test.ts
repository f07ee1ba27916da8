/** The typed client names exactly what the database lets a seller read and call. */
import assert from "node:assert/strict";
import postgres from "postgres";
import type { CreatorFlow, LiveEvents, Row } from "../../client/src/index.ts";
import { readOperations } from "../../local/openapi/read_operations.ts";
import { createTestDatabase } from "../support/stack.ts";

const TYPES = new URL("../../client/src/database.ts", import.meta.url);
const FUNCTIONS = new URL("../../client/src/functions.ts", import.meta.url);

/** The names of a union of texts in the source, e.g. of `type SellerTables`. */
function namesOf(source: string, type: string): string[] {
  const [, union = ""] = new RegExp(`^type ${type} =([^;]*);`, "m").exec(source) ?? [];
  return textsOf(union);
}

const textsOf = (source: string) =>
  [...source.matchAll(/"([\w-]+)"/g)].map(([, name = ""]) => name);

/** The lists of columns by table in the source, e.g. of `interface HiddenColumns`. */
function columnsOf(source: string, list: string): Record<string, string[]> {
  const [, body = ""] = new RegExp(`^interface ${list} \\{([^}]*)\\}`, "m").exec(source) ?? [];
  return Object.fromEntries(
    [...body.matchAll(/(\w+):([^;]*);/g)].map(([, table, names = ""]) => [table, textsOf(names)]),
  );
}

Deno.test("the client's tables, columns and functions are those that the database lets a seller use", async () => {
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
    const names = tables.map(({ name }) => name);
    const columnsWith = async (privilege: string, allowed: boolean) => {
      const rows = await sql`
        select attrelid::regclass::text as table, array_agg(attname::text order by attname) as names
        from pg_attribute
        where attrelid::regclass::text = any (${names}) and attnum > 0 and not attisdropped
          and has_column_privilege('authenticated', attrelid, attnum, ${privilege}) = ${allowed}
        group by 1`;
      return Object.fromEntries(rows.map(({ table, names }) => [table, names]));
    };
    const source = await Deno.readTextFile(TYPES);
    assert.deepEqual(namesOf(source, "SellerTables"), names);
    assert.deepEqual(namesOf(source, "SellerFunctions"), functions.map(({ name }) => name));
    assert.deepEqual(columnsOf(source, "HiddenColumns"), await columnsWith("select", false));
    assert.deepEqual(columnsOf(source, "InsertColumns"), await columnsWith("insert", true));
    assert.deepEqual(columnsOf(source, "UpdateColumns"), await columnsWith("update", true));
  } finally {
    await sql.end();
  }
});

Deno.test("the client's paths are those of the functions that sellers call", async () => {
  const functions = await readOperations();
  const called = functions.filter(({ operations }) => operations.some((o) => o.caller === "user"));
  const names = namesOf(await Deno.readTextFile(FUNCTIONS), "SellerEndpoints");
  assert.deepEqual(names, called.map(({ name }) => name));
});

/** What the backend refuses to sellers does not compile: `task check` tests it, nothing calls it. */
export async function useAsSeller({ api, supabase }: CreatorFlow, shop: Row<"tiktok_shops">) {
  // @ts-expect-error -- only TikTok calls it
  await api.POST("/tiktok-webhooks", { body: "" });
  // @ts-expect-error -- only the backend calls it
  await api.POST("/event-worker/sync", { body: {} });
  // @ts-expect-error -- no seller reads tokens
  void shop.access_token;
  // @ts-expect-error -- orders come from TikTok only
  await supabase.from("orders").insert({ tiktok_order_id: "1" });
  // @ts-expect-error -- plans come from Stripe only
  await supabase.from("users").update({ subscription_tier: "scale" }).eq("id", "1");
  await supabase.from("users").update({ display_name: "Ada" }).eq("id", "1");
  await supabase.from("analytics_events").insert({ event_type: "page_seen", user_id: "1" });
  supabase.channel("user:1", { config: { private: true } })
    .on<LiveEvents["order_changed"]>("broadcast", { event: "order_changed" }, ({ payload }) => {
      // @ts-expect-error -- no message has amounts
      void payload.total_amount;
      void payload.order_id;
    });
}
