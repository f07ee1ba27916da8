/** Reads the file of a backup and checks everything in it. */
import type { z } from "zod";
import {
  BackupFileError,
  type BackupHeader,
  type BackupTable,
  headerSchema,
  TableDigest,
  tableSchema,
  type TableSummary,
  trailerSchema,
} from "./format.ts";
import { BackupText } from "./text.ts";

/** Content of a backup without the rows. */
export interface BackupContent {
  header: BackupHeader;
  tables: BackupTable[];
  /** In the same order. */
  summaries: TableSummary[];
}

/** Takes the rows of one table; has to read all of them. */
export type RowsHandler = (
  table: BackupTable,
  rows: AsyncIterable<Uint8Array>,
) => Promise<void>;

function parse<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Gives the rows of each table to `onTable`, one after the other. @throws {BackupFileError} */
export async function readBackup(path: string, onTable: RowsHandler): Promise<BackupContent> {
  const text = new BackupText(path);
  try {
    const header = parse(headerSchema, await text.line());
    if (!header) {
      throw new BackupFileError(`${path} is not a backup of this version of CreatorFlow.`);
    }
    const tables: BackupTable[] = [];
    const found: TableSummary[] = [];
    while (true) {
      const line = await text.line();
      const table = parse(tableSchema, line);
      if (!table) {
        const trailer = parse(trailerSchema, line);
        if (!trailer || JSON.stringify(trailer.tables) !== JSON.stringify(found)) {
          throw new BackupFileError(`${path} is damaged: its rows do not have its checksums.`);
        }
        await text.expectEnd();
        return { header, tables, summaries: found };
      }
      const digest = new TableDigest();
      await onTable(table, digested(text.rows(), digest));
      tables.push(table);
      found.push(digest.summaryOf(table));
    }
  } finally {
    await text.close();
  }
}

async function* digested(
  rows: AsyncIterable<Uint8Array>,
  digest: TableDigest,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of rows) {
    digest.add(bytes);
    yield bytes;
  }
}

/** Reads and checks the whole file. @throws {BackupFileError} */
export async function checkBackup(path: string): Promise<BackupContent> {
  return await readBackup(path, async (_table, rows) => {
    for await (const _ of rows);
  });
}
