/** The variables and their receivers as text, for help and docs. */
import { tableLines } from "../cli/table.ts";
import { FUNCTION_CONCERNS } from "./receivers.ts";
import { type Concern, type Variable, variables } from "./variables.ts";

const MAKERS: Record<Variable["maker"], string> = {
  key: "generated, kept in `keys.json`",
  address: "the stack's address",
  constant: "always `default`",
  simulator: "the simulator",
};

function list(concerns: readonly Concern[]): string {
  return concerns.map((concern) => `\`${concern}\``).join(", ");
}

/** Cells of the table of variables in docs/local-stack.md. */
export function variableRows(): string[][] {
  return variables.map(([name, { concerns = [], maker, description }]) => [
    `\`${name}\``,
    list(concerns) || "-",
    MAKERS[maker],
    description,
  ]);
}

/** Cells of the table of functions in docs/local-stack.md. */
export function functionRows(): string[][] {
  return Object.entries(FUNCTION_CONCERNS).map(([name, { own, processesEvents }]) => [
    `\`${name}\``,
    list(own),
    processesEvents ? "yes" : "no",
  ]);
}

/** Lines of `deno task start --help`: every variable that may be set in the environment. */
export function variableHelp(): string {
  const rows = variables.filter(([name, row]) => !row.isFixed || name === "SUPABASE_DB_URL")
    .map(([name, { description }]) => [name, description]);
  return tableLines(rows, { indent: "  " }).join("\n");
}
