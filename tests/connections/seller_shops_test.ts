/** tiktok-oauth: a seller lists and disconnects their shops; a shop moves to another account. */
import assert from "node:assert/strict";
import type { Seller } from "../../local/stack/seller.ts";
import { SUBSCRIBED_TOPICS } from "../../shared/tiktok/webhooks/subscriptions.ts";
import {
  callOAuth,
  complete,
  connectionStates,
  connectLogin,
  installFromStore,
  signUp,
} from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";
import { runEventWorker, settledEvents, settleTasks, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const OPEN_ID = "a-login";
const SHOPS = ["7480000000000011001", "7480000000000011002"] as const;
const TAKEN = { status: "failed", code: "shop_taken" };

interface Shop {
  id: string;
  shop_id: string;
  status: string;
  reason: string | null;
  message: string;
  expires_at: string;
}

async function listShops(stack: TestStack, seller: Seller): Promise<Shop[]> {
  return (await callOAuth(stack, "GET", "/shops", { seller })).json.shops as Shop[];
}

async function deleteShop(stack: TestStack, seller: Seller, id: string) {
  return await callOAuth(stack, "DELETE", `/shops/${id}`, { seller });
}

async function ordersOf(seller: Seller) {
  return (await seller.client.from("orders").select("tiktok_order_id, order_status")).data;
}

/** A seller whose login owns these shops, all connected; the first has an order. */
async function connectShopsOf(stack: TestStack, shopIds: readonly string[]) {
  const seller = await signUp(stack);
  for (const id of shopIds) stack.tiktok.addShop({ id, openId: OPEN_ID });
  assert.equal((await connectLogin(stack, seller, OPEN_ID)).status, "connected");
  await settleTasks(stack);
  const order = stack.tiktok.addOrder({ shopId: shopIds[0] as string });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  return { seller, order };
}

function subscriptionCount(stack: TestStack, shopId: string): number {
  return stack.tiktok.state.all("subscriptions").filter((entry) => entry.shopId === shopId).length;
}

test("GET /shops describes the seller's shops in words, without tokens", async (stack) => {
  const { seller } = await connectShopsOf(stack, SHOPS);
  const other = await signUp(stack);

  const shops = await listShops(stack, seller);

  assert.deepEqual(
    shops.map((shop) => [shop.status, shop.reason]),
    Array(2).fill(["active", null]),
  );
  const [first] = shops as [Shop];
  assert.match(first.message, /^Connected\./);
  assert.ok(Date.parse(first.expires_at) > Date.UTC(2100, 0));
  const text = JSON.stringify(shops);
  for (const secret of ["token", "cipher", "TTP_", "v1."]) {
    assert.ok(!text.includes(secret), secret);
  }
  assert.deepEqual(await listShops(stack, other), []);
});

test("DELETE of another seller's shop, or of an unknown one, is 404 and changes nothing", async (stack) => {
  const { seller } = await connectShopsOf(stack, SHOPS);
  const other = await signUp(stack);
  const [{ id }] = await listShops(stack, seller) as [Shop];

  for (const wrong of [id, crypto.randomUUID(), "1", "%00", `${id}x`]) {
    const refused = await deleteShop(stack, other, wrong);
    assert.deepEqual([refused.status, refused.json.code], [404, "shop_not_found"], wrong);
  }

  assert.deepEqual(await connectionStates(stack), SHOPS.map((shop) => `${shop} active`));
});

test("DELETE erases the shop's tokens, unsubscribes its webhooks, and keeps its orders", async (stack) => {
  const { seller } = await connectShopsOf(stack, SHOPS);
  const [first, second] = await listShops(stack, seller) as [Shop, Shop];

  assert.equal((await deleteShop(stack, seller, first.id)).status, 204);
  assert.equal((await deleteShop(stack, seller, first.id)).status, 204, "again is as good as once");

  const [row] = await stack.sql`
    select access_token, refresh_token, webhook_url from public.tiktok_shops where id = ${first.id}`;
  assert.deepEqual({ ...row }, { access_token: null, refresh_token: null, webhook_url: null });
  await until(
    "the webhooks are unsubscribed",
    () => Promise.resolve(subscriptionCount(stack, first.shop_id) === 0),
  );
  assert.equal(subscriptionCount(stack, second.shop_id), SUBSCRIBED_TOPICS.length);
  assert.equal((await ordersOf(seller))?.length, 1);
  const after = new Map((await listShops(stack, seller)).map((shop) => [shop.id, shop]));
  assert.match(after.get(first.id)?.message ?? "", /You disconnected this shop/);
  assert.equal(after.get(second.id)?.status, "active");
});

test("an order of a disconnected shop is stored when the shop is connected again", async (stack) => {
  const { seller } = await connectShopsOf(stack, SHOPS);
  const [first] = await listShops(stack, seller) as [Shop];
  await deleteShop(stack, seller, first.id);

  const late = stack.tiktok.addOrder({ shopId: first.shop_id });
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(late)), 200);
  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 1 });
  await connectLogin(stack, seller, OPEN_ID);
  await settleTasks(stack);
  await settledEvents(stack);

  const shops = await listShops(stack, seller);
  assert.equal(shops.find((shop) => shop.id === first.id)?.status, "active");
  assert.equal((await ordersOf(seller))?.length, 2);
});

test("a login with a shop of another account is refused with all its shops", async (stack) => {
  await connectShopsOf(stack, [SHOPS[0]]);
  const other = await signUp(stack);
  stack.tiktok.addShop({ id: SHOPS[1], openId: OPEN_ID });

  assert.deepEqual(await connectLogin(stack, other, OPEN_ID), TAKEN);
  const { claim } = await installFromStore(stack, OPEN_ID);
  assert.equal((await complete(stack, other, claim)).status, 200);
  const answer = await complete(stack, other, claim, true);

  assert.deepEqual([answer.status, answer.json.code], [409, "shop_taken"]);
  // Right for a login with one shop, too.
  assert.match(String(answer.json.detail), /has a shop that another account has connected/);
  assert.deepEqual(
    await connectionStates(stack),
    [`${SHOPS[0]} active`],
    "not the free shop either",
  );
});

test("a disconnected shop moves to another account; each account has its own orders", async (stack) => {
  const { seller: former, order } = await connectShopsOf(stack, [SHOPS[0]]);
  const next = await signUp(stack);
  stack.tiktok.addShop({ id: SHOPS[1], openId: OPEN_ID });
  const [own] = await listShops(stack, former) as [Shop];
  assert.equal((await deleteShop(stack, former, own.id)).status, 204);

  assert.deepEqual(await connectLogin(stack, next, OPEN_ID), { status: "connected" });
  await settleTasks(stack);
  await settledEvents(stack);

  assert.deepEqual(await connectionStates(stack), [
    `${SHOPS[0]} active`,
    `${SHOPS[0]} transferred connected_elsewhere`,
    `${SHOPS[1]} active`,
  ]);
  const before = [{ tiktok_order_id: order.id, order_status: "awaiting_shipment" }];
  assert.deepEqual(await ordersOf(former), before);
  assert.deepEqual(await ordersOf(next), before);
  const delivered = stack.tiktok.changeOrder(order.id, "DELIVERED");
  await stack.tiktok.send(stack.tiktok.notificationOf(delivered));
  await settledEvents(stack);
  assert.equal((await ordersOf(next))?.[0]?.order_status, "delivered");
  assert.deepEqual(await ordersOf(former), before, "no updates for the former account");
  assert.deepEqual(await connectLogin(stack, former, OPEN_ID), TAKEN);
});

test("a shop that comes back to its former account brings the orders that waited there when it left", async (stack) => {
  const former = await signUp(stack);
  const shopId = SHOPS[0];
  stack.tiktok.addShop({ id: shopId, openId: OPEN_ID });
  // The plan has ten places, so two orders wait.
  for (let n = 0; n < 12; n++) stack.tiktok.addOrder({ shopId });
  await connectLogin(stack, former, OPEN_ID);
  await settleTasks(stack);
  assert.deepEqual(await settledEvents(stack), { done: 10, held: 2 });
  await deleteShop(stack, former, (await listShops(stack, former))[0]?.id ?? "");

  const next = await signUp(stack);
  await subscribe(stack, next.id, "starter");
  await connectLogin(stack, next, OPEN_ID);
  await settleTasks(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal((await ordersOf(next))?.length, 12, "the account that has the shop stores them");
  await deleteShop(stack, next, (await listShops(stack, next))[0]?.id ?? "");
  await subscribe(stack, former.id, "starter");
  await connectLogin(stack, former, OPEN_ID);
  await settleTasks(stack);
  await settledEvents(stack);

  assert.equal((await ordersOf(former))?.length, 12);
});
