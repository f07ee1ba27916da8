import assert from "node:assert/strict";
import type { DatabaseClient } from "../database/client.ts";
import { createApp } from "./app.ts";
import { signedInUsers } from "./users.ts";

// Refusals are logged: not needed here.
Object.assign(console, { warn: () => {} });

Deno.test("only the excepted path itself is open: a parameter with its name opens no route", async () => {
  const database = {} as DatabaseClient;
  const app = createApp("shops", { callers: signedInUsers(database, { except: ["/callback"] }) });
  const calls: string[] = [];
  app.all("*", (c) => {
    calls.push(c.req.path);
    return c.body(null, 204);
  });
  const statusOf = async (path: string) => (await app.request(path)).status;
  assert.equal(await statusOf("/shops/callback"), 204);
  for (const path of ["/shops/items/callback", "/shops/xcallback", "/shops/callback/x", "/shops"]) {
    assert.equal(await statusOf(path), 401, path);
  }
  assert.deepEqual(calls, ["/shops/callback"]);
});
