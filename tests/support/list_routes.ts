/**
 * Prints the routes of every function as JSON: `deno run list_routes.ts <config.toml>`. A process of its own,
 * because functions read the environment at their start.
 */
import type { Hono } from "hono";
import { readFunctionConfig } from "../../local/functions/config.ts";
import type { FunctionRoute } from "./function_routes.ts";

const routes = new Map<string, FunctionRoute>();
for (const { name, entrypoint } of await readFunctionConfig(Deno.args[0] as string)) {
  const { default: app } = await import(entrypoint) as { default: Hono };
  for (const { method, path } of app.routes) {
    // ALL is middleware.
    if (method === "ALL") continue;
    // A limit is a handler of its own, in front of the route's.
    const key = `${method} ${path}`;
    routes.set(key, { function: name, method, path, isLimited: routes.has(key) });
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify([...routes.values()])));
Deno.exit(0);
