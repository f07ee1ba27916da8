/** The rows of changes as JSON, and who may see them. */
// @ts-types="../postgres/pg.d.ts"
import { escapeLiteral, type Pool } from "pg";
import { becomeCaller } from "./authorization.ts";
import { type Filter, toCondition } from "./filters.ts";
import type { Identity } from "./identity.ts";
import { type Column, quoteName, type Table, tableKey } from "./tables.ts";
import type { Change, Row } from "./transactions.ts";

const JSON_TYPES = ["json", "jsonb"];

/** A row for json_populate_record(); columns that did not change and were not sent are missing. */
function toJson(row: Row, columns: Column[]): string {
  const parts = columns.flatMap(({ name, typeName }) => {
    const text = row[name];
    if (text === undefined) return [];
    const value = text !== null && JSON_TYPES.includes(typeName) ? text : JSON.stringify(text);
    return [`${JSON.stringify(name)}:${value}`];
  });
  return `{${parts.join(",")}}`;
}

/** The condition that `t` is the row with the key of `e.v`. */
function hasSameKey(columns: Column[]): string {
  return columns.filter(({ isKey }) => isKey)
    .map(({ name, type }) => `t.${quoteName(name)} = cast(e.v ->> '${quote(name)}' as ${type})`)
    .join(" and ");
}

function quote(text: string): string {
  return text.replaceAll("'", "''");
}

export interface ReadRow {
  /** The JSON text of each column's value. */
  values: Record<string, string>;
  /** Whether the row passes each of the filters. */
  passes: boolean[];
}

/**
 * Reads the changes' rows as the database writes them as JSON. What was not sent, because its stored value
 * did not change, is taken from the table.
 * @param pool Connections that may read everything.
 */
export async function readRows(
  pool: Pool,
  table: Table,
  changes: Change[],
  filters: Filter[],
): Promise<ReadRow[]> {
  const { columns } = table;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const conditions = filters.map((filter, index) =>
    toCondition(
      filter,
      `r.${quoteName(filter.column)}`,
      types.get(filter.column) ?? "text",
      `$${index + 2}::text`,
    )
  );
  const values = columns.map(({ name }) => `to_jsonb(r.${quoteName(name)})::text`);
  const { rows } = await pool.query<{ values: (string | null)[]; passes: boolean[] }>(
    `select array[${values.join(", ")}] as values,
      array[${conditions.join(", ")}]::boolean[] as passes
    from json_array_elements($1::json) with ordinality as e(v, n)
      left join ${tableKey(table)} as t on ${hasSameKey(columns)}
      cross join lateral json_populate_record(t, e.v) as r
    order by e.n`,
    [
      `[${changes.map(({ row }) => toJson(row, columns)).join(",")}]`,
      ...filters.map(({ value }) => value),
    ],
  );
  return rows.map(({ values, passes }) => ({
    values: Object.fromEntries(
      columns.map(({ name }, index) => [name, values[index] ?? "null"]),
    ),
    passes,
  }));
}

/**
 * The changes whose rows the caller may see now.
 * @param pool Connections of the role `authenticator`.
 */
export async function findVisible(
  pool: Pool,
  identity: Identity,
  table: Table,
  changes: Change[],
): Promise<Set<Change>> {
  const keys = table.columns.filter(({ isKey }) => isKey);
  const list = `[${changes.map(({ row }) => toJson(row, keys)).join(",")}]`;
  // Two statements in one message are one transaction, and one round trip.
  const results = await pool.query<{ position: number }>(
    `${becomeCaller(identity)};
    select (e.n - 1)::int as position
    from json_array_elements(${escapeLiteral(list)}::json) with ordinality as e(v, n)
    where exists (select from ${tableKey(table)} as t where ${hasSameKey(keys)})`,
  ) as unknown as { rows: { position: number }[] }[];
  const positions = new Set(results[1]?.rows.map(({ position }) => position));
  return new Set(changes.filter((_, index) => positions.has(index)));
}
