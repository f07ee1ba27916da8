/** The supporting documents: what the tables hold, who reaches them, how they are used. Markdown. */
import type { Access, CatalogObjects, Performance } from "./catalog.ts";
import type { DatabaseResult } from "./schemas.ts";

type Docs = NonNullable<DatabaseResult["output"]>["supporting_docs"];

export interface Sources {
  objects: CatalogObjects;
  access: Access;
  performance: Performance;
  /** Whether the answer is about the table; about an object of no table (`null`), if it is about the whole schema. */
  isNamed: (table: string | null) => boolean;
}

const countTables = (count: number) => count === 1 ? "1 table" : `${count} tables`;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function documentTable(table: string, { objects }: Sources): string {
  const comment = objects.objects.find(({ kind, name }) =>
    kind === "comment" && name === `table ${table}`
  );
  const text = /is '(.*)';$/s.exec(comment?.sql ?? "")?.[1]?.replaceAll("''", "'") ??
    "Without a comment.";
  const rows = (objects.columns[table] ?? []).map((column) =>
    `| ${column.name} | ${cell(column.type)} | ${column.not_null ? "yes" : "no"} | ${
      cell(column.comment ?? "")
    } |`
  );
  return [
    `### ${table}\n`,
    text + "\n",
    "| column | type | required | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function documentSchema(sources: Sources): string {
  const { objects } = sources;
  const tables = Object.keys(objects.columns).filter(sources.isNamed).sort();
  const counts = Map.groupBy(
    objects.objects.filter(({ table }) => sources.isNamed(table)),
    ({ kind }) => kind,
  );
  const list = [...counts].map(([kind, found]) => `- ${kind}: ${found.length}`).join("\n");
  return [
    `${countTables(tables.length)}.`,
    list,
    ...tables.map((table) => documentTable(table, sources)),
  ].join("\n\n");
}

function documentSecurity({ access, isNamed }: Sources): string {
  const tables = access.tables.filter(({ table }) => isNamed(table));
  const open = tables.filter(({ kind, row_security }) => kind === "table" && !row_security);
  const policies = access.policies.filter(({ table }) => isNamed(table));
  const definers = access.functions.filter(({ definer, trigger, roles }) =>
    definer && !trigger && roles.some((role) => ["public", "anon", "authenticated"].includes(role))
  );
  const roles = Map.groupBy(
    access.grants.filter(({ table }) => isNamed(table)),
    ({ role }) => role,
  );
  return [
    `Row level security: ${tables.length - open.length} of ${tables.length} tables and views` +
    (open.length ? `; not on ${open.map(({ table }) => table).join(", ")}.` : "."),
    `Policies: ${policies.length}. Roles that pass all of them: ${access.bypass.join(", ")}.`,
    ...[...roles].map(([role, grants]) =>
      `${role} has privileges on ${countTables(new Set(grants.map(({ table }) => table)).size)}.`
    ),
    definers.length
      ? `Functions that run with their owner's rights for apps: ${
        definers.map((found) => found.function).join(", ")
      }.`
      : "No function runs with its owner's rights for apps.",
  ].join("\n\n");
}

const share = (value: number | null) =>
  value === null ? "unknown (no reads yet)" : `${(value * 100).toFixed(2)} %`;

function documentPerformance({ performance, isNamed }: Sources): string {
  const tables = performance.tables.filter(({ table }) => isNamed(table))
    .toSorted((a, b) => b.bytes - a.bytes);
  const indexes = performance.indexes.filter(({ table }) => isNamed(table));
  return [
    `Counted since ${performance.since ?? "the start of the server"}.`,
    `Cache: ${share(performance.cache.table_hit_rate)} of table reads, ${
      share(performance.cache.index_hit_rate)
    } of index reads.`,
    `Indexes: ${indexes.length}, of which ${
      indexes.filter(({ scans }) => scans === 0).length
    } were not used.`,
    performance.statements === null
      ? "Statements: unknown, pg_stat_statements is not installed."
      : `Statements: the ${performance.statements.length} most expensive were read.`,
    "| table | rows | dead | bytes | sequential scans | index scans |",
    "| --- | --- | --- | --- | --- | --- |",
    ...tables.slice(0, 50).map((row) =>
      `| ${row.table} | ${row.rows} | ${row.dead_rows} | ${row.bytes} | ${row.sequential_scans} | ${row.index_scans} |`
    ),
  ].join("\n");
}

export function writeDocuments(sources: Sources): Docs {
  return [
    { name: "schema_documentation", text: documentSchema(sources) },
    { name: "security_notes", text: documentSecurity(sources) },
    { name: "performance_analysis", text: documentPerformance(sources) },
  ];
}
