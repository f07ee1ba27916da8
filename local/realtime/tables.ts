/** Published tables, as the catalog describes them. */
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";

export const PUBLICATION = "supabase_realtime";

export interface Column {
  name: string;
  /** As SQL writes it. */
  type: string;
  /** As Realtime writes it, such as `int8`. */
  typeName: string;
  isKey: boolean;
  /** Roles that may select it. */
  readers: string[];
}

export interface TableName {
  schema: string;
  name: string;
}

export interface Table extends TableName {
  hasRowSecurity: boolean;
  columns: Column[];
}

/** Quotes an identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name in SQL; the same for equal names only. */
export function tableKey({ schema, name }: TableName): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** The published tables that a subscription names; `*` names all. */
export async function findPublished(
  pool: Pool,
  schema: string,
  table: string,
): Promise<TableName[]> {
  const { rows } = await pool.query<TableName>(
    `select schemaname as schema, tablename as name from pg_publication_tables
    where pubname = $1 and $2::text in ('*', schemaname) and $3::text in ('*', tablename)`,
    [PUBLICATION, schema, table],
  );
  return rows;
}

/** @param roles Those whose rights matter. @returns undefined if the table does not exist. */
export async function readTable(
  pool: Pool,
  { schema, name }: TableName,
  roles: string[],
): Promise<Table | undefined> {
  const { rows } = await pool.query<Column & { rls: boolean }>(
    `select a.attname as name, format_type(a.atttypid, null) as type, t.typname as "typeName",
      coalesce(a.attnum = any(k.conkey), false) as "isKey", c.relrowsecurity as rls,
      array(select role from unnest($3::text[]) as role
        where has_column_privilege(role, c.oid, a.attnum, 'select')) as readers
    from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type as t on t.oid = a.atttypid
      left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p'
    where n.nspname = $1 and c.relname = $2
    order by a.attnum`,
    [schema, name, roles],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  return { schema, name, hasRowSecurity: first.rls, columns: rows };
}
