/** `task start --detach`: a process that goes on when its terminal is closed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { guardProcess } from "../leftovers/guard.ts";
import { makeDataFolder } from "../stack/data_folder.ts";
import { lockStart } from "../stack/lock.ts";
import { readRunningFile } from "../stack/running_file.ts";
import { print } from "./console.ts";
import { quotedPath, shownPath } from "./data_folder.ts";
import { DETACHED } from "./detached.ts";

const START = fileURLToPath(new URL("../commands/start.ts", import.meta.url));

const POLL_MS = 100;

/** Prints what is written into a file from now on. */
class Tail implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #buffer = new Uint8Array(64 * 1024);
  readonly #decoder = new TextDecoder();

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async copy(): Promise<void> {
    for (let length; (length = await this.#file.read(this.#buffer));) {
      const text = this.#decoder.decode(this.#buffer.subarray(0, length), { stream: true });
      print(text.replace(/\n$/, ""));
    }
  }

  [Symbol.dispose]() {
    this.#file.close();
  }
}

/** Variables of the new process: it is not a child of npx. */
function environment(): Record<string, string> {
  const own = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !name.startsWith("npm_lifecycle_")
  );
  return { ...Object.fromEntries(own), [DETACHED]: "1" };
}

/**
 * Returns when the stack answers, with exit code 0, or has ended before.
 * @throws {DataInUseError} before it touches the log of another start
 */
export async function startDetached(data: string, args: string[]): Promise<number> {
  await makeDataFolder(data);
  using _start = await lockStart(data);
  const path = join(data, "logs", "stack.log");
  await Deno.writeTextFile(path, "", { append: true, mode: 0o600 });
  const file = await Deno.open(path);
  await file.seek(0, Deno.SeekMode.End);
  using tail = new Tail(file);
  const output = openSync(path, "a");
  const child = spawn(Deno.execPath(), ["run", "-A", START, ...args], {
    detached: true,
    env: environment(),
    stdio: ["ignore", output, output],
  });
  const pid = child.pid as number;
  // Ctrl-C during the start ends it too.
  const release = guardProcess(pid, "SIGTERM");
  const ended = once(child, "exit").then(([code]) => Number(code ?? 1));
  let code: number | undefined;
  ended.then((found) => code = found);
  while (code === undefined && (await readRunningFile(data))?.pid !== pid) {
    await tail.copy();
    await sleep(POLL_MS);
  }
  await tail.copy();
  await release();
  if (code !== undefined) return code || 1;
  child.unref();
  print(`What it prints from now on: tail -f ${quotedPath(shownPath(path))}`);
  return 0;
}
