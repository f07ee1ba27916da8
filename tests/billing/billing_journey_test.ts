/** A seller's whole way from the trial to a paid plan. */
import assert from "node:assert/strict";
import { callBilling, payCheckout, usageOf } from "../support/billing.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

test("a seller on trial with 10 orders and 5 held buys growth: the held orders are ingested, 15 of 500", async (stack) => {
  const seller = await connectSeller(stack);
  const orders = Array.from({ length: 15 }, () => stack.tiktok.addOrder({ shopId: seller.shopId }));
  for (const order of orders) await stack.tiktok.send(stack.tiktok.notificationOf(order));
  assert.deepEqual(await settledEvents(stack), { done: 10, held: 5 });
  const { month_ends_at, held_ship_by, labels: _, shops, ...before } = await usageOf(seller);
  assert.deepEqual(before, { used: 10, limit: 10, held: 5, held_to_ship: 5, not_counted: 0 });
  assert.deepEqual(shops, [{ shop_id: seller.shopId, used: 10 }]);
  assert.ok(Date.parse(String(held_ship_by)) > Date.now(), String(held_ship_by));

  const checkout = await callBilling(stack, seller, "/checkout", { plan: "growth" });
  assert.deepEqual([checkout.status, checkout.body.kind], [200, "checkout"]);
  await payCheckout(checkout.body.url);
  // No call of the event worker: the function that receives the webhook processes it.
  await until("the held orders are stored", async () => (await usageOf(seller)).used === 15);
  const { labels: __, ...after } = await usageOf(seller);
  assert.deepEqual(after, {
    ...{ used: 15, limit: 500, month_ends_at, shops: [{ shop_id: seller.shopId, used: 15 }] },
    ...{ held: 0, held_to_ship: 0, held_ship_by: null, not_counted: 0 },
  });
  const { data: user } = await seller.client.from("users")
    .select("subscription_status, subscription_tier").single();
  assert.deepEqual(user, { subscription_status: "active", subscription_tier: "growth" });
  const { data: subscriptions } = await seller.client.from("subscriptions")
    .select("plan_name, status, cancel_at_period_end");
  assert.deepEqual(subscriptions, [
    { plan_name: "growth", status: "active", cancel_at_period_end: false },
  ]);
  assert.deepEqual(
    new Set(
      (await seller.client.from("orders").select("tiktok_order_id")).data?.map((order) =>
        order.tiktok_order_id
      ),
    ),
    new Set(orders.map((order) => order.id)),
  );
});
