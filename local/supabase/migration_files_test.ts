import assert from "node:assert/strict";
import { isSameMigration } from "./migration_files.ts";

const APPLIED = [
  "-- Notes of sellers.\ncreate table public.notes (id integer)",
  "create function public.f() returns text language sql as $$ select ';'; -- one\n $$",
  "comment on table public.notes is 'Notes; with -- a dash, and it''s one'",
];
const FILE = `${APPLIED.join(";\n\n")};\n`;

Deno.test("a file is the migration that was applied, whatever its comments and lines between statements", () => {
  assert.ok(isSameMigration(FILE, APPLIED));
  const commented = FILE.replace("create table", "/* One; two. */\ncreate   table -- A table.\n");
  assert.ok(isSameMigration(`-- Another title.\n${commented}\n;`, APPLIED));
});

Deno.test("attack: an applied migration that was edited is not the same, texts and bodies included", () => {
  const edits: [string, string][] = [
    ["id integer", "id bigint"],
    ["id integer", "id integer, note text"],
    ["select ';'", "select '; '"],
    ["-- one", "-- two"],
    ["a dash", "a  dash"],
    ["comment on", "comment  on table a is 'b'; comment on"],
  ];
  for (const [from, to] of edits) assert.ok(!isSameMigration(FILE.replace(from, to), APPLIED), to);
  assert.ok(!isSameMigration(APPLIED.slice(1).join(";"), APPLIED));
});
