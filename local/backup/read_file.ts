/** Reads the file of a backup and checks everything in it. */
import type { z } from "zod";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import {
  BackupFileError,
  type BackupHeader,
  type BackupTable,
  END_OF_ROWS,
  headerSchema,
  signatureSchema,
  TableDigest,
  tableSchema,
  type TableSummary,
  trailerSchema,
} from "./format.ts";
import { requireSigningKey, Signature } from "./signature.ts";
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

/** The lines and rows of a backup, whose signature is computed as they pass. */
class SignedText {
  readonly #text: BackupText;
  #signature: Signature | undefined;

  constructor(text: BackupText) {
    this.#text = text;
  }

  /** The first line. @throws {BackupFileError} if the ring lacks the key that it names. */
  async header(path: string, ring: KeyRing): Promise<BackupHeader> {
    const line = await this.#text.line();
    const header = parse(headerSchema, line);
    if (!header) {
      throw new BackupFileError(`${path} is not a backup of this version of CreatorFlow.`);
    }
    requireSigningKey(ring, header.key, path);
    this.#signature = new Signature(ring, header.key.id);
    this.#signature.add(`${line}\n`);
    return header;
  }

  async line(): Promise<string> {
    const line = await this.#text.line();
    this.#signature?.add(`${line}\n`);
    return line;
  }

  async *rows(digest: TableDigest): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.#text.rows()) {
      digest.add(bytes);
      this.#signature?.add(bytes);
      yield bytes;
    }
    this.#signature?.add(END_OF_ROWS);
  }

  /** The last line. @throws {BackupFileError} */
  async requireSignature(path: string): Promise<void> {
    const found = parse(signatureSchema, await this.#text.line());
    if (found === undefined || !this.#signature?.matches(found.signature)) {
      throw new BackupFileError(`${path} was changed after the backup: its signature is wrong.`);
    }
    await this.#text.expectEnd();
  }
}

/**
 * Gives the rows of each table to `onTable`, one after the other. Whether they are those of the backup is
 * known at its end only. @throws {BackupFileError}
 */
export async function readBackup(
  path: string,
  ring: KeyRing,
  onTable: RowsHandler,
): Promise<BackupContent> {
  const file = new BackupText(path);
  try {
    const text = new SignedText(file);
    const header = await text.header(path, ring);
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
        await text.requireSignature(path);
        return { header, tables, summaries: found };
      }
      const digest = new TableDigest();
      await onTable(table, text.rows(digest));
      tables.push(table);
      found.push(digest.summaryOf(table));
    }
  } finally {
    await file.close();
  }
}

/** Reads and checks the whole file. @throws {BackupFileError} */
export async function checkBackup(path: string, ring: KeyRing): Promise<BackupContent> {
  return await readBackup(path, ring, async (_table, rows) => {
    for await (const _ of rows);
  });
}
