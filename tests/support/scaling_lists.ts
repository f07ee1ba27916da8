/** The lists of docs/scaling.md, and the tables that they are about. */
import assert from "node:assert/strict";
import type { Sql } from "postgres";
import { ROOT } from "./pages.ts";

/** First cells of the table below a heading; each row has its reason. */
export async function readList(heading: string): Promise<string[]> {
  const page = await Deno.readTextFile(new URL("docs/scaling.md", ROOT));
  const [, section = ""] = page.split(`# ${heading}\n`);
  const rows = section.replace(/\n##+ [^]*/, "").match(/^\| *`.*$/gm) ?? [];
  return rows.map((row) => {
    const [, name, reason] = row.match(/^\| *`([^`]+)` *\| *(.*\S) *\|$/) ?? [];
    assert.ok(name && reason, row);
    return name;
  });
}

/** Tables of ours whose rows carry their seller: `public.users` by its own key. */
export async function listSellersTables(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select c.oid::regclass::text as name
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid
      and a.attname = case when c.oid = 'public.users'::regclass then 'id' else 'user_id' end
    where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not a.attisdropped`;
  return rows.map(({ name }) => qualified(name));
}

export function qualified(name: string): string {
  return name.includes(".") ? name : `public.${name}`;
}
