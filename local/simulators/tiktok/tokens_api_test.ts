/** Lifetime of the simulated TikTok's tokens. */
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { fixture } from "../../../tests/support/fulfillment.ts";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import { TikTokSimulator } from "./simulator.ts";

const SHOPS = "/authorization/202309/shops";
const SECOND = NOW / 1000;
const DAY = 86_400;

Deno.test("a code works once and for 30 minutes; the token exchange answers errors with HTTP 200", async () => {
  const caller = new Caller();
  const code = caller.simulator.authorize("1");
  assert.equal((await caller.exchange(code, { app_secret: "wrong" })).code, 98001004);
  assert.equal((await caller.exchange(code, { grant_type: "authorization_code" })).code, 98001004);
  const granted = await caller.exchange(code);
  assert.equal(granted.code, 0);
  assert.equal(granted.data.access_token_expire_in, NOW / 1000 + 7 * 86400);
  assert.ok(granted.data.refresh_token_expire_in as number > 2 ** 32);
  const again = await caller.exchange(code);
  assert.deepEqual([again.status, again.code], [200, 36004004]);

  const late = caller.simulator.authorize("1");
  caller.now += 30 * 60_000;
  assert.equal((await caller.exchange(late)).code, 36004004);
  const post = await caller.simulator.fetch(
    new Request("http://tiktok/api/v2/token/get", { method: "POST", body: "{}" }),
  );
  assert.equal(post.status, 404);
});

Deno.test("a refresh gives a new pair, and the old refresh token stops working at once", async () => {
  const caller = new Caller();
  const { refresh_token } = await caller.connect("1");
  const fresh = await caller.refresh(refresh_token);
  assert.equal(fresh.code, 0);
  assert.notEqual(fresh.data.refresh_token, refresh_token);
  assert.equal((await caller.refresh(refresh_token)).code, 36004005);
  assert.equal((await caller.refresh(fresh.data.refresh_token)).code, 0);
});

Deno.test("a refresh does not extend the authorization, and is refused after its end", async () => {
  const caller = new Caller();
  const first = await caller.connect("1");
  assert.equal(first.access_token_expire_in, SECOND + 7 * DAY);
  assert.equal(first.refresh_token_expire_in, SECOND + 99 * 365 * DAY);

  caller.now += 8 * DAY * 1000;
  assert.equal((await caller.call(SHOPS, first.access_token, {})).code, 105002);
  const { data: second } = await caller.refresh(first.refresh_token);
  assert.equal(second.access_token_expire_in, SECOND + 15 * DAY);
  assert.equal(second.refresh_token_expire_in, first.refresh_token_expire_in);
  assert.equal((await caller.call(SHOPS, second.access_token, {})).code, 0);

  caller.now = (first.refresh_token_expire_in as number) * 1000;
  const late = await caller.refresh(second.refresh_token);
  assert.deepEqual([late.status, late.code, late.data], [200, 36004001, undefined]);
  assert.deepEqual(caller.simulator.refreshes, ["one"]);
});

Deno.test("a new authorization ends the login's earlier refresh tokens, and no access token", async () => {
  const caller = new Caller();
  const before = await caller.connect("1");
  const other = await caller.connect("3");
  const after = await caller.connect("2");
  const refused = await caller.refresh(before.refresh_token);
  assert.deepEqual([refused.code, refused.data], [36004005, undefined]);
  assert.deepEqual(caller.simulator.refreshes, []);
  assert.equal((await caller.call(SHOPS, before.access_token, {})).code, 0);
  assert.equal((await caller.refresh(other.refresh_token)).code, 0);
  assert.equal((await caller.refresh(after.refresh_token)).code, 0);
  assert.deepEqual(caller.simulator.refreshes, ["other", "one"]);
});

Deno.test("every call of the auth host is recorded without tokens and secrets", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const code = simulator.authorize("1");
  await caller.exchange(code, { app_secret: "wrong" });
  const { data } = await caller.exchange(code);
  await caller.exchange(code);
  await caller.refresh(data.refresh_token);
  await caller.refresh(data.refresh_token);
  await (await caller.fetch("/api/v2/token/refresh", { method: "POST" })).body?.cancel();
  const refreshToken = createHash("sha256").update(String(data.refresh_token)).digest("hex").slice(
    0,
    16,
  );
  assert.deepEqual(simulator.tokenRequests, [
    { path: "/api/v2/token/get", code: 98001004 },
    { path: "/api/v2/token/get", code: 0, openId: "one" },
    { path: "/api/v2/token/get", code: 36004004 },
    { path: "/api/v2/token/refresh", code: 0, openId: "one", refreshToken },
    { path: "/api/v2/token/refresh", code: 36004005, refreshToken },
    { path: "/api/v2/token/refresh", code: null },
  ]);
  assert.deepEqual(simulator.refreshes, ["one"]);
});

Deno.test("the newest tokens are those of the last answer, and survive a restart", async () => {
  const journalPath = await Deno.makeTempFile();
  const caller = new Caller({ journalPath });
  assert.equal(caller.simulator.newestTokens("one"), undefined);
  const { refresh_token } = await caller.connect("1");
  const { data } = await caller.refresh(refresh_token);
  const newest = { accessToken: data.access_token, refreshToken: data.refresh_token };
  assert.deepEqual(caller.simulator.newestTokens("one"), newest);
  assert.equal(caller.simulator.newestTokens("other"), undefined);
  caller.simulator.expireAccessToken("one");
  assert.deepEqual(caller.simulator.newestTokens("one"), newest);
  caller.simulator.close();

  const again = new TikTokSimulator({ appKey: "k", appSecret: "s", webhookUrl: "", journalPath });
  assert.deepEqual(again.newestTokens("one"), newest);
  again.close();
  await Deno.remove(journalPath);
});

Deno.test("expired access tokens are refused, and a refresh gives a valid one", async () => {
  const caller = new Caller();
  const one = await caller.connect("1");
  const other = await caller.connect("3");
  caller.simulator.expireAccessToken("one");
  const refused = await caller.call(SHOPS, one.access_token, {});
  assert.deepEqual([refused.code, refused.status, refused.data], [105002, 401, null]);
  assert.deepEqual(caller.simulator.calls, []);
  assert.equal((await caller.call(SHOPS, other.access_token, {})).code, 0);
  const { data } = await caller.refresh(one.refresh_token);
  assert.equal((await caller.call(SHOPS, data.access_token, {})).code, 0);
});

Deno.test("a deauthorization ends all tokens and codes of the login until the next authorization", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const one = await caller.connect("1");
  const other = await caller.connect("3");
  const code = simulator.authorize("1");
  const notification = simulator.deauthorize("2");
  assert.equal(notification.type, 6);
  assert.equal(notification.shopId, "2");
  assert.deepEqual(notification.data, {
    message: "Shop_id {2} is deauthorized from your APP by merchant.",
  });

  const refused = await caller.call(SHOPS, one.access_token, {});
  assert.deepEqual([refused.code, refused.status, refused.data], [36009004, 401, null]);
  assert.match(refused.message, /x-tts-access-token/);
  assert.equal((await caller.refresh(one.refresh_token)).code, 36004005);
  assert.equal((await caller.exchange(code)).code, 36004004);
  assert.equal(simulator.newestTokens("one"), undefined);
  assert.deepEqual([simulator.calls, simulator.refreshes], [[], []]);

  assert.equal((await caller.call(SHOPS, other.access_token, {})).code, 0);
  const { access_token } = await caller.connect("1");
  assert.equal((await caller.call(SHOPS, access_token, {})).code, 0);
  assert.throws(() => simulator.deauthorize("unknown"));
});

Deno.test("webhook 7 has the documented text, and its time as a string", async () => {
  const expected = await fixture("70-webhook-07-authorization-expiring");
  const { simulator } = new Caller();
  const expirationTime = Number(expected.data.expiration_time);
  const { type, data } = simulator.expirationNotice("1", expirationTime);
  assert.deepEqual([type, data.expiration_time], [7, expected.data.expiration_time]);
  const text = String(expected.data.message).replace(/shop_id \{\d+\}/, "shop_id {1}");
  assert.equal(data.message, text);
});

Deno.test("sellers grant the scopes of the Fulfillment API by default", async () => {
  const { granted_scopes } = await new Caller().connect("1");
  for (const scope of ["basic", "package.write"]) {
    assert.ok((granted_scopes as string[]).includes(`seller.fulfillment.${scope}`));
  }
  assert.ok((granted_scopes as string[]).includes("seller.logistics"));
});
