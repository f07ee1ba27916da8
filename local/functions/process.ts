/** The function host as the stack sees it: always running, started again after a crash or a change. */
import { setTimeout as sleep } from "node:timers/promises";
import { type FunctionConfig, readFunctionConfig } from "./config.ts";
import { forward, unavailable } from "./forward.ts";
import { type Host, type HostOptions, startHost } from "./host_process.ts";

export interface FunctionProcess {
  /** The process at present; another one after a crash or a reload. */
  pid(): number;
  /** The functions that it runs. */
  config(): FunctionConfig[];
  fetch(request: Request): Promise<Response>;
  /**
   * Starts the functions again from their files. The former process answers until the next one does, and then
   * ends its work. @throws {Error} with the reason, if they cannot start: the former process stays.
   */
  reload(): Promise<void>;
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

interface Running {
  host: Host;
  config: FunctionConfig[];
  /** Requests that were passed on and have no answer yet. */
  active: Set<Promise<Response>>;
}

class SupervisedHost implements FunctionProcess {
  readonly #options: FunctionProcessOptions;
  readonly #onCrash: (message: string) => void;
  readonly #stopping = new AbortController();
  /** Processes that still end their work, or are started again. */
  readonly #pending = new Set<Promise<unknown>>();
  #running: Running | undefined;
  #config: FunctionConfig[] = [];
  #delay = FIRST_DELAY_MS;

  constructor(options: FunctionProcessOptions) {
    this.#options = options;
    this.#onCrash = options.onCrash ?? (() => {});
  }

  pid(): number {
    return this.#running?.host.pid ?? 0;
  }

  config(): FunctionConfig[] {
    return this.#config;
  }

  async fetch(request: Request): Promise<Response> {
    if (this.#running === undefined) return unavailable();
    const { host, active } = this.#running;
    const answer = forward(request, host.port);
    active.add(answer);
    try {
      return await answer;
    } finally {
      active.delete(answer);
    }
  }

  async reload(): Promise<void> {
    const config = await readFunctionConfig(this.#options.configPath);
    const host = await startHost(this.#options);
    if (this.#stopping.signal.aborted) return await host.stop();
    const former = this.#running;
    this.#running = { host, config, active: new Set() };
    this.#config = config;
    this.#track(this.#follow(host));
    if (former) this.#track(this.#retire(former));
    await this.#writePid(host.pid);
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }

  /** Lets the requests of a replaced process end. */
  async #retire({ host, active }: Running): Promise<void> {
    const stopped = new Promise((resolve) => {
      this.#stopping.signal.addEventListener("abort", resolve, { once: true });
    });
    await Promise.race([Promise.allSettled(active), stopped]);
    await host.stop();
  }

  async #follow(host: Host): Promise<void> {
    const startedAt = Date.now();
    await host.ended;
    if (this.#stopping.signal.aborted || this.#running?.host !== host) return;
    this.#running = undefined;
    if (Date.now() - startedAt > MAX_DELAY_MS) this.#delay = FIRST_DELAY_MS;
    this.#onCrash("The function host ended unexpectedly; starting it again.");
    await this.#startAgain();
  }

  /** Until a host runs: this one, or that of a reload. */
  async #startAgain(): Promise<void> {
    const { signal } = this.#stopping;
    const { maxDelayMs = MAX_DELAY_MS } = this.#options;
    while (true) {
      await sleep(this.#delay, undefined, { signal }).catch(() => {});
      this.#delay = Math.min(this.#delay * 2, maxDelayMs);
      if (signal.aborted || this.#running !== undefined) return;
      try {
        return await this.reload();
      } catch (error) {
        this.#onCrash((error as Error).message);
      }
    }
  }

  /** Only people read it: the functions run without it. */
  async #writePid(pid: number): Promise<void> {
    const { pidFile } = this.#options;
    if (pidFile === undefined) return;
    await Deno.writeTextFile(pidFile, `${pid}\n`).catch(({ message }: Error) => {
      this.#onCrash(`${pidFile} was not written: ${message}`);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.host.stop();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}

/** Resolves when the functions answer. @throws {Error} with the reason, if they cannot start. */
export async function startFunctionProcess(
  options: FunctionProcessOptions,
): Promise<FunctionProcess> {
  const process = new SupervisedHost(options);
  await process.reload();
  return process;
}
