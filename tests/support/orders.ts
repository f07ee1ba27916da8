/** Orders as their seller sees them, and the webhooks that change them. */
import assert from "node:assert/strict";
import { processDueEvents } from "./labels.ts";
import type { ConnectedSeller } from "./shop.ts";
import type { SimulatedOrder } from "../../local/simulators/tiktok/state.ts";
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

/** Stores the orders that the shop has at TikTok by one sync, which costs far less than their webhooks. */
export async function syncOrders(stack: TestStack, shopId: string): Promise<void> {
  await stack.sql`select public.request_order_sync(${shopId})`;
  await processDueEvents(stack);
}

/** TikTok's ids of the orders that the seller has. */
export async function listOrderIds({ client }: Pick<ConnectedSeller, "client">): Promise<string[]> {
  const { data } = await client.from("orders").select("tiktok_order_id").order("tiktok_order_id");
  return data?.map((order) => order.tiktok_order_id) ?? [];
}

interface Unit extends Record<string, unknown> {
  id: string;
  display_status: string;
}

/** The units of an order at TikTok, cancelled ones too. */
export function unitsOf(stack: TestStack, orderId: string): Unit[] {
  return stack.tiktok.state.get("orders", orderId)?.detail.line_items as Unit[];
}

/** Cancels one unit of an order at TikTok, while the order goes on. Sends no webhook. */
export function cancelUnit(
  stack: TestStack,
  orderId: string,
  unit: number,
  detail: { update_time?: number; cancel_reason?: string; cancel_user?: string } = {},
): SimulatedOrder {
  const { update_time, ...fields } = detail;
  const line_items = unitsOf(stack, orderId).map((line, n) =>
    n === unit ? { ...line, display_status: "CANCELLED", ...fields } : line
  );
  const status = stack.tiktok.state.get("orders", orderId)?.detail.status as string;
  return stack.tiktok.changeOrder(orderId, status, {
    line_items,
    ...(update_time !== undefined && { update_time }),
  });
}

/** Details of the kinds of orders that a shop receives besides plain sales, by name. */
export const ORDER_KINDS = {
  sale: {},
  sample: { is_sample_order: true },
  replacement: { is_replacement_order: true, replaced_order_id: "576461413038785752" },
  exchange: { is_exchange_order: true, exchange_source_order_id: "576461413038785752" },
  warehouse: { fulfillment_type: "FULFILLMENT_BY_TIKTOK" },
  combined: { auto_combine_group_id: "7211111111111111111", split_or_combine_tag: "COMBINED" },
  cancelRequested: { is_buyer_request_cancel: true, request_cancel_time: 1_790_000_000 },
} satisfies Record<string, Record<string, unknown>>;

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
