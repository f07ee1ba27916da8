/** Where texts are in a database: every column of every table that is neither Postgres' nor the tests' own. */
import type postgres from "postgres";

/** `schema.table: text` for each table with a row that has one of the texts in any column. */
export async function findTexts(sql: postgres.Sql, texts: readonly string[]): Promise<string[]> {
  const tables = await sql`
    select format('%I.%I', namespace.nspname, relation.relname) as name
    from pg_class as relation
    join pg_namespace as namespace on namespace.oid = relation.relnamespace
    where relation.relkind in ('r', 'm')
      and namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'kept')
    order by 1`;
  const found: string[] = [];
  for (const { name } of tables) {
    // A row as text has all its columns, arrays and JSON included. A number is not a part of another one.
    const rows = await sql.unsafe(
      `select text from unnest($1::text[]) with ordinality as wanted (text, place)
       where exists (
         select from ${name} as row
         where position(text in row::text) > 0
           and (text !~ '^\\d+$' or row::text ~ ('(?<![\\d.])' || text || '(?!\\d)'))
       )
       order by place`,
      [[...texts]],
    );
    found.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  return found;
}
