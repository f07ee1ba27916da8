/** Splits the text of a backup into lines of JSON and blocks of rows. */
import { Buffer } from "node:buffer";
import { unreadable } from "../cli/error_message.ts";
import { BackupFileError, END_OF_ROWS } from "./format.ts";

/** Longest line of JSON; another kind of file may be one endless line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** Opening a folder succeeds. */
async function openFile(path: string): Promise<Deno.FsFile> {
  const { isDirectory } = await Deno.stat(path);
  if (isDirectory) throw new Error("Is a directory");
  return await Deno.open(path);
}

async function* decompress(path: string): AsyncGenerator<Uint8Array> {
  const file = await openFile(path).catch((cause) => {
    throw new BackupFileError(unreadable(path, cause.message), { cause });
  });
  const content = file.readable.pipeThrough(new DecompressionStream("gzip"));
  try {
    yield* content;
  } catch (cause) {
    throw new BackupFileError(`${path} is not a backup, or is damaged.`, { cause });
  }
}

/** Position of the line that ends a table. */
function findEnd(lines: Buffer): number | undefined {
  if (lines.subarray(0, END_OF_ROWS.length).equals(Buffer.from(END_OF_ROWS))) return 0;
  const newline = lines.indexOf(`\n${END_OF_ROWS}`);
  return newline === -1 ? undefined : newline + 1;
}

/** Text of a backup. Close it, unless it was read to its end. */
export class BackupText {
  #path: string;
  #chunks: AsyncGenerator<Uint8Array>;
  /** Bytes that were read and not yet returned. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
    this.#chunks = decompress(path);
  }

  async #readMore(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (!done) this.#rest = Buffer.concat([this.#rest, value]);
    return !done;
  }

  /** The next line, without its end. @throws {BackupFileError} */
  async line(): Promise<string> {
    let end: number;
    while ((end = this.#rest.indexOf("\n")) === -1) {
      if (this.#rest.length > MAX_LINE_BYTES) {
        throw new BackupFileError(`${this.#path} is not a backup.`);
      }
      if (!await this.#readMore()) throw new BackupFileError(`${this.#path} ends too early.`);
    }
    const text = this.#rest.toString("utf8", 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return text;
  }

  /** Whole rows, many at a time, up to the end of their table. @throws {BackupFileError} */
  async *rows(): AsyncGenerator<Uint8Array> {
    while (true) {
      const lines = this.#rest.subarray(0, this.#rest.lastIndexOf("\n") + 1);
      const end = findEnd(lines);
      const rows = end === undefined ? lines : lines.subarray(0, end);
      if (rows.length > 0) yield rows;
      this.#rest = this.#rest.subarray(rows.length);
      if (end !== undefined) {
        this.#rest = this.#rest.subarray(END_OF_ROWS.length);
        return;
      }
      if (!await this.#readMore()) throw new BackupFileError(`${this.#path} ends too early.`);
    }
  }

  /** Also makes sure that gzip's own checksum is read. */
  async expectEnd(): Promise<void> {
    while (this.#rest.length === 0 && await this.#readMore());
    if (this.#rest.length > 0) {
      throw new BackupFileError(`${this.#path} goes on after its end.`);
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}
