/** The schema of a database as one text, for review. */
import { withConnection } from "../postgres/connection.ts";

const QUERY = new URL("sql/schema_snapshot.sql", import.meta.url);

const HEADER = `-- The schema that the migrations make, for review; it is never run.
-- Made by \`deno task schema:snapshot\`; changes are overwritten.
`;

/** The objects of a migrated database as text; equal schemas give equal text. */
export async function takeSchemaSnapshot(databaseUrl: string): Promise<string> {
  const query = await Deno.readTextFile(QUERY);
  return await withConnection(databaseUrl, async (sql) => {
    await sql`set search_path = ''`;
    const rows = await sql.unsafe<{ line: string }[]>(query);
    return [HEADER, ...rows.map((row) => row.line)].join("\n") + "\n";
  });
}
