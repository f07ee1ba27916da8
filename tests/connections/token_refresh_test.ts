/** tiktok-token-refresh: one refresh for each login at a time; a refused login does not stay active. */
import assert from "node:assert/strict";
import { refreshDueLogins } from "../../shared/tiktok/connections/refresh_due_logins.ts";
import { connectionStates, signUp } from "../support/oauth.ts";
import {
  addLogin,
  dependenciesOf,
  expireTokensIn,
  makeRefreshesDue,
  reconnect,
  runTokenRefresh,
  storedTokens,
} from "../support/logins.ts";
import { sampleSize } from "../support/sample_size.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** Workers at once, and due logins; two thirds of them have two shops. */
const WORKERS = sampleSize({ gate: 10, long: 50 });
const LOGINS = sampleSize({ gate: 24, long: 120 });
const SHOPS = LOGINS * 5 / 3;

const NONE = { refreshed: 0, superseded: 0, waiting: 0, needs_reauth: 0, expired: 0 };

async function connectLogins(stack: TestStack, logins: number[]) {
  const backend = dependenciesOf(stack);
  const seller = await signUp(stack);
  const openIds: string[] = [];
  for (const shops of logins) openIds.push(await addLogin(stack, backend, seller.id, shops));
  return { backend, seller, openIds };
}

/** Every active shop holds the pair that TikTok knows as the newest of its login. */
async function assertNewest(stack: TestStack, keys: Parameters<typeof storedTokens>[1]) {
  for (const { openId, ...pair } of await storedTokens(stack, keys)) {
    assert.deepEqual(pair, stack.tiktok.newestTokens(openId));
  }
}

test(`${WORKERS} parallel workers refresh ${LOGINS} logins with ${SHOPS} shops once each, and store the newest pairs`, async (stack) => {
  const backend = dependenciesOf(stack);
  const seller = await signUp(stack);
  const sizes = Array.from({ length: LOGINS }, (_, n) => n < LOGINS * 2 / 3 ? 2 : 1);
  for (let n = 0; n < sizes.length; n += 10) {
    await Promise.all(
      sizes.slice(n, n + 10).map((shops) => addLogin(stack, backend, seller.id, shops)),
    );
  }
  assert.equal((await stack.sql`select from public.tiktok_shops`).length, SHOPS);
  await expireTokensIn(stack);

  const summaries = await Promise.all(
    Array.from({ length: WORKERS }, () => runTokenRefresh(stack)),
  );

  const total = (outcome: string) =>
    summaries.reduce((sum, entry) => sum + (entry[outcome] ?? 0), 0);
  assert.equal(total("refreshed"), LOGINS);
  assert.equal(total("waiting") + total("superseded") + total("needs_reauth"), 0);
  assert.equal(stack.tiktok.refreshes.length, LOGINS);
  assert.equal(new Set(stack.tiktok.refreshes).size, LOGINS);
  assert.equal(
    stack.tiktok.tokenRequests.filter((request) => request.path.endsWith("/refresh")).length,
    LOGINS,
    "and no call that TikTok refused",
  );
  const stored = await storedTokens(stack, backend.keys);
  assert.equal(stored.length, SHOPS);
  await assertNewest(stack, backend.keys);
  assert.deepEqual(await runTokenRefresh(stack), NONE);
});

test("tokens that expire within a day are refreshed, oldest first; others are not", async (stack) => {
  const { backend, openIds } = await connectLogins(stack, [1, 1, 1]);
  const [late, soon, far] = openIds as [string, string, string];
  const end = (openId: string, hours: number) =>
    stack.sql`
    update public.tiktok_shops set token_expires_at = now() + make_interval(hours => ${hours})
    where open_id = ${openId}`;
  await Promise.all([end(late, 23), end(soon, -5), end(far, 25)]);
  const summary = await refreshDueLogins(backend, { concurrency: 1 });
  assert.deepEqual(summary, { ...NONE, refreshed: 2 });
  assert.deepEqual(stack.tiktok.refreshes, [soon, late]);
  await assertNewest(stack, backend.keys);
});

test("the time budget ends the claiming; the remaining logins are left to the next run", async (stack) => {
  const { backend } = await connectLogins(stack, [1, 1, 1, 1]);
  await expireTokensIn(stack);
  let now = 0;
  const summary = await refreshDueLogins(backend, {
    concurrency: 1,
    budgetMs: 25,
    now: () => now += 10,
  });
  assert.deepEqual(summary, { ...NONE, refreshed: 2 });
  assert.equal(stack.tiktok.refreshes.length, 2);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, refreshed: 2 });
});

/** Runs the token refresh and kills the function's process at this moment; another one starts. */
async function killDuringRefresh(
  stack: TestStack,
  kind: "late" | "hang",
  moment: string,
  isReached: () => boolean,
): Promise<void> {
  const refresh = { path: "/api/v2/token/refresh", delayMs: 60_000, count: 1 };
  stack.tiktok.faults.add({ ...refresh, kind });
  const pid = stack.functionHostPid();
  const call = runTokenRefresh(stack).catch((error) => error);
  await until(moment, () => Promise.resolve(isReached()));
  Deno.kill(pid, "SIGKILL");
  assert.ok(await call instanceof Error);
  await until(
    "another function host runs",
    () => Promise.resolve(stack.functionHostPid() > 0 && stack.functionHostPid() !== pid),
  );
}

test("after kill -9 between TikTok's response and the commit, the login needs a new authorization", async (stack) => {
  const { backend, openIds } = await connectLogins(stack, [2]);
  await expireTokensIn(stack);
  await killDuringRefresh(
    stack,
    "late",
    "TikTok has issued a new pair",
    () => stack.tiktok.refreshes.length === 1,
  );

  // Until the lease ends no other worker may refresh: the killed one might still be running.
  assert.deepEqual(await runTokenRefresh(stack), NONE);
  assert.equal((await storedTokens(stack, backend.keys)).length, 2);
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, needs_reauth: 1 });
  const states = await connectionStates(stack);
  assert.ok(states.every((state) => state.endsWith("needs_reauth token_refused")), String(states));
  assert.equal(states.length, 2);

  // It costs no further call, and the seller can connect again.
  const requests = stack.tiktok.tokenRequests.length;
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), NONE);
  assert.equal(stack.tiktok.tokenRequests.length, requests);
  const [row] = await stack.sql`select user_id from private.tiktok_logins`;
  await reconnect(stack, backend, row?.user_id, openIds[0] as string);
  assert.equal((await storedTokens(stack, backend.keys)).length, 2);
  await assertNewest(stack, backend.keys);
});

test("after kill -9 before TikTok processed the request, the next run refreshes the login", async (stack) => {
  const { backend } = await connectLogins(stack, [2]);
  await expireTokensIn(stack);
  await killDuringRefresh(
    stack,
    "hang",
    "the request has arrived at TikTok",
    () => stack.tiktok.tokenRequests.length === 2,
  );
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, refreshed: 1 });
  await assertNewest(stack, backend.keys);
});

test("a database that is unreachable for a moment does not lose the new pair", async (stack) => {
  const { backend } = await connectLogins(stack, [1]);
  await expireTokensIn(stack);
  const signature = "store_refreshed_logins(jsonb)";
  await stack.sql.unsafe(`revoke execute on function public.${signature} from service_role`);
  const run = runTokenRefresh(stack);
  await until("storing has failed", async () => {
    const logs = await Deno.readTextFile(`${stack.data}/logs/functions.log`);
    return logs.includes("new tokens not stored yet");
  });
  await stack.sql.unsafe(`grant execute on function public.${signature} to service_role`);
  assert.deepEqual(await run, { ...NONE, refreshed: 1 });
  await assertNewest(stack, backend.keys);
});

test("after outages and rate limits the old tokens stay and the login waits; other logins are refreshed", async (stack) => {
  const { backend } = await connectLogins(stack, [1, 1, 1, 1, 1]);
  await expireTokensIn(stack);
  const path = "/api/v2/token/refresh";
  const before = await storedTokens(stack, backend.keys);
  stack.tiktok.faults.add({ path, kind: "html", count: 1 });
  stack.tiktok.faults.add({ path, kind: "internal", count: 1 });
  stack.tiktok.faults.add({ path, kind: "rate_limit", retryAfterSeconds: 600, count: 1 });
  const summary = await runTokenRefresh(stack);
  assert.deepEqual(summary, { ...NONE, refreshed: 2, waiting: 3 });
  assert.ok((await connectionStates(stack)).every((state) => state.endsWith(" active")));
  const logins = await stack.sql`
    select refresh_failures, refresh_refusals, last_refresh_error,
      extract(epoch from refresh_not_before - now())::float as wait
    from private.tiktok_logins where refresh_failures > 0 order by wait desc`;
  assert.equal(logins.length, 3);
  const [limited, ...others] = logins;
  assert.ok(limited?.wait > 590 && limited?.wait <= 600, "TikTok's own wait counts");
  for (const login of others) assert.ok(login.wait > 10 && login.wait <= 30, login.wait);
  for (const login of logins) {
    assert.equal(login.refresh_refusals, 0);
    assert.doesNotMatch(login.last_refresh_error, /app_secret|TTP_|http:/);
  }
  const kept = (await storedTokens(stack, backend.keys))
    .filter((pair) => before.some((old) => old.refreshToken === pair.refreshToken));
  assert.equal(kept.length, 3);

  assert.deepEqual(await runTokenRefresh(stack), NONE, "not before their wait has ended");
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, refreshed: 3 });
  await assertNewest(stack, backend.keys);
});

test("TikTok's refusals of a refresh end the connection, and cost no second call", async (stack) => {
  const { openIds } = await connectLogins(stack, [2, 1, 1]);
  const [withdrawn, expired, good] = openIds as [string, string, string];
  await expireTokensIn(stack);
  const shop = stack.tiktok.state.all("shops").find((entry) => entry.openId === withdrawn);
  stack.tiktok.deauthorize(shop?.id as string);
  const token = stack.tiktok.newestTokens(expired)?.refreshToken as string;
  stack.tiktok.state.put("refreshTokens", token, { openId: expired, expiresAt: 1 });
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, refreshed: 1, needs_reauth: 2 });
  const codes = stack.tiktok.tokenRequests.filter((request) => request.path.endsWith("/refresh"))
    .map((request) => request.code).sort();
  assert.deepEqual(codes, [0, 36004001, 36004005]);
  assert.deepEqual(stack.tiktok.refreshes, [good]);
  await expireTokensIn(stack);
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, refreshed: 1 });
  const rows = await stack.sql`
    select from public.tiktok_shops where connection_status <> 'active'
      and status_reason = 'token_refused' and access_token is null and refresh_token is null`;
  assert.equal(rows.length, 3);
});

test("an expired authorization ends without a call; a lost response ends with the next refresh", async (stack) => {
  const { openIds } = await connectLogins(stack, [1, 1]);
  const [expired] = openIds as [string, string];
  await expireTokensIn(stack);
  await stack.sql`
    update public.tiktok_shops set refresh_token_expires_at = now() where open_id = ${expired}`;
  stack.tiktok.faults.add({ path: "/api/v2/token/refresh", kind: "lost", count: 1 });
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, expired: 1, waiting: 1 });
  assert.equal(stack.tiktok.tokenRequests.filter((r) => r.path.endsWith("/refresh")).length, 1);
  await makeRefreshesDue(stack);
  assert.deepEqual(await runTokenRefresh(stack), { ...NONE, needs_reauth: 1 });
  const states = (await connectionStates(stack)).map((state) =>
    state.split(" ").slice(1).join(" ")
  );
  assert.deepEqual(states.sort(), [
    "needs_reauth authorization_expired",
    "needs_reauth token_refused",
  ]);
});

test("a seller who connects again during a refresh keeps the newer pair", async (stack) => {
  const { backend, seller, openIds } = await connectLogins(stack, [2]);
  await expireTokensIn(stack);
  stack.tiktok.faults.add({
    path: "/api/v2/token/refresh",
    kind: "late",
    delayMs: 60_000,
    count: 1,
  });
  const run = runTokenRefresh(stack);
  await until(
    "TikTok has issued a new pair",
    () => Promise.resolve(stack.tiktok.refreshes.length === 1),
  );
  await reconnect(stack, backend, seller.id, openIds[0] as string);
  stack.tiktok.faults.close();
  assert.deepEqual(await run, { ...NONE, superseded: 1 });
  assert.equal((await storedTokens(stack, backend.keys)).length, 2);
  await assertNewest(stack, backend.keys);
});

test("only a secret key may call tiktok-token-refresh", async (stack) => {
  const { seller } = await connectLogins(stack, [1]);
  await expireTokensIn(stack);
  const url = `${stack.env.SUPABASE_URL}/functions/v1/tiktok-token-refresh`;
  const secret = stack.env.SUPABASE_SECRET_KEY;
  for (
    const [status, init] of [
      [401, { method: "POST" }],
      [401, { method: "POST", headers: { authorization: `Bearer ${secret}` } }],
      [401, { method: "POST", headers: { authorization: `Bearer ${seller.accessToken}` } }],
      [403, { method: "POST", headers: { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY } }],
      [405, { method: "GET", headers: { apikey: secret } }],
    ] as [number, RequestInit][]
  ) {
    const response = await fetch(url, init);
    assert.equal(response.status, status);
    await response.body?.cancel();
  }
  assert.equal(stack.tiktok.refreshes.length, 0);
});
