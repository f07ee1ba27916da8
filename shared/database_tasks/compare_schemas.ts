/** The statements that turn one schema into another. */
import type { CatalogObjects } from "./catalog.ts";
import type { SchemaDefinition, SchemaObject, SchemaSQL } from "./schemas.ts";

type Change = NonNullable<SchemaSQL["migration"]>["changes"][number];
type Columns = SchemaDefinition["columns"][string];

const keyOf = ({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`;

const alter = (table: string, action: Change["action"], name: string, sql: string): Change => ({
  action,
  kind: "column",
  name: `${table}.${name}`,
  sql: `alter table ${table} ${sql};`,
});

/** A column whose type or nullability changed keeps its rows; one that is otherwise different is made again. */
function changeColumn(table: string, from: Columns[number], to: Columns[number]): Change[] {
  if (from.definition === to.definition) return [];
  const changes: Change[] = [];
  if (from.type !== to.type) {
    const sql = `alter column ${to.name} type ${to.type} using ${to.name}::${to.type}`;
    changes.push(alter(table, "replace", to.name, sql));
  }
  if (from.not_null !== to.not_null) {
    const sql = `alter column ${to.name} ${to.not_null ? "set" : "drop"} not null`;
    changes.push(alter(table, "replace", to.name, sql));
  }
  const rest = ({ definition, type, name }: Columns[number]) =>
    definition.replace(`${name} ${type}`, "").replace(/ not null$/, "").trim();
  if (rest(from) === rest(to)) return changes;
  const value = rest(to);
  if (value === "" && rest(from).startsWith("default ")) {
    return [...changes, alter(table, "replace", to.name, `alter column ${to.name} drop default`)];
  }
  if (value.startsWith("default ")) {
    return [...changes, alter(table, "replace", to.name, `alter column ${to.name} set ${value}`)];
  }
  return [
    alter(table, "drop", to.name, `drop column ${to.name}`),
    alter(table, "create", to.name, `add column ${to.definition}`),
  ];
}

function changeColumns(table: string, from: Columns, to: Columns): Change[] {
  const before = new Map(from.map((column) => [column.name, column]));
  const names = new Set(to.map(({ name }) => name));
  return [
    ...to.flatMap((column) => {
      const old = before.get(column.name);
      if (old !== undefined) return changeColumn(table, old, column);
      return [alter(table, "create", column.name, `add column ${column.definition}`)];
    }),
    ...from.filter(({ name }) => !names.has(name))
      .map(({ name }) => alter(table, "drop", name, `drop column ${name}`)),
  ];
}

/** A statement that sets a state, such as a default or a comment, needs no removal before. */
const SETTINGS = [
  "table",
  "default",
  "comment",
  "row_security",
  "sequence_owner",
  "replica_identity",
];

/** Functions are replaced where they stand: triggers and policies keep using them. */
const canReplace = ({ kind, sql }: SchemaObject) =>
  SETTINGS.includes(kind) || /^create or replace /i.test(sql);

const drop = ({ kind, name, undo }: SchemaObject): Change[] =>
  undo === null ? [] : [{ action: "drop", kind, name, sql: undo }];

/**
 * @param live In dependency order.
 * @returns The removals first, the last made first; then the changes and additions in dependency order.
 */
export function compareSchemas(
  existing: SchemaDefinition,
  live: SchemaDefinition,
): NonNullable<SchemaSQL["migration"]> {
  const before = new Map(existing.objects.map((object) => [keyOf(object), object]));
  const after = new Map(live.objects.map((object) => [keyOf(object), object]));
  const removed = existing.objects.flatMap((object) => {
    const next = after.get(keyOf(object));
    const stays = next !== undefined && (next.sql === object.sql || canReplace(next));
    return stays ? [] : drop(object);
  });
  const added = live.objects.flatMap((object): Change[] => {
    const { kind, name, sql } = object;
    const old = before.get(keyOf(object));
    if (old === undefined) return [{ action: "create", kind, name, sql }];
    if (kind === "table") {
      return changeColumns(name, existing.columns[name] ?? [], live.columns[name] ?? []);
    }
    if (old.sql === sql) return [];
    return [{ action: canReplace(object) ? "replace" : "create", kind, name, sql }];
  });
  const changes = [...removed.reverse(), ...added];
  return { sql: changes.map((change) => change.sql).join("\n"), changes };
}

/** The objects without what only the order needs. */
export function toDefinition(
  objects: readonly CatalogObjects["objects"][number][],
  columns: SchemaDefinition["columns"],
): SchemaDefinition {
  return {
    objects: objects.map(({ kind, name, table, sql, undo }) => ({ kind, name, table, sql, undo })),
    columns,
  };
}
