import assert from "node:assert/strict";
import { loadModule } from "libpg-query";
import { assessFile } from "./pending_migrations.ts";

await loadModule();

const effectOf = (sql: string) => {
  const [statement] = assessFile(sql, new Set());
  return [statement?.effect, statement?.safe_form === null];
};

Deno.test("a statement on a table that an earlier pending one makes locks nothing", () => {
  const sql =
    "create table public.a (id integer); create index on public.a (id); create index on b (id);";
  assert.deepEqual(assessFile(sql, new Set()).map(({ lock, tables }) => [lock, tables]), [
    ["none", []],
    ["none", []],
    ["ShareLock", ["public.b"]],
  ]);
});

Deno.test("the safe form of a statement has no safer form itself", () => {
  const pairs: [string, string][] = [
    ["create index on a (b)", "create index concurrently on a (b)"],
    ["drop index a", "drop index concurrently a"],
    ["alter table a add check (b > 1)", "alter table a add check (b > 1) not valid"],
    [
      "alter table a add foreign key (b) references c",
      "alter table a add foreign key (b) references c not valid",
    ],
    ["alter table a add unique (b)", "alter table a add unique using index a_b"],
    [
      "alter table a add column b uuid default gen_random_uuid()",
      "alter table a add column b uuid",
    ],
    ["refresh materialized view a", "refresh materialized view concurrently a"],
  ];
  for (const [risky, safe] of pairs) {
    assert.equal(effectOf(risky)[1], false, risky);
    assert.equal(effectOf(safe)[1], true, safe);
  }
});

Deno.test("a statement without its comments is shown, and a long one is cut", () => {
  const [statement] = assessFile(`-- A.\n/* B. */\nselect '${"x".repeat(400)}'`, new Set());
  assert.match(statement?.sql ?? "", /^select 'x{200,} \.\.\.$/);
});
