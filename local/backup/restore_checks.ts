/** Conditions of a restore, checked before it writes. */
import type postgres from "postgres";
import { type DatabaseTable, nameOf, quote, readMigrations } from "./catalogue.ts";
import type { BackupTable } from "./format.ts";

function missing(from: string[], others: string[]): string[] {
  return from.filter((name) => !others.includes(name));
}

/** e.g. `only in the backup: public.a, public.b` */
function difference(backup: string[], database: string[]): string {
  const [ahead, behind] = [missing(backup, database), missing(database, backup)];
  return [
    ...(ahead.length > 0 ? [`only in the backup: ${ahead.join(", ")}`] : []),
    ...(behind.length > 0 ? [`only in the database: ${behind.join(", ")}`] : []),
  ].join("; ");
}

/** @throws {Error} that names both versions. */
export async function requireMigrations(
  sql: postgres.TransactionSql,
  expected: string[],
): Promise<void> {
  const applied = await readMigrations(sql);
  const differs = difference(expected, applied);
  if (differs === "") return;
  throw new Error(
    `The backup was made at migration ${expected.at(-1) ?? "none"}, the database is at ` +
      `${
        applied.at(-1) ?? "none"
      } (${differs}). Restore with the migrations of the backup, then migrate.`,
  );
}

/** The database's table for each one of the backup. @throws {Error} if a table or a column is missing. */
export function matchTables(expected: BackupTable[], tables: DatabaseTable[]): DatabaseTable[] {
  const differs = difference(expected.map(nameOf), tables.map(nameOf));
  if (differs !== "") {
    throw new Error(`The tables of the backup and the database differ: ${differs}.`);
  }
  return expected.map((table) => {
    const here = tables.find((candidate) => nameOf(candidate) === nameOf(table)) as DatabaseTable;
    const columns = missing(table.columns, here.columns);
    if (columns.length > 0) {
      throw new Error(`${nameOf(table)} has no column ${columns.join(", ")} in this database.`);
    }
    return here;
  });
}

/** `insert into` at the start of a statement, after blanks and comments. */
const INSERT = /^(?:\s|--.*\n|\/\*[^]*?\*\/)*insert\s+into\s+([a-z0-9_.]+)/i;

/** Names of the tables that migrations fill, e.g. with the plans. */
async function readReferenceTables(sql: postgres.TransactionSql): Promise<Set<string>> {
  const rows = await sql<{ statement: string }[]>`
    select unnest(statements) as statement from supabase_migrations.schema_migrations`;
  const names = rows.map(({ statement }) => INSERT.exec(statement)?.[1]?.toLowerCase());
  return new Set(names.filter((name) => name !== undefined));
}

/** Rows that the scheduled jobs write into an empty database, from its migrations on. */
const ROWS_OF_JOBS: Record<string, string> = {
  "private.event_queue":
    "event_id in (select id from private.webhook_events where source = 'creatorflow')",
  "private.webhook_events": "source = 'creatorflow'",
  "public.system_logs": "event_type = 'purged'",
};

/** @throws {Error} if a table has rows that neither a migration nor a job has written. */
export async function requireEmpty(
  sql: postgres.TransactionSql,
  tables: DatabaseTable[],
): Promise<void> {
  const reference = await readReferenceTables(sql);
  const filled: string[] = [];
  for (const table of tables.filter((table) => !reference.has(nameOf(table)))) {
    const ofJobs = ROWS_OF_JOBS[nameOf(table)] ?? "false";
    const [row] = await sql.unsafe(
      `select from ${quote(table.schema, table.name)} where not (${ofJobs}) limit 1`,
    );
    if (row) filled.push(nameOf(table));
  }
  if (filled.length === 0) return;
  throw new Error(
    `The database has data already, in ${filled.join(", ")}. ` +
      "Restore into one that has the migrations and nothing else. Nothing was changed.",
  );
}
