/**
 * Another function host, which a test may kill at an exact step: a proxy between it and the database
 * reports the progress of each call. Its functions wake its own event worker.
 */
import { functionEnvironment } from "../../local/stack/environment.ts";
import { startFunctionProcess } from "../../local/functions/process.ts";
import { HOST_CONFIG } from "./function_config.ts";
import type { TestStack } from "./stack.ts";
import { until } from "./until.ts";

export interface ObservedCall {
  method: string;
  path: string;
  phase: "arrived" | "executed";
}

export interface ObservedHost extends AsyncDisposable {
  /** Receives every call to the database; if it fails, the call is not made or not answered. */
  observe: ((call: ObservedCall) => void | Promise<void>) | undefined;
  /** Calls a function. 503 while the process is starting. */
  fetch(path: string, init: RequestInit): Promise<Response>;
  kill(): void;
  /** Resolves when the process after a killed one answers. */
  restarted(): Promise<void>;
}

/** @param variables Other values than those of the stack; `undefined` for a variable that is missing. */
export async function startObservedHost(
  stack: TestStack,
  variables: Record<string, string | undefined> = {},
): Promise<ObservedHost> {
  await using own = new AsyncDisposableStack();
  const gone = () => new Response(null, { status: 502 });
  const database = own.use(Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      if (pathname.startsWith("/functions/v1/")) return await functions.fetch(request);
      const body = await request.bytes();
      const call = { method, path: pathname };
      try {
        await host.observe?.({ ...call, phase: "arrived" });
      } catch {
        return gone();
      }
      const response = await fetch(`${stack.env.SUPABASE_URL}${pathname}${search}`, {
        method,
        headers,
        ...(method !== "GET" && method !== "HEAD" && { body }),
      });
      try {
        await host.observe?.({ ...call, phase: "executed" });
      } catch {
        await response.body?.cancel();
        return gone();
      }
      return response;
    },
  ));
  const env = {
    ...functionEnvironment(stack.env),
    SUPABASE_URL: `http://127.0.0.1:${database.addr.port}`,
    ...variables,
  };
  const functions = await startFunctionProcess({
    configPath: HOST_CONFIG,
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    logFile: `${stack.data}/logs/observed.log`,
    maxDelayMs: 100,
    loading: "first_request",
  });
  own.defer(() => functions.stop());
  const kept = own.move();
  let killed = 0;
  const host: ObservedHost = {
    observe: undefined,
    fetch: (path, init) => functions.fetch(new Request(`http://host/functions/v1${path}`, init)),
    kill() {
      killed = functions.pid();
      Deno.kill(killed, "SIGKILL");
    },
    async restarted() {
      await until(
        "another function host runs",
        () => Promise.resolve(functions.pid() > 0 && functions.pid() !== killed),
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  return host;
}
