/** A label whose order changes after the purchase says so at once. */
import assert from "node:assert/strict";
import { callShipments, receiveOrder, requestLabel } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

async function change(
  stack: TestStack,
  tiktokId: string,
  status: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const order = stack.tiktok.changeOrder(tiktokId, status, detail);
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
}

test("order cancelled after the label was bought; address changed after the label was bought", async (stack) => {
  const seller = await connectSeller(stack);
  const adviceOf = async (id: string) => {
    const { body } = await callShipments(stack, seller, `/${id}`, { method: "GET" });
    const { data } = await seller.client.from("shipments")
      .select("advice, advice_reason, advised_at").eq("id", id).single();
    assert.deepEqual(
      [data?.advice, data?.advice_reason, data?.advised_at === null],
      [body.advice, body.advice_reason, body.advised_at === null],
    );
    return [body.advice, body.advice_reason, body.advised_at !== null];
  };
  for (const shippingType of ["SELLER", "TIKTOK"] as const) {
    const order = await receiveOrder(stack, seller, { shippingType });
    const { body } = await requestLabel(stack, seller, order.id);
    await settledEvents(stack);
    assert.deepEqual(await adviceOf(body.id), [null, null, false]);
    await change(stack, order.tiktokId, "CANCELLED");
    assert.deepEqual(await adviceOf(body.id), ["void_advised", "order_cancelled", true]);
  }

  const order = await receiveOrder(stack, seller);
  const { body } = await requestLabel(stack, seller, order.id);
  await settledEvents(stack);
  const { detail } = stack.tiktok.state.get("orders", order.tiktokId) ?? {};
  const address = detail?.recipient_address as Record<string, unknown>;
  const moved = { ...address, address_line1: "7 Birch Road", full_address: "7 Birch Road" };
  await change(stack, order.tiktokId, "AWAITING_SHIPMENT", { recipient_address: moved });
  assert.deepEqual(await adviceOf(body.id), ["void_advised", "address_changed", true]);
  stack.easypost.behaviour.refundStatus = "refunded";
  await callShipments(stack, seller, `/${body.id}/void`);
  assert.deepEqual(await adviceOf(body.id), [null, "address_changed", true]);
});
