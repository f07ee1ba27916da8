/** Attacks on the operator's session: `/console/api` without a link, from other sites, and with wrong keys. */
import assert from "node:assert/strict";
import { createConsoleApi } from "./app.ts";
import { FunctionMeter } from "./function_meter.ts";
import { OperatorSessions } from "./operator_sessions.ts";

const ORIGIN = "http://127.0.0.1:54321";
const SECRET_KEY = "sb_secret_sample";

/** An API whose database fails the test if anything reaches it. */
function makeApi() {
  const calls: string[] = [];
  const reach = (what: string) => () => {
    calls.push(what);
    return Promise.reject(new Error(what));
  };
  const sessions = new OperatorSessions({ secretKey: SECRET_KEY });
  const app = createConsoleApi({
    // deno-lint-ignore no-explicit-any -- only query is called
    pool: { query: reach("database"), connect: reach("database") } as any,
    sessions,
    meter: new FunctionMeter(),
    logFile: "/nonexistent",
    readHealth: reach("health"),
    runWorker: reach("worker"),
    stripe: () => undefined,
    turnedMonths: { count: () => 0, add: reach("month") },
    ...{ samples: [], samplePassword: "local-password", seedCommand: "task db:seed" },
  });
  const call = (method: string, path: string, headers: HeadersInit = {}, body?: string) =>
    Promise.resolve(app.request(`${ORIGIN}${path}`, { method, headers, ...(body && { body }) }));
  return { app, calls, call, sessions };
}

type Api = ReturnType<typeof makeApi>;

function signIn({ call }: Api, token: string, headers: HeadersInit = {}) {
  const body = JSON.stringify({ token });
  const json = { "content-type": "application/json", ...headers };
  return call("POST", "/console/api/session", json, body);
}

Deno.test("every route of the operator is refused without a session, and reads nothing", async () => {
  const api = makeApi();
  const routes = api.app.routes.filter(({ method, path }) =>
    method !== "ALL" && path.startsWith("/console/api/operator/")
  );
  assert.ok(routes.length >= 8);
  for (const { method, path } of routes) {
    const target = path.replace(/:id\{[^}]*\}/, "1");
    for (const cookie of ["", "creatorflow_operator_54321=x", "creatorflow_operator_54321="]) {
      const response = await api.call(method, target, { cookie });
      assert.equal(response.status, 401, target);
      assert.equal((await response.json()).code, "operator_signed_out");
    }
  }
  assert.deepEqual(api.calls, []);
});

Deno.test("a link becomes a session once, in a cookie that no script and no other site can use", async () => {
  const api = makeApi();
  const token = api.sessions.issueLink();
  const response = await signIn(api, token);
  assert.equal(response.status, 200);
  const cookie = response.headers.get("set-cookie") ?? "";
  assert.match(cookie, /^creatorflow_operator_54321=[0-9a-f]{64};/);
  for (const attribute of ["HttpOnly", "SameSite=Strict", "Path=/console/api"]) {
    assert.ok(cookie.includes(attribute), cookie);
  }
  assert.doesNotMatch(JSON.stringify(await response.json()), /[0-9a-f]{64}|sb_secret/);
  assert.equal((await signIn(api, token)).status, 401, "a second time");

  const session = { cookie: cookie.slice(0, cookie.indexOf(";")) };
  assert.equal((await api.call("GET", "/console/api/operator/functions", session)).status, 200);
  await api.call("DELETE", "/console/api/session", session);
  assert.equal((await api.call("GET", "/console/api/operator/functions", session)).status, 401);
});

Deno.test("pages of other sites can neither sign in nor change the world", async () => {
  const api = makeApi();
  const token = api.sessions.issueLink();
  for (const foreign of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
    assert.equal((await signIn(api, token, foreign)).status, 403);
    for (const change of ["month", "search"]) {
      const response = await api.call("POST", `/console/api/world/${change}`, foreign);
      assert.equal(response.status, 403);
    }
  }
  const text = { "content-type": "text/plain" };
  const plain = await api.call("POST", "/console/api/session", text, JSON.stringify({ token }));
  assert.ok(plain.status >= 400 && plain.status < 500, "a form of another site sends text");
  assert.deepEqual(api.calls, []);
  assert.equal((await signIn(api, token)).status, 200, "the link was not used up");
});

Deno.test("only the secret key makes a link", async () => {
  const api = makeApi();
  for (const headers of [{}, { apikey: "" }, { apikey: "sb_publishable_sample" }]) {
    const response = await api.call("POST", "/console/api/operator-links", headers);
    assert.equal(response.status, 403);
    assert.equal((await response.json()).path, undefined);
  }
  const response = await api.call("POST", "/console/api/operator-links", { apikey: SECRET_KEY });
  const { path } = await response.json();
  assert.equal((await signIn(api, path.split("#")[1])).status, 200);
});
