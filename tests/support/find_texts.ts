/** Where texts are in a database: every column of every table that is not Postgres' own. */
import type postgres from "postgres";

/** `schema.table: text` for each table with a row that has one of the texts in any column. */
export async function findTexts(sql: postgres.Sql, texts: readonly string[]): Promise<string[]> {
  const tables = await sql`
    select format('%I.%I', namespace.nspname, relation.relname) as name
    from pg_class as relation
    join pg_namespace as namespace on namespace.oid = relation.relnamespace
    where relation.relkind in ('r', 'm')
      and namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    order by 1`;
  const found: string[] = [];
  for (const { name } of tables) {
    for (const text of texts) {
      // A row as text has all its columns, arrays and JSON included.
      const [row] = await sql.unsafe(
        `select count(*)::int as rows from ${name} as row where position($1 in row::text) > 0`,
        [text],
      );
      if (row?.rows > 0) found.push(`${name}: ${text}`);
    }
  }
  return found;
}
