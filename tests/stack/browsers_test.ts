/** Calls from pages: every preflight allows the headers that the page's client wants to send. */
import assert from "node:assert/strict";
import { createClient, FunctionRegion } from "@supabase/supabase-js";
import { corsHeaders } from "@supabase/supabase-js/cors";
import reported from "../fixtures/reported/01-preflight-headers.json" with { type: "json" };
import { signUp } from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

const ORIGIN = "https://app.example";

/** One path of each API and of each function that a page calls. */
const PATHS = [
  "/rest/v1/orders?select=id",
  "/auth/v1/token?grant_type=password",
  "/functions/v1/account",
  "/functions/v1/billing/checkout",
  "/functions/v1/shipments/rates",
  "/functions/v1/tiktok-oauth/authorize",
];

const MONITORING = ["sentry-trace", "x-datadog-trace-id", "x-datadog-parent-id", "newrelic", "b3"];
const OURS = ["idempotency-key", "x-region", "x-retry-count", "x-any-header-of-tomorrow"];

function splitNames(list: string | null | undefined): string[] {
  return (list ?? "").toLowerCase().split(",").map((name) => name.trim()).filter(Boolean);
}

/** The headers that a preflight refuses. */
async function refusedHeaders(stack: TestStack, path: string, names: string[]): Promise<string[]> {
  const response = await fetch(stack.env.SUPABASE_URL + path, {
    method: "OPTIONS",
    headers: {
      origin: ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": names.join(","),
    },
  });
  await response.body?.cancel();
  assert.equal(response.status, 204, path);
  assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
  assert.match(response.headers.get("access-control-allow-methods") ?? "", /POST/, path);
  // A browser takes "*" for every header but authorization.
  const allowed = splitNames(response.headers.get("access-control-allow-headers"));
  const isAllowed = (name: string) =>
    allowed.includes(name) || (allowed.includes("*") && name !== "authorization");
  return names.filter((name) => !isAllowed(name));
}

test("a preflight allows the client's exported list, traces, regions and monitoring", async (stack) => {
  const exported = splitNames(corsHeaders["Access-Control-Allow-Headers"]);
  assert.ok(exported.includes("traceparent") && exported.includes("baggage"));
  for (const path of PATHS) {
    const names = [...exported, ...OURS, ...MONITORING];
    assert.deepEqual(await refusedHeaders(stack, path, names), [], path);
  }
});

test("a preflight allows every header that the client is seen to send", async (stack) => {
  const sent = new Map<string, Set<string>>();
  const client = createClient(stack.env.SUPABASE_URL, stack.env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      async fetch(input, init) {
        const request = new Request(input, init);
        const { pathname } = new URL(request.url);
        const names = sent.get(pathname) ?? new Set();
        for (const name of request.headers.keys()) names.add(name);
        sent.set(pathname, names);
        return await fetch(request);
      },
    },
  });
  await client.auth.signUp({ email: "ada@example.com", password: "a-password" });
  await client.from("orders").select("id", { count: "exact" }).range(0, 1);
  await client.from("users").upsert({ full_name: "Ada" });
  await client.rpc("get_dashboard_metrics");
  await client.functions.invoke("billing/checkout", { body: {}, region: FunctionRegion.EuWest1 });

  const all = [...sent.values()].flatMap((names) => [...names]);
  for (const name of ["apikey", "authorization", "prefer", "x-client-info", "x-region"]) {
    assert.ok(all.includes(name), `${name} was not seen`);
  }
  for (const [path, names] of sent) {
    assert.deepEqual(await refusedHeaders(stack, path, [...names]), [], path);
  }
});

test("attack: a session in a cookie, which a browser sends for another page, is not a credential", async (stack) => {
  const { accessToken } = await signUp(stack);
  const session = { cookie: `sb-access-token=${accessToken}; access_token=${accessToken}` };
  const own = { authorization: `Bearer ${accessToken}` };
  for (const path of PATHS.filter((path) => path.startsWith("/functions/"))) {
    const call = async (headers: Record<string, string>) => {
      const method = path.endsWith("/account") ? "DELETE" : "POST";
      const request = { method, headers: { origin: ORIGIN, ...headers }, body: "[]" };
      const response = await fetch(stack.env.SUPABASE_URL + path, request);
      await response.body?.cancel();
      return response.status;
    };
    assert.deepEqual([await call(session), await call(own)], [401, 400], path);
  }
});

test("the reported preflight with traceparent is answered", async (stack) => {
  const { input, right } = reported;
  const [method, path] = input.request.split(" ") as [string, string];
  const response = await fetch(stack.env.SUPABASE_URL + path, { method, headers: input.headers });
  await response.body?.cancel();
  assert.equal(response.status, right.status);
  const wanted = splitNames(input.headers["access-control-request-headers"]);
  const allowed = splitNames(response.headers.get("access-control-allow-headers"));
  assert.deepEqual(wanted.filter((name) => !allowed.includes(name)), []);
});

test("a page may read every answer, errors and the headers with counts and versions too", async (stack) => {
  const readable: Record<string, string[]> = {
    "/rest/v1/orders?select=id": ["content-range"],
    "/auth/v1/token?grant_type=password": ["x-supabase-api-version"],
    "/functions/v1/billing/checkout": ["x-request-id", "retry-after"],
  };
  for (const [path, names] of Object.entries(readable)) {
    const response = await fetch(stack.env.SUPABASE_URL + path, {
      method: "POST",
      headers: { origin: ORIGIN, apikey: stack.env.SUPABASE_PUBLISHABLE_KEY },
      body: "{}",
    });
    await response.body?.cancel();
    assert.ok(response.status >= 400, path);
    assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
    const exposed = splitNames(response.headers.get("access-control-expose-headers"));
    assert.deepEqual(names.filter((name) => !exposed.includes(name)), [], path);
  }
});
