/** Keeps the function host running: starts it, passes requests on, starts it anew when it dies. */
import { join } from "node:path";

export interface FunctionProcess {
  /** The process at present; another one after a crash. */
  pid(): number;
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

export interface FunctionProcessOptions {
  /** Of the functions' config.toml. */
  configPath: string;
  env: Record<string, string>;
  /** Gets the process's log. */
  logFile: string;
  /** Gets the id of the process at present, for those who want to kill it. */
  pidFile?: string;
  /** The longest wait before the next start after crashes in a row, in ms. @default {5000} */
  maxDelayMs?: number;
  /** Is told of a crash. */
  onCrash?: (message: string) => void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

interface Host {
  port: number;
  pid: number;
  process: Deno.ChildProcess;
  ended: Promise<void>;
}

/** Appends as it comes; `pipeTo` would keep it until the process ends. */
async function append(stream: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, append: true, mode: 0o600 });
  for await (const chunk of stream) await file.write(chunk);
}

/** The first line of the output. */
async function readLine(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The process ended");
    text += new TextDecoder().decode(value);
  }
  return text.trim();
}

async function spawn(options: FunctionProcessOptions): Promise<Host> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      join(import.meta.dirname as string, "host.ts"),
      options.configPath,
    ],
    clearEnv: true,
    env: { NO_COLOR: "1", ...pick(["PATH", "HOME", "DENO_DIR", "LANG"]), ...options.env },
    // Ctrl-C reaches the whole process group: the stack ends this process itself, by closing its input.
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let lastError = "";
  async function* errors() {
    for await (const chunk of process.stderr) {
      lastError = (lastError + new TextDecoder().decode(chunk)).slice(-2000);
      yield chunk;
    }
  }
  const logs = [append(errors(), options.logFile)];
  const reader = process.stdout.getReader();
  const port = await readLine(reader).then(Number, () => undefined);
  reader.releaseLock();
  logs.push(append(process.stdout, options.logFile));
  const ended = Promise.all([process.status, ...logs]).then(() => {});
  if (port === undefined) {
    await ended;
    const wrongVariable = /ConfigError: (.+)/.exec(lastError)?.[1];
    throw new Error(`The functions did not start: ${wrongVariable ?? lastError.trim()}`);
  }
  return { port, pid: process.pid, process, ended };
}

function pick(names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, Deno.env.get(name) ?? ""]).filter(([, v]) => v),
  );
}

function unavailable(): Response {
  return new Response(
    JSON.stringify({ code: "starting", message: "The functions are starting." }),
    {
      status: 503,
      headers: { "content-type": "application/json", "retry-after": "1" },
    },
  );
}

/** The process is gone that had the request. */
function diedMeanwhile(): Response {
  const message = "The functions ended while they worked on this: nobody knows how far they came.";
  return Response.json({ code: "worker_ended", message }, { status: 502 });
}

/** Resolves when the functions answer. @throws {Error} with what they said, if they cannot start. */
export async function startFunctionProcess(
  options: FunctionProcessOptions,
): Promise<FunctionProcess> {
  let stopping = false;
  let host: Host | undefined;
  const wake = Promise.withResolvers<void>();

  async function startHost(): Promise<Host> {
    host = await spawn(options);
    if (options.pidFile) await Deno.writeTextFile(options.pidFile, `${host.pid}\n`);
    return host;
  }

  async function supervise(current: Host): Promise<void> {
    const maxDelay = options.maxDelayMs ?? MAX_DELAY_MS;
    for (let delay = FIRST_DELAY_MS;; delay = Math.min(delay * 2, maxDelay)) {
      const startedAt = Date.now();
      await current.ended;
      if (stopping) return;
      await current.process.stdin.close().catch(() => {});
      host = undefined;
      options.onCrash?.("The function host died; starting it again.");
      if (Date.now() - startedAt > MAX_DELAY_MS) delay = FIRST_DELAY_MS;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([new Promise((r) => timer = setTimeout(r, delay)), wake.promise]);
      clearTimeout(timer);
      if (stopping) return;
      try {
        current = await startHost();
      } catch (error) {
        options.onCrash?.((error as Error).message);
        current = { ...current, ended: Promise.resolve() };
      }
    }
  }

  const supervision = supervise(await startHost());

  return {
    pid: () => host?.pid ?? 0,
    async fetch(request) {
      if (host === undefined) return unavailable();
      const { pathname, search } = new URL(request.url);
      const path = pathname.replace(/^\/functions\/v1/, "");
      try {
        // Not `new Request(url, request)`: it would take over a signal that ends with the response.
        return await fetch(`http://127.0.0.1:${host.port}${path}${search}`, {
          method: request.method,
          headers: request.headers,
          body: request.body,
          redirect: "manual",
        });
      } catch {
        return diedMeanwhile();
      }
    },
    async stop() {
      stopping = true;
      wake.resolve();
      const current = host;
      if (current !== undefined) {
        await current.process.stdin.close().catch(() => {});
        await current.ended;
      }
      await supervision;
    },
  };
}
