/** Orders as their seller sees them, and the webhooks that change them. */
import assert from "node:assert/strict";
import type { ConnectedSeller } from "./shop.ts";
import type { TestStack } from "./stack.ts";

let notifications = 0;

/** Sends a webhook of a topic that the simulator does not send automatically. */
export async function sendTopic(
  stack: TestStack,
  shopId: string,
  type: number,
  data: Record<string, unknown>,
): Promise<void> {
  const id = String(7_700_000_000_000_000_000n + BigInt(++notifications));
  assert.equal(await stack.tiktok.send({ type, id, shopId, data }), 200);
}

/** Adds an order at TikTok and sends its webhook. Returns the order. */
export async function announceOrder(
  stack: TestStack,
  order: Parameters<TestStack["tiktok"]["addOrder"]>[0],
) {
  const added = stack.tiktok.addOrder(order);
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(added)), 200);
  return added;
}

/** The entries of an order's timeline, in the order in which things happened. */
export async function timelineOf(seller: ConnectedSeller, orderId: string) {
  const { data } = await seller.client.from("order_events")
    .select("event_type, changes, orders!inner(tiktok_order_id)")
    .eq("orders.tiktok_order_id", orderId).order("happened_at").order("id");
  return data?.map((row) => ({
    type: row.event_type,
    changes: row.changes as Record<string, unknown>,
  })) ?? [];
}

/** `order_status payment_status`. */
export async function orderState(seller: ConnectedSeller, orderId: string): Promise<string> {
  const { data } = await seller.client.from("orders").select("order_status, payment_status")
    .eq("tiktok_order_id", orderId).single();
  return `${data?.order_status} ${data?.payment_status}`;
}

export async function countOrders(seller: ConnectedSeller): Promise<number> {
  const { data } = await seller.client.from("orders").select("id");
  return data?.length ?? 0;
}
