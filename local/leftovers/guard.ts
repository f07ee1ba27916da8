/**
 * What this process would leave behind if it ended now: other processes, files and folders. A shell of a few
 * lines removes them when its input ends, which is when this process ends: also after kill -9.
 */
import { fileURLToPath } from "node:url";

/** Call it when the process has ended, or the folder is removed. */
export type Release = () => Promise<void>;

const SCRIPT = fileURLToPath(new URL("./guard.sh", import.meta.url));

interface Guard {
  process: Deno.ChildProcess;
  input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
}

const items = new Map<symbol, string>();
let guard: Guard | undefined;
/** Resolves when the guard has the newest line. */
let written: Promise<void> = Promise.resolve();

function startGuard(): Guard {
  const process = new Deno.Command("sh", {
    args: [SCRIPT],
    cwd: "/",
    // Ctrl-C reaches the whole process group.
    detached: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  process.unref();
  return { process, input: process.stdin.getWriter() };
}

/** The last line that arrives counts. */
function writeItems({ input }: Guard): void {
  const line = [...items.values()].join("\t");
  written = input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
}

/** Has the guard remove what its last line lists. */
async function endGuard({ process, input }: Guard): Promise<void> {
  guard = undefined;
  process.ref();
  await input.close().catch(() => {});
  await process.status;
}

/** Windows has no sh: there only an end in order removes everything. */
function addItem(item: string): Release {
  if (Deno.build.os === "windows") return () => Promise.resolve();
  const key = Symbol(item);
  items.set(key, item);
  guard ??= startGuard();
  writeItems(guard);
  return async () => {
    if (!items.delete(key) || guard === undefined) return;
    writeItems(guard);
    if (items.size === 0) await endGuard(guard);
  };
}

/** @param signal Ends it in order. @param isGroup Whether the process leads a group, which ends with it. */
export function guardProcess(pid: number, signal: Deno.Signal, isGroup = false): Release {
  return addItem(`${signal.replace("SIG", "")}:${isGroup ? -pid : pid}`);
}

/**
 * A file or a folder that does not outlive this process. Make it when the guard knows of it.
 * @param path Absolute.
 */
export async function guardPath(path: string): Promise<Release> {
  const release = addItem(path);
  await written;
  return release;
}

/** Ends and removes everything that is guarded. The process should end right after it. */
export async function removeLeftovers(): Promise<void> {
  if (guard !== undefined) await endGuard(guard);
}
