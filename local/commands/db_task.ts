/** `deno task db:task FILE`: answers a DatabaseTask, with the pending migrations of this repository. */
import { command, UsageError } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { readPending } from "../database_tasks/pending_migrations.ts";
import { readAdvisors } from "../database_tasks/read_advisors.ts";
import { shellCatalog } from "../database_tasks/shell_catalog.ts";
import { withConnection } from "../postgres/connection.ts";
import { runTask } from "../../shared/database_tasks/run_task.ts";

/** @throws {UsageError} unless the file holds JSON. */
async function readTask(file: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no file ${file}.`);
    if (error instanceof SyntaxError) throw new UsageError(`${file} does not hold JSON.`);
    throw error;
  }
}

export default await command(import.meta, {
  name: "db:task",
  help:
    `Answers a DatabaseTask (docs/database-tasks.md), and prints the DatabaseResult as JSON. Reads only.

  npx -y deno@2.9.5 task db:task FILE [options]

FILE holds the task as JSON. The database needs no migration of this repository.

${TARGET_HELP}

Exit code 0: answered. 1: the result says success: false. 2: not understood.`,
  options: TARGET_OPTIONS,
  positionals: ["FILE"],
  async run({ values, positionals: [file = ""] }) {
    const task = await readTask(file);
    const target = await findTarget(values);
    const result = await withConnection(
      target.url,
      async (sql) =>
        await runTask(task, await shellCatalog(sql), {
          readPending: () => readPending(target.url),
          readAdvisors: () => readAdvisors(target.url),
        }),
    );
    print(JSON.stringify(result, null, 2));
    return result.success ? 0 : 1;
  },
});
