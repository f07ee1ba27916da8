/** The content of the whole database, to show that nothing changed. */
import type postgres from "postgres";

/** The rows of every table of ours, by table. */
export async function readAllRows(sql: postgres.Sql): Promise<Record<string, unknown>> {
  const tables = await sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'private') order by 1`;
  const rows: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [table] = await sql.unsafe(
      `select jsonb_agg(row order by row::text) as rows from ${name} as row`,
    );
    rows[name] = table?.rows;
  }
  return rows;
}
