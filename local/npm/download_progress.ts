/** How much of a package npm has fetched: npm shows nothing itself where another program runs it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const MEGABYTE = 1_000_000;

export interface DownloadOptions {
  /** For people: `the Supabase CLI`. */
  name: string;
  /** Size of the archive. */
  megabytes: number;
  /** npm's cache, or undefined if it is not known: then nothing is shown. */
  cache: string | undefined;
  print: (line: string) => void;
  /** @default {1000} */
  intervalMs?: number;
}

/** Sizes of the files that npm is writing, by name. */
async function readSizes(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile) sizes.set(name, (await Deno.stat(join(folder, name))).size);
    }
  } catch {
    // The folder does not exist yet, or a file has moved to its place meanwhile.
  }
  return sizes;
}

/** Runs `work`, which lets npm fetch one large package, and prints a line each second in which more has come. */
export async function withDownloadProgress<T>(
  { name, megabytes, cache, print, intervalMs = 1000 }: DownloadOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (cache === undefined) return await work();
  // npm writes what it fetches into a file here, and moves it when it is whole.
  const folder = join(cache, "_cacache", "tmp");
  const before = await readSizes(folder);
  const done = new AbortController();
  const { signal } = done;
  const watch = async () => {
    let shown = 0;
    while (!signal.aborted) {
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
      const own = [...await readSizes(folder)].filter(([file]) => !before.has(file));
      const fetched = Math.floor(Math.max(0, ...own.map(([, size]) => size)) / MEGABYTE);
      if (signal.aborted || fetched <= shown) continue;
      shown = fetched;
      print(`          ${name}: ${Math.min(fetched, megabytes)} of ${megabytes} MB`);
    }
  };
  const watching = watch();
  try {
    return await work();
  } finally {
    done.abort();
    await watching;
  }
}
