/** All rows of a seller as a ZIP of JSON and CSV, in parts where they are many. */
import { makeZip } from "client-zip";
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { csvLines } from "./csv.ts";
import { type Cursor, decodeCursor, encodeCursor } from "./export_cursor.ts";
import { Page, PageKey, type Row } from "./pages.ts";

/** Rows of one part: about 0.5 s of the 2 s of processor time that a hosted function has. */
const PART_ROWS = 2000;

const PAGE_ROWS = 500;

const Slice = z.object({ part: z.string(), after: z.nullable(PageKey), rows: z.int() });
type Slice = z.infer<typeof Slice>;

const Plan = z.object({
  slices: z.array(Slice),
  next: z.nullable(z.object({ part: z.string(), after: z.nullable(PageKey) })),
});

export interface ExportPart {
  /** From 1. */
  number: number;
  /** The query parameter `cursor` of the next part; `null` in the last one. */
  nextCursor: string | null;
  /** The bytes of a ZIP file. */
  archive: ReadableStream<Uint8Array>;
}

interface ExportFile {
  name: string;
  input: AsyncIterable<string> | string;
  lastModified: Date;
}

/** Reads the rows of a slice in pages. */
async function* readSlice(
  database: DatabaseClient,
  userId: string,
  { part, after, rows }: Slice,
): AsyncGenerator<Row[]> {
  let left = rows;
  let from: PageKey | null = after;
  while (left > 0) {
    const args = {
      p_user_id: userId,
      p_part: part,
      p_after: from,
      p_limit: Math.min(left, PAGE_ROWS),
    };
    const page: Page = await callFunction(database, "read_account_export", args, Page);
    if (page.rows.length === 0) return;
    yield page.rows;
    left -= page.rows.length;
    from = page.next;
  }
}

/** A JSON array, one row a line; each page also goes to `onPage`. */
async function* jsonArray(
  pages: AsyncIterable<Row[]>,
  onPage: (rows: Row[]) => void,
): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const rows of pages) {
    onPage(rows);
    yield separator + rows.map((row) => JSON.stringify(row)).join(",\n");
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

/**
 * The manifest, then each table as JSON and as CSV. The CSV is made while the JSON is sent: it waits in
 * memory, which a part's number of rows bounds.
 */
async function* exportFiles(
  database: DatabaseClient,
  userId: string,
  slices: Slice[],
  { number, nextCursor }: Omit<ExportPart, "archive">,
): AsyncGenerator<ExportFile> {
  const lastModified = new Date();
  const file = (name: string, input: ExportFile["input"]) => ({ name, input, lastModified });
  const tables = slices.map(({ part, rows }) => ({ table: part, rows }));
  const manifest = { exported_at: lastModified, part: number, next_cursor: nextCursor, tables };
  yield file(`manifest-${number}.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  for (const slice of slices) {
    if (slice.rows === 0) continue;
    const csv: string[] = [];
    const onPage = (rows: Row[]) => {
      const columns = Object.keys(rows[0] ?? {});
      csv.push(csvLines(columns, rows, { header: csv.length === 0 }));
    };
    const pages = readSlice(database, userId, slice);
    yield file(`${slice.part}-${number}.json`, jsonArray(pages, onPage));
    yield file(`${slice.part}-${number}.csv`, csv.join(""));
  }
}

/**
 * One part of the export; `cursor` names where it begins.
 * @throws {InvalidCursorError}
 * @throws {DatabaseError} not found: the account was deleted; PT400: the cursor names no row
 */
export async function exportPart(
  database: DatabaseClient,
  userId: string,
  cursor?: string,
): Promise<ExportPart> {
  const start: Cursor | undefined = cursor === undefined ? undefined : decodeCursor(cursor);
  const args = { p_user_id: userId, p_from: start?.from ?? null, p_rows: PART_ROWS };
  const { slices, next } = await callFunction(database, "plan_account_export", args, Plan);
  const number = start?.number ?? 1;
  const nextCursor = next && encodeCursor({ number: number + 1, from: next });
  const archive = makeZip(exportFiles(database, userId, slices, { number, nextCursor }));
  return { number, nextCursor, archive };
}
