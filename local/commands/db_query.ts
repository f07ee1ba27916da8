/** `deno task db:query SQL`: runs SQL on a database and prints the rows, where no psql is installed. */
import { command } from "../cli/command.ts";
import { print } from "../cli/console.ts";
import { countOf } from "../cli/count_of.ts";
import { tableLines } from "../cli/table.ts";
import { findTarget, TARGET_HELP, TARGET_OPTIONS } from "../cli/target.ts";
import { withConnection } from "../postgres/connection.ts";

/** A value as Postgres writes it. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What a statement did with rows, by the name in its command tag. */
const CHANGES: Record<string, string> = {
  INSERT: "Inserted",
  UPDATE: "Updated",
  DELETE: "Deleted",
  MERGE: "Merged",
};

/** A statement's command tag: `DELETE 33`. */
export interface CommandTag {
  command?: string | undefined;
  count?: number | null | undefined;
}

/** A line for each row below the names of the columns, and the number of rows; else what the statement did. */
export function formatRows(
  columns: readonly string[],
  rows: readonly unknown[][],
  { command = "", count: changed }: CommandTag = {},
): string {
  const count = countOf(rows.length, "row");
  if (columns.length === 0) {
    const change = CHANGES[command];
    return change === undefined ? "Done." : `${change} ${countOf(changed ?? 0, "row")}.`;
  }
  return [...tableLines([columns, ...rows.map((row) => row.map(cellOf))]), `(${count})`].join("\n");
}

export default await command(import.meta, {
  name: "db:query",
  help: `Runs SQL on a database, in one transaction, and prints the rows of the last statement.

  npx -y deno@2.9.5 task db:query "select ..." [options]

${TARGET_HELP}

A change of rows is not confirmed: it counts at once. Rows may hold personal data, and this read is not
logged (docs/privacy.md).`,
  options: TARGET_OPTIONS,
  positionals: ["SQL"],
  async run({ values, positionals: [text = ""] }) {
    const target = await findTarget(values);
    await withConnection(target.url, async (sql) => {
      const results = await sql.begin((transaction) => transaction.unsafe(text).values());
      // The answer to several statements is a list of answers.
      const isList = (results as { statement?: unknown }).statement === undefined &&
        (results as { columns?: unknown }).columns === undefined;
      const last = (isList ? results.at(-1) : results) as unknown as unknown[][] & CommandTag & {
        columns?: { name: string }[];
      };
      print(formatRows((last?.columns ?? []).map(({ name }) => name), [...last ?? []], last));
    });
  },
});
