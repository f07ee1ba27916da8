/** What a seller earned with an order of which a part was cancelled or paid back. */
import assert from "node:assert/strict";
import type { SimulatedOrder } from "../../local/simulators/tiktok/state.ts";
import { announceOrder, orderState, sendTopic, timelineOf } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

async function revenueOf({ client }: ConnectedSeller): Promise<unknown[]> {
  const { data } = await client.rpc("get_dashboard_metrics");
  return (data as { revenue: unknown[] }).revenue;
}

async function notify(stack: TestStack, order: SimulatedOrder): Promise<void> {
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  await settledEvents(stack);
}

async function refund(
  stack: TestStack,
  shopId: string,
  orderId: string,
  body: object,
): Promise<void> {
  await sendTopic(stack, shopId, 67, {
    ...{ aftersales_request_id: "1", rma_id: "2", refund_status: "REFUND_SUCCESS" },
    line_items: [{ main_order_id: orderId, sku_id: "3" }],
    ...body,
  });
  await settledEvents(stack);
}

for (const lowersTotal of [false, true]) {
  const title = lowersTotal ? "lowers the total" : "leaves the total";
  test(`a cancelled unit is paid back once, reported or not, if TikTok ${title}`, async (stack) => {
    const seller = await connectSeller(stack);
    const order = await announceOrder(stack, { ...seller, quantity: 2, price: "20.00" });
    await settledEvents(stack);
    const unit = String((order.detail.line_items as { id: string }[])[0]?.id);
    await notify(stack, stack.tiktok.cancelUnits(order.id, [unit], { lowersTotal }));
    const [gross, refunded] = lowersTotal ? ["24.99", "0.00"] : ["44.99", "20.00"];
    const expected = [{ currency: "USD", gross, refunded, orders: 1 }];
    assert.deepEqual(await revenueOf(seller), expected, "before TikTok reports a refund");

    await refund(stack, seller.shopId, order.id, {
      ...{ refund_currency: "USD", refund_total: "20.00" },
    });
    assert.deepEqual(await revenueOf(seller), expected, "reported");
    await notify(stack, stack.tiktok.changeOrder(order.id, "DELIVERED"));
    await refund(stack, seller.shopId, order.id, {
      ...{ rma_id: "later", refund_currency: "USD", refund_total: "5.00" },
    });
    assert.equal(await orderState(seller, order.id), "delivered partially_refunded");
    const later = lowersTotal ? "5.00" : "25.00";
    assert.deepEqual(await revenueOf(seller), [{ ...expected[0], refunded: later }]);
  });
}

test("a refund in another currency than the order's is shown, and not added up", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await announceOrder(stack, { ...seller, price: "20.00" });
  for (const rma_id of ["2", "2", "3"]) {
    await refund(stack, seller.shopId, order.id, {
      ...{ rma_id, refund_currency: rma_id === "2" ? "JPY" : "USD", refund_total: "3" },
    });
  }
  const expected = [{ currency: "USD", gross: "24.99", refunded: "3.00", orders: 1 }];
  assert.deepEqual(await revenueOf(seller), expected);
  const changes = (await timelineOf(seller, order.id)).map((entry) => entry.changes);
  assert.deepEqual(changes.flatMap((entry) => entry.refund_foreign ?? []), [
    { amount: "3", currency: "JPY" },
  ]);
  assert.deepEqual(changes.flatMap((entry) => entry.refund_total ?? []), ["3"]);
  assert.ok(changes.every((entry) => entry.refund_currency === undefined));
});
