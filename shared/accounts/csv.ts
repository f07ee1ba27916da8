/** CSV as RFC 4180 has it, for spreadsheets. */
// First: the next import needs it.
import "./buffer_global.ts";
import { stringify } from "csv-stringify/sync";

/**
 * Texts that a spreadsheet would turn into another number: more than 11 digits, also several such ids with
 * spaces between, a leading zero, `12E5`. An apostrophe keeps them, as it does for texts that would be run as a formula.
 */
const LOOKS_LIKE_NUMBER = /^(0\d+|\d{12,}( \d+)*|\d+(\.\d+)?e\d+)$/i;

const BYTE_ORDER_MARK = "\ufeff";

function toCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  return typeof value === "string" && LOOKS_LIKE_NUMBER.test(text) ? `'${text}` : text;
}

/**
 * Lines of a CSV file, each with CRLF; `header` begins the file with a byte order mark, without which Excel
 * takes UTF-8 for another encoding, and a line of column names.
 */
export function csvLines(
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
  { header }: { header: boolean },
): string {
  const cells = rows.map((row) => columns.map((column) => toCell(row[column])));
  // The library's own byte order mark gets lost on Deno 2.1.4.
  return (header ? BYTE_ORDER_MARK : "") + stringify(header ? [[...columns], ...cells] : cells, {
    record_delimiter: "\r\n",
    // The library's own rule quotes a line break only where it is the delimiter of records.
    quoted_match: /[\r\n]/,
    escape_formulas: true,
  });
}
