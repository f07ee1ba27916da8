/** `deno task schema:snapshot`: writes supabase/tests/schema.snapshot.sql, the schema as one file to review. */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startTemporaryPostgres } from "../postgres/temporary.ts";
import { print } from "../cli/console.ts";

const SNAPSHOT = new URL("../../supabase/tests/schema.snapshot.sql", import.meta.url);

const HELP =
  `Writes supabase/tests/schema.snapshot.sql from the migrations, so that a change of them
shows as a change of the schema.

  npx -y deno@2.9.5 task schema:snapshot`;

const HEADER = `-- The schema that the migrations make, for review; it is never run.
-- Made by \`deno task schema:snapshot\`; changes are overwritten.
`;

/** The objects of a migrated database as text; equal schemas give equal text. */
export async function takeSchemaSnapshot(databaseUrl: string): Promise<string> {
  const query = await Deno.readTextFile(
    new URL("../supabase/sql/schema_snapshot.sql", import.meta.url),
  );
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`set search_path = ''`;
    const rows = await sql.unsafe<{ line: string }[]>(query);
    return [HEADER, ...rows.map((row) => row.line)].join("\n") + "\n";
  } finally {
    await sql.end();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { help: { type: "boolean", short: "h", default: false } },
  });
  if (values.help) return print(HELP);
  await using database = await startTemporaryPostgres();
  await Deno.writeTextFile(SNAPSHOT, await takeSchemaSnapshot(database.access.adminUrl));
  print("supabase/tests/schema.snapshot.sql is up to date.");
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
