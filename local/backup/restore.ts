/** Fills a freshly migrated database with the rows of a backup: all of them, or none. */
import type postgres from "postgres";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import {
  copyStatement,
  type DatabaseTable,
  nameOf,
  quote,
  readMaterializedViews,
  readTables,
} from "./catalogue.ts";
import { copyIn, copyOut } from "./copy.ts";
import { type BackupHeader, type BackupTable, TableDigest, type TableSummary } from "./format.ts";
import { type BackupContent, checkBackup, readBackup } from "./read_file.ts";
import { matchTables, requireEmpty, requireMigrations } from "./restore_checks.ts";
import { inTransaction } from "./session.ts";

export interface RestoreOptions {
  databaseUrl: URL;
  /** Path of the backup. */
  file: string;
  /** Keys of the database that was backed up; one of them has signed the file. */
  ring: KeyRing;
  /** Receives each table that was filled. */
  onTable?: (table: TableSummary) => void;
}

/**
 * Returns the restored tables. The login must own our tables, and may read and write Auth's.
 * @throws {Error}, and leaves the database unchanged.
 */
export async function restore(options: RestoreOptions): Promise<TableSummary[]> {
  const content = await checkBackup(options.file, options.ring);
  await inTransaction(options.databaseUrl, "", async (sql) => {
    await requireMigrations(sql, content.header.migrations);
    const tables = matchTables(content.tables, await readTables(sql));
    const own = tables.filter((table) => table.schema !== "auth");
    await sql.unsafe(`lock table ${list(tables)} in share row exclusive mode`);
    await requireEmpty(sql, tables);
    const enableTriggers = await disableTriggers(sql, own);
    await fill(sql, options, content, own);
    await setSequences(sql, content.header.sequences);
    for (const view of await readMaterializedViews(sql)) {
      await sql.unsafe(`refresh materialized view ${view}`);
    }
    await compare(sql, content, tables);
    await sql`set constraints all immediate`;
    for (const statement of enableTriggers) await sql.unsafe(statement);
  });
  return content.summaries;
}

function list(tables: BackupTable[]): string {
  return tables.map(({ schema, name }) => quote(schema, name)).join(", ");
}

/**
 * Disables the triggers on our tables: the backup holds their effects already. Returns the statements that
 * enable them again.
 */
async function disableTriggers(
  sql: postgres.TransactionSql,
  tables: DatabaseTable[],
): Promise<string[]> {
  const triggers = await sql<{ table: string; name: string; enable: string }[]>`
    select format('%I.%I', c.relnamespace::regnamespace::text, c.relname) as table,
      format('%I', t.tgname) as name,
      case t.tgenabled when 'A' then 'enable always' else 'enable' end as enable
    from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where not t.tgisinternal and t.tgenabled in ('O', 'A')
      and c.relnamespace::regnamespace::text || '.' || c.relname = any (${tables.map(nameOf)})
    order by 1, 2`;
  for (const { table, name } of triggers) {
    await sql.unsafe(`alter table ${table} disable trigger ${name}`);
  }
  return triggers.map(({ table, name, enable }) =>
    `alter table ${table} ${enable} trigger ${name}`
  );
}

/** The file has Auth's tables first, and every table after those that it references. */
async function fill(
  sql: postgres.TransactionSql,
  { file, ring, onTable }: RestoreOptions,
  { summaries }: BackupContent,
  own: DatabaseTable[],
): Promise<void> {
  let emptied = false;
  await readBackup(file, ring, async (table, rows) => {
    if (table.schema !== "auth" && !emptied) {
      // Deletes the rows of the migrations and of the trigger on auth.users. That trigger belongs to Auth,
      // so it cannot be disabled, and it needs the rows of the migrations.
      await sql.unsafe(`truncate ${list(own)}`);
      emptied = true;
    }
    const columns = table.columns.map((column) => quote(column)).join(", ");
    const target = quote(table.schema, table.name);
    await copyIn(sql, `copy ${target} (${columns}) from stdin`, rows);
    const summary = summaries.find((candidate) => nameOf(candidate) === nameOf(table));
    if (summary) onTable?.(summary);
  });
}

/** Unlike setval, this is undone if the transaction fails. */
async function setSequences(
  sql: postgres.TransactionSql,
  sequences: BackupHeader["sequences"],
): Promise<void> {
  for (const { schema, name, next } of sequences) {
    await sql.unsafe(`alter sequence ${quote(schema, name)} restart with ${next}`);
  }
}

/** @throws {Error} if a table's rows are not those of the backup. */
async function compare(
  sql: postgres.TransactionSql,
  content: BackupContent,
  tables: DatabaseTable[],
): Promise<void> {
  for (const [i, table] of tables.entries()) {
    const digest = new TableDigest();
    const { columns } = content.tables[i] as BackupTable;
    for await (const bytes of copyOut(sql, copyStatement(table, columns))) digest.add(bytes);
    const [found, expected] = [digest.summaryOf(table), content.summaries[i] as TableSummary];
    if (found.rows === expected.rows && found.sha256 === expected.sha256) continue;
    throw new Error(
      `${nameOf(table)} would not be what was backed up: ${found.rows} rows with checksum ` +
        `${found.sha256}, not ${expected.rows} with ${expected.sha256}. Nothing was changed.`,
    );
  }
}
