import assert from "node:assert/strict";
import type { SupabaseConfig } from "../config.ts";
import { createApp } from "./app.ts";
import { DatabaseError } from "../database/errors.ts";
import { Problem } from "./problem.ts";
import { identifyUser, signedInUsers, tokenRefused } from "./users.ts";

// Refusals are logged: not needed here.
Object.assign(console, { warn: () => {} });

Deno.test("only the excepted path itself is open: a parameter with its name opens no route", async () => {
  const config = { url: "http://127.0.0.1:1", secretKey: "sb_secret_a" } as SupabaseConfig;
  const app = createApp("shops", { callers: signedInUsers(config, { except: ["/callback"] }) });
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

Deno.test("a token that was issued in the future is 401, as the database's API refuses it", async () => {
  const now = Math.floor(Date.now() / 1000);
  const identify = (iat: number | undefined) => {
    const claims = { sub: crypto.randomUUID(), role: "authenticated" };
    const headers = { authorization: "Bearer a.b.c" };
    return identifyUser(
      new Request("http://x/", { headers }),
      () => Promise.resolve({ ...claims, ...(iat !== undefined && { iat }) }),
    );
  };
  for (const iat of [undefined, now - 3600, now, now + 25]) assert.ok((await identify(iat)).id);
  for (const iat of [now + 60, now + 3600, 1e300]) {
    await assert.rejects(identify(iat), (error) => {
      assert.ok(error instanceof Problem);
      assert.deepEqual([error.status, error.code], [401, "invalid_token"]);
      return true;
    });
  }
});

Deno.test("a token that expires between two checks is 401; other errors of the database stay", () => {
  for (const code of ["PGRST301", "PGRST303"]) {
    const problem = tokenRefused(new DatabaseError("tiktok_shops", code));
    assert.deepEqual([problem?.status, problem?.code], [401, "token_expired"]);
  }
  for (const error of [new DatabaseError("x", "42501"), new DatabaseError("x", ""), new Error()]) {
    assert.equal(tokenRefused(error), undefined);
  }
});
