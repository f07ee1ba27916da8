import assert from "node:assert/strict";
import type { DatabaseClient } from "../../shared/database/client.ts";
import { createHealthApp } from "./app.ts";

// Refusals are logged: not needed here.
Object.assign(console, { warn: () => {}, error: () => {} });

const SECRET = "sb_secret_a";
const HEALTH = { status: "warning", version: "1", checked_at: "2026-11-29T00:00:00Z", figures: [] };

/** The function over a database that answers as `answer` says, and a clock that stands still. */
function startHealth(answer: { status: string; error?: { code: string } }) {
  const calls: string[] = [];
  const clock = { time: 0 };
  const rpc = (name: string) => {
    calls.push(name);
    const data = name === "read_health" ? HEALTH : { status: answer.status, version: "1" };
    const result = Promise.resolve(
      answer.error ? { data: null, error: answer.error } : { data, error: null },
    );
    return Object.assign(result, { abortSignal: () => result });
  };
  const app = createHealthApp({
    secretKeys: [SECRET],
    database: { rpc } as unknown as DatabaseClient,
    now: () => clock.time,
  });
  const call = async (headers: Record<string, string> = {}, query = "") => {
    const response = await app.request(`/health${query}`, { headers });
    const body = response.headers.get("content-type")?.includes("json")
      ? await response.json()
      : await response.text();
    return { status: response.status, body };
  };
  return { app, calls, clock, call };
}

Deno.test("anyone gets the status: one database call in 5 s for any number of callers, then a new one", async () => {
  const answer = { status: "healthy" };
  const { app, calls, clock, call } = startHealth(answer);
  const healthy = { status: 200, body: { status: "healthy", version: "1" } };
  const first = [{}, { apikey: "sb_publishable_a" }, { authorization: `Bearer ${SECRET}` }];
  for (const headers of first) assert.deepEqual(await call(headers), healthy);
  assert.equal((await app.request("/health", { method: "HEAD" })).status, 200);
  answer.status = "critical";
  clock.time = 4999;
  assert.deepEqual(await Promise.all([call(), call()]), [healthy, healthy]);
  assert.deepEqual(calls, ["read_health_status"]);

  clock.time = 5000;
  const critical = { status: 503, body: { status: "critical", version: "1" } };
  assert.deepEqual(await Promise.all([call(), call()]), [critical, critical]);
  assert.equal(calls.length, 2);

  answer.status = "healthy";
  clock.time = 10_000;
  assert.deepEqual(await call(), healthy);
});

Deno.test("without an answer of the database anyone gets 503 unavailable, an operator a problem", async () => {
  const { call } = startHealth({ status: "healthy", error: { code: "57P03" } });
  assert.deepEqual(await call(), { status: 503, body: { status: "unavailable", version: null } });
  const { status, body } = await call({ apikey: SECRET });
  assert.deepEqual([status, body.code], [503, "health_unavailable"]);
});

Deno.test("a secret key gets the figures, measured each time; a wrong key gets nothing", async () => {
  const { calls, call } = startHealth({ status: "healthy" });
  const wrong = await call({ apikey: `${SECRET}x` });
  assert.deepEqual([wrong.status, wrong.body.code], [403, "secret_key_refused"]);
  const odd = await call({ apikey: SECRET }, "?format=xml");
  assert.deepEqual([odd.status, odd.body.code], [400, "invalid_format"]);
  assert.deepEqual(calls, []);

  assert.deepEqual(await call({ apikey: SECRET }), { status: 200, body: HEALTH });
  const metrics = await call({ apikey: SECRET }, "?format=openmetrics");
  assert.match(metrics.body, /\n# EOF\n$/);
  assert.deepEqual(calls, ["read_health", "read_health"]);
});
