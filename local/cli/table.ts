/** Tables for the terminal. */

export interface TableOptions {
  /** Columns that are aligned to the right. @default {[]} */
  numbers?: readonly number[];
  /** Prefix of each line. @default {""} */
  indent?: string;
}

/** A line for each row; columns are as wide as their longest cell. */
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

/** The same as one text. */
export function formatTable(
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  return tableLines(rows, options).join("\n");
}
