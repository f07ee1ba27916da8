/** `deno task db:health-check`: how a database is, as its own function says. */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { print } from "../cli/console.ts";
import { formatTable } from "../cli/table.ts";
import { findTarget, TARGET_OPTIONS } from "../cli/target.ts";

const HELP = `Shows how the database is. Fails if a status is neither "healthy" nor "info".

  npx -y deno@2.9.5 task db:health-check [options]

  --data DIR      data folder of the running stack     (.local)
  --db-url URL    another database, in place of the running stack's`;

const UNDEFINED_FUNCTION = "42883";

interface Metric {
  metric: string;
  value: string | null;
  status: string;
}

/** @throws {Error} that says to migrate, if the database does not have the function. */
async function readHealth(databaseUrl: string): Promise<Metric[]> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    return await sql<Metric[]>`
      select metric, value::text, status from public.check_database_health()`;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== UNDEFINED_FUNCTION) {
      throw error;
    }
    throw new Error(
      "The database has no check_database_health(). Apply the migrations first: " +
        "npx -y deno@2.9.5 task migration:up",
      { cause: error },
    );
  } finally {
    await sql.end();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: TARGET_OPTIONS });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const target = await findTarget(values);
  const health = await readHealth(target.url);
  print(formatTable([
    ["metric", "value", "status"],
    ...health.map(({ metric, value, status }) => [metric, value ?? "", status]),
  ]));
  return health.every(({ status }) => status === "healthy" || status === "info") ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
