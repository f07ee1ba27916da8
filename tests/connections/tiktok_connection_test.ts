/** Calls of a connected shop: expired tokens, and TikTok's webhooks about the authorization. */
import assert from "node:assert/strict";
import { ShopConnection } from "../../shared/tiktok/connections/shop_connection.ts";
import { TikTokError } from "../../shared/tiktok/api/errors.ts";
import { getOrders, searchOrders } from "../../shared/tiktok/api/orders.ts";
import { connectionStates, signUp } from "../support/oauth.ts";
import {
  addLogin,
  connectionOf,
  dependenciesOf,
  makeRefreshesDue,
  reconnect,
  runTokenRefresh,
  storedTokens,
} from "../support/logins.ts";
import {
  connectNewSeller,
  connectSeller,
  failedEvent,
  letTimePass,
  postWebhook,
  pushTime,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

async function scene(stack: TestStack, shopCount = 1) {
  const backend = dependenciesOf(stack);
  const seller = await signUp(stack);
  const openId = await addLogin(stack, backend, seller.id, shopCount);
  return { backend, seller, openId, stored: await connectionOf(stack, openId) };
}

const openIdOf = (stack: TestStack, shopId: string) =>
  stack.tiktok.state.get("shops", shopId)?.openId as string;

test("20 parallel calls with an expired token cause one refresh, and all succeed", async (stack) => {
  const { backend, openId, stored } = await scene(stack, 3);
  stack.tiktok.expireAccessToken(openId);
  const order = stack.tiktok.addOrder({ shopId: stored.shop_id });
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      () =>
        new ShopConnection(backend, stored).call((access) =>
          getOrders(backend.tiktok, access, [order.id])
        ),
    ),
  );
  assert.ok(answers.every(({ orders }) => orders.has(order.id)));
  assert.deepEqual(stack.tiktok.refreshes, [openId]);
  for (const { openId: _, ...pair } of await storedTokens(stack, backend.keys)) {
    assert.deepEqual(pair, stack.tiktok.newestTokens(openId), "for all shops of the login");
  }
});

test("20 parallel webhooks with an expired token cause one refresh, and every order is stored", async (stack) => {
  const seller = await connectSeller(stack);
  await stack.sql`
    update public.plans set monthly_order_limit = 100 where monthly_order_limit < 100`;
  stack.tiktok.expireAccessToken(openIdOf(stack, seller.shopId));
  const orders = Array.from({ length: 20 }, () => stack.tiktok.addOrder({ shopId: seller.shopId }));
  const answers = await stack.tiktok.sendShuffled(orders, { concurrency: 20 });
  assert.deepEqual(answers, Array(20).fill(200));
  assert.deepEqual(await settledEvents(stack), { done: 20 });
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 20);
  assert.equal(stack.tiktok.refreshes.length, 1);
});

test("a call is repeated once, with the pair that another worker stored meanwhile", async (stack) => {
  const { backend, seller, openId, stored } = await scene(stack);
  await reconnect(stack, backend, seller.id, openId);
  for (const [token] of stack.tiktok.state.entries("accessTokens").slice(0, -1)) {
    stack.tiktok.state.put("accessTokens", token, { openId, expiresAt: 1 });
  }
  await new ShopConnection(backend, stored).call((access) =>
    getOrders(backend.tiktok, access, ["1"])
  );
  assert.deepEqual(stack.tiktok.refreshes, [], "it was fresh already");
});

test("36009004 refreshes the token only if its message names the access token", async (stack) => {
  const { backend, openId, stored } = await scene(stack);
  const connection = new ShopConnection(backend, stored);
  const bad = connection.call((access) =>
    searchOrders(backend.tiktok, access, { from: 1, to: 2, pageSize: 101 })
  );
  await assert.rejects(bad, (error) => error instanceof TikTokError && error.code === 36009004);
  assert.deepEqual(stack.tiktok.refreshes, []);

  // TikTok no longer knows the access token, but the refresh token.
  for (const [token] of stack.tiktok.state.entries("accessTokens")) {
    stack.tiktok.state.delete("accessTokens", token);
  }
  await connection.call((access) => getOrders(backend.tiktok, access, ["1"]));
  assert.deepEqual(stack.tiktok.refreshes, [openId]);
});

test("a token that is refused directly after it was issued is not refreshed repeatedly", async (stack) => {
  const { backend, stored } = await scene(stack);
  stack.tiktok.faults.add({ path: "/order/", kind: "expired" });
  const call = () =>
    new ShopConnection(backend, stored).call((access) => getOrders(backend.tiktok, access, ["1"]));
  await assert.rejects(call(), /105002/);
  const later = await connectionOf(stack, stack.tiktok.refreshes[0] as string);
  for (let n = 0; n < 5; n++) {
    await assert.rejects(
      new ShopConnection(backend, later).call((access) => getOrders(backend.tiktok, access, ["1"])),
      (error) => error instanceof TikTokError && error.retryAfterSeconds === 60,
    );
  }
  assert.equal(stack.tiktok.refreshes.length, 1);
});

test("a login that was deauthorized costs one refused refresh, however many webhooks arrive", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.deauthorize(seller.shopId);
  const orders = Array.from({ length: 30 }, () => stack.tiktok.addOrder({ shopId: seller.shopId }));
  await stack.tiktok.sendShuffled(orders, { concurrency: 10 });
  for (let run = 0; run < 3; run++) {
    await runEventWorker(stack);
    await letTimePass(stack);
    await makeRefreshesDue(stack);
  }
  await runEventWorker(stack);
  await runTokenRefresh(stack);
  const refused = stack.tiktok.tokenRequests.filter((r) => r.path.endsWith("/refresh"));
  assert.deepEqual(refused.map((request) => request.code), [36004005]);
  assert.deepEqual(await connectionStates(stack), [`${seller.shopId} needs_reauth token_refused`]);
  // The events wait until the seller connects again.
  assert.deepEqual(await settledEvents(stack), { ignored: 30 });
});

test("webhook 6 disconnects the shop, and a late one does not end the new connection", async (stack) => {
  const seller = await connectNewSeller(stack);
  const notice = stack.tiktok.deauthorize(seller.shopId);
  const early = { ...notice, id: ((BigInt(notice.id) >> 32n) - 60n << 32n).toString() };
  assert.equal(await stack.tiktok.send(early), 200);
  await settledEvents(stack);
  assert.deepEqual(
    await connectionStates(stack),
    [`${seller.shopId} active`],
    "from before connecting",
  );

  assert.equal(await stack.tiktok.send(notice), 200);
  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 1 });
  assert.deepEqual(await connectionStates(stack), [`${seller.shopId} disconnected deauthorized`]);
  const [row] = await stack.sql`select access_token, refresh_token from public.tiktok_shops`;
  assert.deepEqual({ ...row }, { access_token: null, refresh_token: null });
  assert.equal(await stack.tiktok.send(notice), 200);
  assert.equal(stack.tiktok.tokenRequests.filter((r) => r.path.endsWith("/refresh")).length, 0);
});

test("webhooks 6 and 7 whose id does not say when they happened may be of an older connection", async (stack) => {
  const { shopId } = await connectSeller(stack);
  const ends = async () => {
    const [shop] = await stack
      .sql`select refresh_token_expires_at::text as ends from public.tiktok_shops`;
    return shop?.ends;
  };
  const before = await ends();
  const soon = Math.floor(Date.now() / 1000) + 60;
  assert.equal(
    await stack.tiktok.send({ ...stack.tiktok.expirationNotice(shopId, soon), id: "77" }),
    200,
  );
  const data = { message: `Shop_id {${shopId}} is deauthorized from your APP by merchant.` };
  assert.equal(await stack.tiktok.send({ type: 6, shopId, id: "78", data }), 200);
  await settledEvents(stack);
  assert.deepEqual(await connectionStates(stack), [`${shopId} active`]);
  assert.equal(await ends(), before);

  stack.tiktok.deauthorize(shopId);
  assert.equal(await stack.tiktok.send({ type: 6, shopId, id: "79", data }), 200);
  await settledEvents(stack);
  assert.deepEqual(await connectionStates(stack), [`${shopId} disconnected deauthorized`]);
});

/** Webhook 6 without a notification id, as it was pushed so many seconds ago. */
async function postDeauthorization(stack: TestStack, shop_id: string, age: number): Promise<void> {
  const data = { message: `Shop_id {${shop_id}} is deauthorized from your APP by merchant.` };
  const body = JSON.stringify({ type: 6, shop_id, timestamp: pushTime() - age, data });
  const response = await postWebhook(stack, body);
  assert.equal(response.status, 200);
  await response.body?.cancel();
}

test("attack: a deauthorization without TikTok's id erases tokens only if TikTok confirms it", async (stack) => {
  const { shopId } = await connectSeller(stack);
  const shops = "/authorization/202309/shops";
  await postDeauthorization(stack, shopId, 30);
  assert.deepEqual(await settledEvents(stack), { ignored: 1 });
  const [event] = await stack.sql`select reason from private.webhook_events`;
  assert.equal(event?.reason, "still_authorized");

  stack.tiktok.faults.add({ path: shops, kind: "internal" });
  await postDeauthorization(stack, shopId, 20);
  await failedEvent(stack);
  assert.deepEqual(await connectionStates(stack), [`${shopId} active`], "TikTok did not say");
  stack.tiktok.faults.clear();

  stack.tiktok.deauthorize(shopId);
  await postDeauthorization(stack, shopId, 10);
  await letTimePass(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.deepEqual(await connectionStates(stack), [`${shopId} disconnected deauthorized`]);
  const [row] = await stack.sql`select access_token, refresh_token from public.tiktok_shops`;
  assert.deepEqual({ ...row }, { access_token: null, refresh_token: null });
});

test("attack: a late notice of an older authorization's end does not end a new connection", async (stack) => {
  const { shopId } = await connectSeller(stack);
  const ends = async () => {
    const [shop] = await stack
      .sql`select refresh_token_expires_at as ends from public.tiktok_shops`;
    return shop?.ends.getTime();
  };
  const before = await ends();
  const notice = (timestamp: number) =>
    JSON.stringify({
      ...{ type: 7, shop_id: shopId, timestamp },
      data: { expiration_time: String(timestamp + 60) },
    });
  await (await postWebhook(stack, notice(pushTime() - 30))).body?.cancel();
  assert.deepEqual(await settledEvents(stack), { ignored: 1 });
  assert.equal(await ends(), before);

  // Connected longer ago than TikTok's last retry: the notice cannot be about an older connection.
  await stack.sql`update public.tiktok_shops set connected_at = now() - interval '17 hours'`;
  const later = pushTime();
  await (await postWebhook(stack, notice(later))).body?.cancel();
  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 1 });
  assert.equal(await ends(), (later + 60) * 1000);
});

test("webhook 7 sets the date for all shops of the login, and records an analytics event", async (stack) => {
  const { seller, stored } = await scene(stack, 2);
  const end = Math.floor(Date.now() / 1000) + 20 * 86400;
  assert.equal(await stack.tiktok.send(stack.tiktok.expirationNotice(stored.shop_id, end)), 200);
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  const rows = await stack.sql`
    select distinct extract(epoch from refresh_token_expires_at)::int as ends from public.tiktok_shops`;
  assert.deepEqual(rows.map((row) => row.ends), [end]);
  const { data } = await seller.client.from("analytics_events").select("event_type, properties");
  assert.deepEqual(data?.map((event) => event.event_type), ["authorization_expiring"]);
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/tiktok-oauth/shops`, {
    headers: { authorization: `Bearer ${seller.accessToken}` },
  });
  const { shops } = await response.json();
  assert.match(shops[0].message, /expires on \w+ \d+, \d{4}\. Connect again before then/);

  const wrong = {
    ...stack.tiktok.expirationNotice(stored.shop_id, end),
    data: { expiration_time: "soon" },
  };
  assert.equal(await stack.tiktok.send(wrong), 200);
  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 1 });
});

test("an order is stored later when its token cannot be refreshed for a while", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.expireAccessToken(openIdOf(stack, seller.shopId));
  stack.tiktok.faults.add({ path: "/api/v2/token/refresh", kind: "html" });
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await failedEvent(stack);
  stack.tiktok.faults.clear();
  await makeRefreshesDue(stack);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
});
