import assert from "node:assert/strict";
import type { DatabaseClient } from "../database/client.ts";
import { createApp } from "./app.ts";
import { limitRequests } from "./request_limits.ts";
import type { User } from "./users.ts";

// Refusals are logged: not needed here.
Object.assign(console, { warn: () => {} });

const USER = { id: "a0000000-0000-4000-8000-000000000001" } as User;

/** An app with one limited route, and the requests that it counted and answered. */
function limitedApp(retryAfterSeconds: number | null) {
  const counted: unknown[] = [];
  const answered: string[] = [];
  const rpc = (_name: string, args: unknown) => {
    counted.push(args);
    return Promise.resolve({ data: { retry_after_seconds: retryAfterSeconds }, error: null });
  };
  const app = createApp<{ user: User }>("shipments", {
    callers: [(c, next) => {
      c.set("user", USER);
      return next();
    }],
    limits: limitRequests({ rpc } as unknown as DatabaseClient, ["POST /shipments/rates"]),
  });
  const answer = (path: string) =>
    app.post(path, (c) => {
      answered.push(c.req.path);
      return c.body(null, 204);
    });
  for (const path of ["/rates", "/"]) answer(path);
  return { app, counted, answered };
}

Deno.test("a call over the limit is 429 with Retry-After, and its route does not run", async () => {
  const { app, counted, answered } = limitedApp(17);
  // Every way of writing the path.
  for (const path of ["/shipments/rates", "/shipments/rates/", "/shipments/%72ates"]) {
    const response = await app.request(path, { method: "POST" });
    assert.equal(response.status, 429, path);
    assert.equal(response.headers.get("retry-after"), "17");
    assert.equal((await response.json()).code, "too_many_requests");
  }
  assert.deepEqual(answered, []);
  assert.deepEqual(counted[0], { p_user_id: USER.id, p_route: "POST /shipments/rates" });
});

Deno.test("a call within the limit runs, and other routes are not counted", async () => {
  const { app, counted, answered } = limitedApp(null);
  assert.equal((await app.request("/shipments/rates", { method: "POST" })).status, 204);
  assert.equal((await app.request("/shipments", { method: "POST" })).status, 204);
  assert.equal((await app.request("/shipments/rates", { method: "PUT" })).status, 405);
  assert.deepEqual(answered, ["/shipments/rates", "/shipments"]);
  assert.equal(counted.length, 1);
});
