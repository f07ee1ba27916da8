/**
 * Process that runs the functions, as the hosted edge runtime does: `deno run local/functions/host.ts
 * <functions> start|first_request`, which says when each function is loaded. Listens on a free port of
 * 127.0.0.1 and prints it. Ends when its standard input ends: it never outlives the stack that started it.
 * The functions come as JSON, because the libraries that read a config.toml double the time of its start.
 */
import type { FunctionConfig } from "./config.ts";
import { readForwarded } from "./forward.ts";
import type { FunctionLoading } from "./host_process.ts";

const SHUTDOWN_MS = 5000;

/** Requests and background work that have not ended yet. */
const active = new Set<Promise<unknown>>();

function track(promise: Promise<unknown>): void {
  const tracked = promise.catch(() => {}).finally(() => active.delete(tracked));
  active.add(tracked);
}

async function allEnded(): Promise<void> {
  while (active.size > 0) await Promise.all(active);
}

Object.assign(globalThis, { EdgeRuntime: { waitUntil: track } });

/**
 * Answers when nothing is active, and writes its query to both outputs: lines before it are in the log.
 * No function can have this name: the gateway does not pass it on.
 */
const IDLE_PATH = "/_idle";

/** As before the end of a worker, the functions write the counts of lines that they have left out. */
function endLines(mark: string): void {
  dispatchEvent(new Event("beforeunload"));
  // deno-lint-ignore no-console -- standard output
  console.info(mark);
  // deno-lint-ignore no-console -- standard error
  console.error(mark);
}

type Fetch = (request: Request) => Response | Promise<Response>;

async function loadFunction({ name, entrypoint }: FunctionConfig): Promise<Fetch> {
  const module = await import(entrypoint) as { default?: { fetch?: Fetch } };
  const fetch = module.default?.fetch;
  if (typeof fetch === "function") return fetch;
  throw new Error(`${name}: its module has no "export default { fetch }"`);
}

/** Loads a function at its first call; later calls wait for the same load. */
function loadOnce(config: FunctionConfig): () => Promise<Fetch> {
  let loaded: Promise<Fetch> | undefined;
  return () => loaded ??= loadFunction(config);
}

/** The response of the hosted runtime if a function does not start. */
function bootError(name: string, error: unknown): Response {
  // deno-lint-ignore no-console -- the log of the functions
  console.error(`${name} did not start: ${(error as Error).stack ?? error}`);
  return Response.json({ code: "BOOT_ERROR", message: "Function failed to start" }, {
    status: 503,
  });
}

async function waitForEndOfInput(): Promise<void> {
  for await (const _ of Deno.stdin.readable) { /* nothing is ever sent */ }
}

if (import.meta.main) {
  const [configs, loading] = Deno.args as [string, FunctionLoading];
  const functions = new Map(
    (JSON.parse(configs) as FunctionConfig[]).map((config) => [config.name, loadOnce(config)]),
  );
  if (loading === "start") { for (const load of functions.values()) await load(); }
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
  }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === IDLE_PATH) {
      await allEnded();
      endLines(new URL(readForwarded(request).url).search);
      return new Response(null, { status: 204 });
    }
    const name = pathname.split("/")[1] ?? "";
    const load = functions.get(name);
    // The stack calls functions of the same config only.
    if (load === undefined) return new Response(null, { status: 404 });
    const response = load().then(
      (fetch) => fetch(readForwarded(request)),
      (error) => bootError(name, error),
    );
    track(response);
    return await response;
  });
  await waitForEndOfInput();
  await Promise.race([
    server.shutdown().then(allEnded),
    new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS)),
  ]);
  Deno.exit(0);
}
