/**
 * Process that runs the functions, as the hosted edge runtime does: `deno run local/functions/host.ts
 * <config.toml>`. Listens on a free port of 127.0.0.1 and prints it. Ends when its standard input ends,
 * so that it never outlives the stack that started it.
 */
import { readFunctionConfig } from "./config.ts";

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

/** Answers when nothing is active. No function can have this name: the gateway does not pass it on. */
const IDLE_PATH = "/_idle";

type Fetch = (request: Request) => Response | Promise<Response>;

async function loadFunctions(configPath: string): Promise<Map<string, Fetch>> {
  const functions = new Map<string, Fetch>();
  for (const { name, entrypoint } of await readFunctionConfig(configPath)) {
    const module = await import(entrypoint) as { default?: { fetch?: Fetch } };
    const fetch = module.default?.fetch;
    if (typeof fetch !== "function") {
      throw new Error(`${name}: its module has no "export default { fetch }"`);
    }
    functions.set(name, fetch);
  }
  return functions;
}

async function waitForEndOfInput(): Promise<void> {
  for await (const _ of Deno.stdin.readable) { /* nothing is ever sent */ }
}

if (import.meta.main) {
  const functions = await loadFunctions(Deno.args[0] as string);
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
  }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === IDLE_PATH) {
      await allEnded();
      return new Response(null, { status: 204 });
    }
    const fetch = functions.get(pathname.split("/")[1] ?? "");
    // The stack calls functions of the same config only.
    if (fetch === undefined) return new Response(null, { status: 404 });
    const response = Promise.resolve(fetch(request));
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
