/** Lines of a file that grows. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;

async function openFile(path: string): Promise<Deno.FsFile | undefined> {
  return await Deno.open(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
}

interface Line {
  text: string;
  /** Where the next line begins. */
  end: number;
}

/** Whole lines from `start` to the end of the file; one that is still being written is left out. */
async function* readLines(file: Deno.FsFile, start: number): AsyncGenerator<Line> {
  await file.seek(start, Deno.SeekMode.Start);
  const chunk = new Uint8Array(CHUNK_BYTES);
  let rest = new Uint8Array();
  let end = start;
  for (let length; (length = await file.read(chunk));) {
    let bytes = new Uint8Array(rest.length + length);
    bytes.set(rest);
    bytes.set(chunk.subarray(0, length), rest.length);
    for (let at; (at = bytes.indexOf(NEWLINE)) >= 0;) {
      end += at + 1;
      yield { text: new TextDecoder().decode(bytes.subarray(0, at)), end };
      bytes = bytes.subarray(at + 1);
    }
    rest = bytes;
  }
}

export interface LastLines {
  /** An entry may have several lines. */
  entries: string[];
  /** Where later lines begin. */
  end: number;
}

/** Output such as the stack of an error: its indented lines, and those of code (`12 | ...`), continue it. */
function isContinuation(line: string, before: string): boolean {
  return /^(?:\s|\d+ \| )/.test(line) && !before.startsWith("{");
}

/**
 * The last entries whose first lines are wanted; undefined if the file does not exist. An entry is a line with
 * the lines that continue it.
 */
export async function readLastEntries(
  path: string,
  isWanted: (line: string) => boolean,
  count: number,
): Promise<LastLines | undefined> {
  using file = await openFile(path);
  if (file === undefined) return undefined;
  const entries: string[] = [];
  let end = 0;
  let before = "{";
  for await (const { text, end: lineEnd } of readLines(file, 0)) {
    end = lineEnd;
    if (text === "") continue;
    const continues = isContinuation(text, before);
    before = text;
    if (!isWanted(text)) continue;
    if (continues && entries.length > 0) {
      entries.push(`${entries.pop()}\n${text}`);
      continue;
    }
    entries.push(text);
    if (entries.length > count) entries.shift();
  }
  return { entries, end };
}

/** Lines after `start`, as they are written, until the signal aborts; the file may be replaced meanwhile. */
export async function* followLines(
  path: string,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let end = start;
  while (!signal.aborted) {
    using file = await openFile(path);
    if (file !== undefined) {
      if ((await file.stat()).size < end) end = 0;
      for await (const line of readLines(file, end)) {
        end = line.end;
        if (line.text !== "") yield line.text;
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}
