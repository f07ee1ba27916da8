/** `deno task db:health-check`: the health of a database, as its own function reports it. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { formatTable } from "../cli/table.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { explainMissingObject, withConnection } from "../postgres/connection.ts";

interface Metric {
  metric: string;
  value: string | null;
  status: string;
}

/** @throws {Error} that says to migrate, if the database lacks the function. */
async function readHealth(databaseUrl: string): Promise<Metric[]> {
  return await withConnection(databaseUrl, async (sql) =>
    await sql<Metric[]>`
      select metric, value::text, status from public.check_database_health()`)
    .catch((error) => {
      throw explainMissingObject(error);
    });
}

export default await command(import.meta, {
  name: "db:health-check",
  help: `Shows the health of a database. Fails if a status is neither "healthy" nor "info".

  npx -y deno@2.9.5 task db:health-check [options]

${TARGET_HELP}`,
  options: TARGET_OPTIONS,
  async run({ values }) {
    const target = await findTarget(values);
    const health = await readHealth(target.url);
    print(formatTable([
      ["metric", "value", "status"],
      ...health.map(({ metric, value, status }) => [metric, value ?? "", status]),
    ]));
    return health.every(({ status }) => status === "healthy" || status === "info") ? 0 : 1;
  },
});
