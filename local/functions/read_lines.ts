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
  lines: string[];
  /** Where later lines begin. */
  end: number;
}

/** The last lines that are wanted; undefined if the file does not exist. */
export async function readLastLines(
  path: string,
  isWanted: (line: string) => boolean,
  count: number,
): Promise<LastLines | undefined> {
  using file = await openFile(path);
  if (file === undefined) return undefined;
  const lines: string[] = [];
  let end = 0;
  for await (const line of readLines(file, 0)) {
    end = line.end;
    if (line.text === "" || !isWanted(line.text)) continue;
    lines.push(line.text);
    if (lines.length > count) lines.shift();
  }
  return { lines, end };
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
