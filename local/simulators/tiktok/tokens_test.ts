/** How the tokens of the simulated TikTok live and die. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import { TikTokSimulator } from "./simulator.ts";

const SHOPS = "/authorization/202309/shops";
const SECOND = NOW / 1000;

Deno.test("a refresh does not extend the authorisation period, after which there is none", async () => {
  const caller = new Caller();
  caller.simulator.addLogin({ openId: "one", accessSeconds: 60, refreshSeconds: 1000 });
  const first = await caller.connect("1");
  assert.equal(first.access_token_expire_in, SECOND + 60);
  assert.equal(first.refresh_token_expire_in, SECOND + 1000);

  caller.now += 100_000;
  assert.equal((await caller.call(SHOPS, first.access_token, {})).code, 105002);
  const { data: second } = await caller.refresh(first.refresh_token);
  assert.equal(second.access_token_expire_in, SECOND + 160);
  assert.equal(second.refresh_token_expire_in, SECOND + 1000);
  assert.equal((await caller.call(SHOPS, second.access_token, {})).code, 0);

  caller.now += 900_000;
  const late = await caller.refresh(second.refresh_token);
  assert.deepEqual([late.status, late.code, late.data], [200, 36004001, undefined]);
  assert.deepEqual(caller.simulator.refreshes, ["one"]);
});

Deno.test("a new consent ends the login's refresh tokens of before, and no access token", async () => {
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

Deno.test("every call of the auth host is on record, without tokens and secrets", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const code = simulator.authorize("1");
  await caller.exchange(code, { app_secret: "wrong" });
  const { data } = await caller.exchange(code);
  await caller.exchange(code);
  await caller.refresh(data.refresh_token);
  await caller.refresh(data.refresh_token);
  await (await caller.fetch("/api/v2/token/refresh", { method: "POST" })).body?.cancel();
  assert.deepEqual(simulator.tokenRequests, [
    { path: "/api/v2/token/get", code: 98001004 },
    { path: "/api/v2/token/get", code: 0, openId: "one" },
    { path: "/api/v2/token/get", code: 36004004 },
    { path: "/api/v2/token/refresh", code: 0, openId: "one" },
    { path: "/api/v2/token/refresh", code: 36004005 },
    { path: "/api/v2/token/refresh", code: null },
  ]);
  assert.deepEqual(simulator.refreshes, ["one"]);
});

Deno.test("the newest tokens are those of the last answer, also from the journal", async () => {
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

Deno.test("expired access tokens are refused, and the refresh token gives a good one", async () => {
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

Deno.test("consent that is withdrawn ends all the login's tokens and codes, until it is given again", async () => {
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

Deno.test("the notice of expiry has the fixture's words, and its time as a string", async () => {
  const path = new URL(
    "fixtures/tiktok/70-webhook-07-authorization-expiring.json",
    import.meta.url,
  );
  const fixture = JSON.parse(await Deno.readTextFile(path));
  const { simulator } = new Caller();
  const expirationTime = Number(fixture.data.expiration_time);
  const { type, data, shopId } = simulator.expirationNotice(fixture.shop_id, expirationTime);
  assert.deepEqual([type, shopId, data], [7, fixture.shop_id, fixture.data]);
});
