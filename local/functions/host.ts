/**
 * Process that runs the functions, as the hosted edge runtime does: `deno run local/functions/host.ts
 * <config.toml>`. Listens on a free port of 127.0.0.1 and prints it. Ends when its standard input ends,
 * so that it never outlives the stack that started it.
 */
import { readFunctionConfig } from "./config.ts";

const DRAIN_MS = 5000;

const background = new Set<Promise<unknown>>();

Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>) {
      const kept = promise.catch(() => {}).finally(() => background.delete(kept));
      background.add(kept);
    },
  },
});

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
    const name = new URL(request.url).pathname.split("/")[1] ?? "";
    const fetch = functions.get(name);
    // The stack asks for functions of the same config only.
    if (fetch === undefined) return new Response(null, { status: 404 });
    return await fetch(request);
  });
  await waitForEndOfInput();
  await Promise.race([
    server.shutdown().then(() => Promise.all(background)),
    new Promise((resolve) => setTimeout(resolve, DRAIN_MS)),
  ]);
  Deno.exit(0);
}
