/** The unique keys that an `insert ... on conflict` can break. */
import type { Sql } from "postgres";
import { findNodes, tableName, type Tree } from "../../local/database_tasks/syntax.ts";
import type { Statement } from "./migration_statements.ts";

export interface UniqueKey {
  name: string;
  table: string;
  columns: string[];
  /** Those that Postgres fills with a value that no other row has. */
  generated: string[];
}

/** The unique keys of our tables. */
export async function listUniqueKeys(sql: Sql): Promise<UniqueKey[]> {
  return await sql<UniqueKey[]>`
    select index_class.relname as name, namespace.nspname || '.' || table_class.relname as table,
      array(
        select attname::text from pg_attribute
        where attrelid = indrelid and attnum = any (indkey) order by attname
      ) as columns,
      array(
        select attname::text from pg_attribute
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = indrelid and attnum = any (indkey)
          and (attidentity <> '' or pg_get_expr(adbin, adrelid) = 'gen_random_uuid()')
      ) as generated
    from pg_index
    join pg_class as index_class on index_class.oid = indexrelid
    join pg_class as table_class on table_class.oid = indrelid
    join pg_namespace as namespace on namespace.oid = table_class.relnamespace
    where indisunique and nspname in ('public', 'private')`;
}

/** The columns that `on conflict` names; none if it names no key, and so means all. */
function namedColumns(conflict: Tree): string[] {
  return findNodes(conflict.infer, "IndexElem").map(({ name }) => String(name)).sort();
}

/** Whether two inserts at once can have the same key: no column of it has a value of its own. */
function canMeet({ columns, generated }: UniqueKey, given: string[]): boolean {
  const isGiven = (column: string) => given.length === 0 || given.includes(column);
  return !columns.some((column) => generated.includes(column) && !isGiven(column));
}

/**
 * Inserts that let one unique key pass and can break another: Postgres checks whether the row exists before it
 * inserts, and of two that both found none the second one fails by the key that is not named.
 * @returns e.g. `private.store_customer customers_hash_key`
 */
export function findUnnamedKeys(statements: Statement[], keys: UniqueKey[]): string[] {
  return statements.flatMap(({ place, kind, tree }) => {
    const nested = findNodes(tree, "InsertStmt");
    return (kind === "InsertStmt" ? [tree, ...nested] : nested).flatMap((insert) => {
      const named = insert.onConflictClause ? namedColumns(insert.onConflictClause as Tree) : [];
      if (named.length === 0) return [];
      const given = findNodes(insert.cols, "ResTarget").map(({ name }) => String(name));
      return keys.filter((key) =>
        key.table === tableName(insert.relation) && String(key.columns) !== String(named) &&
        canMeet(key, given)
      ).map(({ name }) => `${place.split(": ")[1] ?? place} ${name}`);
    });
  });
}
