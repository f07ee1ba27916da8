/**
 * Format of a backup: gzip of UTF-8 text. `zcat` shows it.
 *
 *     {"format":"creatorflow backup","version":2,...}    the header, one line of JSON
 *     {"schema":"public","name":"orders","columns":[..]} a table, one line of JSON
 *     ...                                                its rows, as `copy ... to stdout` writes them
 *     \.                                                 their end; no row looks like this
 *     {"tables":[{..,"rows":2,"sha256":".."}]}           the trailer, after the last table
 *     {"signature":".."}                                 HMAC-SHA256 of all lines before, see signature.ts
 */
import { createHash } from "node:crypto";
import { z } from "zod";

export const FORMAT = "creatorflow backup";
export const VERSION = 2;

export const headerSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  /** ISO 8601. */
  created_at: z.string(),
  /** Key of `ENCRYPTION_KEYS` that has signed the file. */
  key: z.object({ id: z.string(), check: z.string() }),
  /** Versions in supabase_migrations.schema_migrations, ascending. */
  migrations: z.array(z.string()),
  /** `next` is what nextval will give: a whole number, as text. */
  sequences: z.array(
    z.object({ schema: z.string(), name: z.string(), next: z.string().regex(/^-?\d+$/) }),
  ),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
});
/** A table whose rows follow, in the order of `columns`. */
export type BackupTable = z.infer<typeof tableSchema>;

export const trailerSchema = z.object({
  tables: z.array(
    tableSchema.omit({ columns: true }).extend({ rows: z.number(), sha256: z.string() }),
  ),
});
export const signatureSchema = z.object({ signature: z.string().regex(/^[0-9a-f]{64}$/) });

/** Number of a table's rows, and the checksum of their text, in hexadecimal. */
export type TableSummary = z.infer<typeof trailerSchema>["tables"][number];

/** The file is not a backup, or is damaged; the message names it. Such a file changes nothing in a database. */
export class BackupFileError extends Error {
  override name = "BackupFileError";

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} Nothing was changed.`, options);
  }
}

/** COPY escapes every backslash of the data, so that no row can be this line. */
export const END_OF_ROWS = "\\.\n";

export function encodeLine(
  value:
    | BackupHeader
    | BackupTable
    | z.infer<typeof trailerSchema>
    | z.infer<typeof signatureSchema>,
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value) + "\n");
}

const NEWLINE = 10;

/** Counts the rows of a table as they pass, and computes their checksum. */
export class TableDigest {
  #rows = 0;
  #hash = createHash("sha256");

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    // COPY escapes the newlines of the data: each one that is left ends a row.
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      this.#rows++;
    }
  }

  /** Call it once, after the last row. */
  summaryOf({ schema, name }: { schema: string; name: string }): TableSummary {
    return { schema, name, rows: this.#rows, sha256: this.#hash.digest("hex") };
  }
}
