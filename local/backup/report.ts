/** Output of db:backup and db:restore. */
import { nameOf } from "./catalogue.ts";
import type { TableSummary } from "./format.ts";

const count = (rows: number) => rows.toLocaleString("en");

/** e.g. `  public.orders                      1,234 rows` */
export function tableLine(table: TableSummary): string {
  return `  ${nameOf(table).padEnd(32)} ${count(table.rows).padStart(12)} rows`;
}

/** e.g. `12 tables, 3,456 rows, 1.5 s` */
export function totals(tables: TableSummary[], startedAt: number): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return `${tables.length} tables, ${count(rows)} rows, ${seconds} s`;
}
