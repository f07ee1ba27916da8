/** Who may call which route: every route of every function refuses callers that it does not expect. */
import assert from "node:assert/strict";
import { functionEnvironment } from "../../local/stack/environment.ts";
import { type FunctionProcess, startFunctionProcess } from "../../local/functions/process.ts";
import { readAllRows } from "../support/all_rows.ts";
import { HOST_CONFIG } from "../support/function_config.ts";
import { document } from "../support/openapi/document.ts";
import { type FunctionRoute, listRoutes } from "../support/function_routes.ts";
import { connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { test } from "../support/shared_stack.ts";

/**
 * Routes that anyone may call: TikTok's redirect of the seller's browser brings no credentials, and monitors
 * ask for the health.
 */
const OPEN_ROUTES = ["GET /tiktok-oauth/callback", "GET /health"];

/** Codes of the refusals, by status. Only Stripe's signature is a 400. */
const REFUSALS: Record<string, number[]> = {
  user_required: [401],
  invalid_token: [401],
  secret_key_required: [401],
  secret_key_refused: [403],
  invalid_signature: [400, 403],
};

function wrongCallers({ env }: TestStack): Record<string, Record<string, string>> {
  return {
    "without credentials": {},
    "with a wrong secret key": { apikey: "sb_secret_wrong" },
    "with the publishable key": { apikey: env.SUPABASE_PUBLISHABLE_KEY },
    "with the publishable key in place of a user token": {
      authorization: `Bearer ${env.SUPABASE_PUBLISHABLE_KEY}`,
    },
    "with the secret key in place of a user token": {
      authorization: `Bearer ${env.SUPABASE_SECRET_KEY}`,
    },
  };
}

async function callRoute(
  functions: FunctionProcess,
  { method, path }: FunctionRoute,
  id: string,
  headers: Record<string, string>,
): Promise<Response> {
  const url = `http://host/functions/v1${path.replace(/:\w+(\{[^}]*\})?/g, id)}`;
  const body = method === "GET" ? {} : { body: "{}" };
  const request = new Request(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...body,
  });
  return await functions.fetch(request);
}

async function isRefused(response: Response, route: FunctionRoute): Promise<boolean> {
  const text = await response.text();
  const { code } = response.status >= 400 ? JSON.parse(text) : { code: "" };
  if (response.status === 400 && route.function !== "stripe-webhooks") return false;
  return REFUSALS[code]?.includes(response.status) ?? false;
}

test("every route refuses callers without its credentials, and a refused call changes nothing", async (stack) => {
  const { shopId } = await connectSeller(stack);
  const [shop] = await stack.sql`select id from public.tiktok_shops where shop_id = ${shopId}`;
  const routes = await listRoutes(stack.env);
  await using own = new AsyncDisposableStack();
  // Past the gateway: the functions themselves must refuse.
  const functions = await startFunctionProcess({
    configPath: HOST_CONFIG,
    env: functionEnvironment(stack.env),
    logFile: `${stack.data}/logs/callers.log`,
  });
  own.defer(() => functions.stop());
  const before = await readAllRows(stack.sql);

  const open = new Set<string>();
  for (const route of routes) {
    for (const headers of Object.values(wrongCallers(stack))) {
      const response = await callRoute(functions, route, shop?.id, headers);
      if (!await isRefused(response, route)) open.add(`${route.method} ${route.path}`);
    }
  }
  // Stopping waits for background work.
  await own.disposeAsync();

  assert.ok(routes.length >= 20, "the functions declare their routes");
  assert.deepEqual([...open], OPEN_ROUTES);
  assert.deepEqual(await readAllRows(stack.sql), before);
});

test("docs/openapi.json has exactly the routes of the functions", async ({ env }) => {
  const declared = (await listRoutes(env)).map(({ method, path }) => {
    const template = path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}").replace(/\/$/, "");
    return `${method} ${template}`;
  });
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual(documented.toSorted(), declared.toSorted());
});
