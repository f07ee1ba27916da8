/** Writes the file of a backup completely or not at all. */
import { resolve } from "node:path";
import { guardPath } from "../leftovers/guard.ts";

/**
 * Compresses `content` into `path`, readable by its owner only. An older file is replaced when the new one
 * is complete and on disk. @throws errors of `content`, of `signal` or of the file system.
 */
export async function writeBackupFile(
  path: string,
  content: AsyncIterable<Uint8Array<ArrayBuffer>>,
  signal?: AbortSignal,
): Promise<void> {
  const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
  // In the same folder: only there a rename is atomic.
  const partial = resolve(`${path}.${suffix}`);
  const release = await guardPath(partial);
  try {
    {
      using file = await Deno.open(partial, { createNew: true, write: true, mode: 0o600 });
      await ReadableStream.from(content).pipeThrough(new CompressionStream("gzip")).pipeTo(
        new WritableStream({ write: (bytes) => writeAll(file, bytes) }),
        signal && { signal },
      );
      await file.sync();
    }
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  } finally {
    await release();
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}
