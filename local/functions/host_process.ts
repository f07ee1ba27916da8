/** One process of the function host: its start, its log and its end. */
import { join } from "node:path";
import { guardProcess } from "../leftovers/guard.ts";
import { readFunctionConfig } from "./config.ts";
import { permissionOptions } from "./permissions.ts";

/** When functions are loaded: at the start, which then fails with them, or each at its first request. */
export type FunctionLoading = "start" | "first_request";

export interface HostOptions {
  /** @default {"start"} */
  loading?: FunctionLoading;
  /** The functions' config.toml. */
  configPath: string;
  env: Record<string, string>;
  /** Receives the output of the process. */
  logFile: string;
  /** Receives each whole line of the output too. @default {none} */
  onLine?: ((line: string) => void) | undefined;
}

export interface Host {
  port: number;
  pid: number;
  /** Resolves when the process has ended and its output is written. */
  ended: Promise<void>;
  /** Ends the process by closing its input; see host.ts. */
  stop(): Promise<void>;
}

/** The root of the repository, as Deno names files. */
const ROOT = new URL("../../", import.meta.url).href;

/** Variables of this process that Deno itself needs. */
const INHERITED = ["PATH", "HOME", "DENO_DIR", "LANG"];

function inheritedVariables(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.map((name) => [name, Deno.env.get(name) ?? ""]).filter(([, value]) => value),
  );
}

async function spawnHost(options: HostOptions): Promise<Deno.ChildProcess> {
  const { configPath, env, loading = "start" } = options;
  const functions = await readFunctionConfig(configPath);
  return new Deno.Command(Deno.execPath(), {
    args: [
      // Without Deno's own lines about downloads: the log is the functions'.
      ...["run", "--quiet"],
      ...permissionOptions(functions, env),
      join(import.meta.dirname as string, "host.ts"),
      JSON.stringify(functions),
      loading,
    ],
    clearEnv: true,
    env: { NO_COLOR: "1", ...inheritedVariables(), ...env },
    // Ctrl-C reaches the whole process group: the stack ends this process itself, by closing its input.
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Appends each chunk at once; `pipeTo` would keep it until the process ends. Chunks for which there is no room
 * on the disk are lost: the process would wait for its pipe to be read.
 */
async function append(stream: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const options = { create: true, append: true, mode: 0o600 };
  using file = await Deno.open(path, options).catch(() => undefined);
  for await (const chunk of stream) await file?.write(chunk).catch(() => {});
}

/** Passes chunks on, and their whole lines to `onLine`. */
async function* tap(
  stream: AsyncIterable<Uint8Array>,
  onLine: ((line: string) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    yield chunk;
    if (onLine === undefined) continue;
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
}

/** What Deno prints about a module that it cannot load, as one line with a short path. */
function describeFailure(output: string): string {
  const wrongVariable = /ConfigError: (.+)/.exec(output)?.[1];
  if (wrongVariable !== undefined) return wrongVariable;
  const [, reason] =
    /^error: (?:Uncaught (?:\(in promise\) )?)?(?:TypeError: (?=SyntaxError))?(.+)/m.exec(output) ??
      [];
  if (reason === undefined) return output.trim();
  const [place = ""] = /file:\/\/\S+:\d+:\d+/.exec(output) ?? [];
  const text = reason.includes(place) ? reason : `${reason} at ${place}`;
  return text.replaceAll(ROOT, "");
}

/** The first line of a stream. */
async function readLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error("The process ended");
      text += new TextDecoder().decode(value);
    }
    return text.trim();
  } finally {
    reader.releaseLock();
  }
}

/** Resolves when the functions answer. @throws {Error} with the reason, if they cannot start. */
export async function startHost(options: HostOptions): Promise<Host> {
  return await followProcess(await spawnHost(options), options);
}

/**
 * Resolves when a process has printed its port, and appends its further output to a file.
 * @param process All of its streams are piped, and it ends when its input ends.
 * @throws {Error} with the reason, if it ends before.
 */
export async function followProcess(
  process: Deno.ChildProcess,
  { logFile, onLine }: Pick<HostOptions, "logFile" | "onLine">,
): Promise<Host> {
  let lastError = "";
  async function* errors() {
    for await (const chunk of process.stderr) {
      lastError = (lastError + new TextDecoder().decode(chunk)).slice(-2000);
      yield chunk;
    }
  }
  const logs = [append(tap(errors(), onLine), logFile)];
  const port = await readLine(process.stdout).then(Number, () => undefined);
  logs.push(append(tap(process.stdout, onLine), logFile));
  const release = guardProcess(process.pid, "SIGTERM");
  const ended = Promise.all([process.status, ...logs]).then(release);
  const closeInput = () => process.stdin.close().catch(() => {});
  if (port === undefined) {
    await ended;
    await closeInput();
    throw new Error(`The functions did not start: ${describeFailure(lastError)}`);
  }
  return {
    port,
    pid: process.pid,
    ended: ended.then(closeInput),
    async stop() {
      await closeInput();
      await ended;
    },
  };
}
