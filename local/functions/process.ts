/** The function host as the stack sees it: always running, started again after a crash. */
import { setTimeout as sleep } from "node:timers/promises";
import { forward, unavailable } from "./forward.ts";
import { type Host, type HostOptions, startHost } from "./host_process.ts";

export interface FunctionProcess {
  /** The process at present; another one after a crash. */
  pid(): number;
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

export interface FunctionProcessOptions extends HostOptions {
  /** Receives the id of the process at present, for people who want to kill it. */
  pidFile?: string;
  /** The longest wait before the next start after crashes in a row, in ms. @default {5000} */
  maxDelayMs?: number;
  /** Receives a message about each crash, and about a `pidFile` that cannot be written. */
  onCrash?: (message: string) => void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/** Resolves when the functions answer. @throws {Error} with the reason, if they cannot start. */
export async function startFunctionProcess(
  options: FunctionProcessOptions,
): Promise<FunctionProcess> {
  const { onCrash = () => {}, maxDelayMs = MAX_DELAY_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let host: Host | undefined;

  async function start(): Promise<Host> {
    host = await startHost(options);
    if (options.pidFile) await writePid(options.pidFile, host.pid);
    return host;
  }

  /** Only people read it: the functions run without it. */
  async function writePid(path: string, pid: number): Promise<void> {
    await Deno.writeTextFile(path, `${pid}\n`).catch(({ message }: Error) => {
      onCrash(`${path} was not written: ${message}`);
    });
  }

  async function restartAfterCrashes(first: Host): Promise<void> {
    let current: Host | undefined = first;
    for (let delay = FIRST_DELAY_MS;; delay = Math.min(delay * 2, maxDelayMs)) {
      const startedAt = Date.now();
      await current?.ended;
      if (signal.aborted) return;
      host = undefined;
      onCrash("The function host ended unexpectedly; starting it again.");
      if (Date.now() - startedAt > MAX_DELAY_MS) delay = FIRST_DELAY_MS;
      await sleep(delay, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      current = await start().catch((error: Error) => {
        onCrash(error.message);
        return undefined;
      });
      if (signal.aborted) return await current?.stop();
    }
  }

  const supervision = restartAfterCrashes(await start());

  return {
    pid: () => host?.pid ?? 0,
    fetch: async (request) =>
      host === undefined ? unavailable() : await forward(request, host.port),
    async stop() {
      stopping.abort();
      await host?.stop();
      await supervision;
    },
  };
}
