/** Tables for the terminal. */

export interface TableOptions {
  /** Columns that are set to the right. @default {[]} */
  numbers?: readonly number[];
  /** Before each line. @default {""} */
  indent?: string;
}

/** Columns as wide as their longest cell, a line for each row. */
export function tableLines(
  rows: readonly (readonly string[])[],
  { numbers = [], indent = "" }: TableOptions = {},
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return numbers.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}

export function formatTable(
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  return tableLines(rows, options).join("\n");
}
