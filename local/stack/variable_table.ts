/** The variables as text, for help and docs. */
import { tableLines } from "../cli/table.ts";
import { FUNCTION_CONCERNS, receivers } from "./receivers.ts";
import { type Variable, variables } from "./variables.ts";

const MAKERS: Record<Variable["maker"], string> = {
  key: "generated once, kept in `keys.json`",
  address: "the stack's addresses",
  simulator: "the simulators",
};

function describeReceivers(variable: Variable): string {
  const names = receivers(variable);
  if (names.length === 0) return "-";
  if (names.length === Object.keys(FUNCTION_CONCERNS).length) return "all";
  return names.map((name) => `\`${name}\``).join(", ");
}

/** Cells of the table in docs/local-stack.md. */
export function variableRows(): string[][] {
  return variables.map(([name, row]) => [
    `\`${name}\``,
    MAKERS[row.maker],
    describeReceivers(row) + (row.functionName ? ` (as \`${row.functionName}\`)` : ""),
    row.description,
  ]);
}

/** Lines of `deno task start --help`: every variable that may be set in the environment. */
export function variableHelp(): string {
  const rows = variables.filter(([name, row]) => !row.isFixed || name === "SUPABASE_DB_URL")
    .map(([name, { description }]) => [name, description]);
  return tableLines(rows, { indent: "  " }).join("\n");
}
