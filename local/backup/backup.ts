/** Writes a database's rows, as of one moment, into a file. */
import type postgres from "postgres";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import {
  copyStatement,
  type DatabaseTable,
  readMigrations,
  readSequences,
  readTables,
} from "./catalogue.ts";
import { copyOut } from "./copy.ts";
import {
  type BackupHeader,
  encodeLine,
  END_OF_ROWS,
  FORMAT,
  TableDigest,
  type TableSummary,
  VERSION,
} from "./format.ts";
import { inTransaction } from "./session.ts";
import { currentSigningKey, Signature } from "./signature.ts";
import { writeBackupFile } from "./write_file.ts";

export interface BackupOptions {
  databaseUrl: URL;
  /** Path of the file to write. */
  file: string;
  /** Keys of the database; the first signs the file. */
  ring: KeyRing;
  /** Receives each table that is written; the next one waits for it. */
  onTable?: (table: TableSummary) => unknown;
  /** Ends the backup early. */
  signal?: AbortSignal;
}

/**
 * Reads all tables in one snapshot: rows that are committed meanwhile are left out completely. Returns the
 * written tables. @throws {Error}, and leaves `file` unchanged.
 */
export async function backup(options: BackupOptions): Promise<TableSummary[]> {
  const mode = "isolation level repeatable read read only";
  return await inTransaction(options.databaseUrl, mode, async (sql) => {
    const migrations = await readMigrations(sql);
    const tables = await readTables(sql);
    const header: BackupHeader = {
      format: FORMAT,
      version: VERSION,
      created_at: new Date().toISOString(),
      key: currentSigningKey(options.ring),
      migrations,
      sequences: await readSequences(sql),
    };
    const summaries: TableSummary[] = [];
    const content = contentOf(sql, header, tables, async (summary) => {
      summaries.push(summary);
      await options.onTable?.(summary);
    });
    await writeBackupFile(options.file, signed(content, options.ring), options.signal);
    return summaries;
  });
}

/** Adds the signature as the last line. */
async function* signed(
  content: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ring: KeyRing,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const signature = new Signature(ring, ring.current);
  for await (const bytes of content) {
    signature.add(bytes);
    yield bytes;
  }
  yield encodeLine({ signature: signature.finish() });
}

async function* contentOf(
  sql: postgres.TransactionSql,
  header: BackupHeader,
  tables: DatabaseTable[],
  onTable: (table: TableSummary) => Promise<void>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encodeLine(header);
  const summaries: TableSummary[] = [];
  for (const table of tables) {
    const { schema, name, columns } = table;
    yield encodeLine({ schema, name, columns });
    const digest = new TableDigest();
    for await (const bytes of copyOut(sql, copyStatement(table, columns))) {
      digest.add(bytes);
      yield bytes;
    }
    yield new TextEncoder().encode(END_OF_ROWS);
    const summary = digest.summaryOf(table);
    summaries.push(summary);
    await onTable(summary);
  }
  yield encodeLine({ tables: summaries });
}
