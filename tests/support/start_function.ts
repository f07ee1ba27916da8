/**
 * Starts one function, sends it a request without credentials, and starts it again without each variable:
 * `deno run start_function.ts <entrypoint> <variable>...`. Prints a `FunctionStart` as JSON.
 */
import type { Hono } from "hono";

export interface FunctionStart {
  /** Status of the response to the request. */
  status: number;
  /** The error of the start without the variable, by variable; `null` if it starts. */
  errors: Record<string, string | null>;
}

// Lines of the function do not belong to what this prints.
// deno-lint-ignore no-console -- stdout carries the result
Object.assign(console, { info: console.error });

const [entrypoint = "", ...variables] = Deno.args;
const { default: app } = await import(entrypoint) as { default: Hono };
const route = app.routes.find(({ method }) => method !== "ALL");
const request = new Request(`http://host${route?.path}`, { method: route?.method ?? "GET" });
const { status } = await app.fetch(request);

const errors: FunctionStart["errors"] = {};
for (const name of variables) {
  const value = Deno.env.get(name) ?? "";
  Deno.env.delete(name);
  // Another query is another module: the function starts once more.
  errors[name] = await import(`${entrypoint}?without=${name}`).then(() => null, String);
  Deno.env.set(name, value);
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ status, errors })));
Deno.exit(0);
