/** Orders that wait for labels, and sellers who buy them. */
import type { NewOrder } from "../../local/simulators/tiktok/orders.ts";
import { type ConnectedSeller, letTimePass, runEventWorker } from "./shop.ts";
import type { TestStack } from "./stack.ts";
import { until } from "./until.ts";

export const PARCEL = {
  length: 9,
  width: 6,
  height: 5,
  dimension_unit: "in",
  weight: "1.4",
  weight_unit: "lb",
};

export const FROM = {
  name: "Ada's Mugs",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  state: "OR",
  postal_code: "97209",
  country: "US",
};

export interface OrderRow {
  id: string;
  /** TikTok's id. */
  tiktokId: string;
}

/** A buyer orders, and the order comes in. */
export async function receiveOrder(
  stack: TestStack,
  seller: ConnectedSeller,
  order: Partial<NewOrder> = {},
): Promise<OrderRow> {
  const placed = stack.tiktok.addOrder({ ...order, shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(placed));
  const id = await until("the order is in", async () => {
    const [row] = await stack.sql`
      select id from public.orders where tiktok_order_id = ${placed.id}`;
    return row?.id as string | undefined;
  });
  return { id, tiktokId: placed.id };
}

export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- what a caller of the API gets
  body: any;
  headers: Headers;
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  key?: string;
  headers?: Record<string, string>;
}

/** Calls the function `shipments` as a seller's app does. */
export async function callShipments(
  stack: TestStack,
  seller: { accessToken: string },
  path: string,
  { method = "POST", body, key, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/shipments${path}`, {
    method,
    headers: {
      authorization: `Bearer ${seller.accessToken}`,
      "content-type": "application/json",
      ...(key !== undefined && { "idempotency-key": key }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
    headers: response.headers,
  };
}

export function buy(
  stack: TestStack,
  seller: { accessToken: string },
  orderId: string,
  { key = crypto.randomUUID(), ...label }: Record<string, unknown> & { key?: string } = {},
): Promise<Answer> {
  const body = { order_id: orderId, parcel: PARCEL, service: "cheapest", from: FROM, ...label };
  return callShipments(stack, seller, "", { key, body });
}

/** How many purchases there are in each state. */
export async function purchaseStates(stack: TestStack): Promise<Record<string, number>> {
  const rows = await stack.sql`
    select state, count(*)::int as purchases from private.label_purchases group by state`;
  return Object.fromEntries(rows.map((row) => [row.state, row.purchases]));
}

/** As if the workers of purchases had died long ago. */
export async function agePurchases(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.label_purchases
    set state_since = state_since - interval '5 minutes', checked_at = checked_at - interval '1 day'`;
}

/** How many labels the carriers really sold, to everybody. */
export function labelsSold(stack: TestStack): number {
  return stack.easypost.accounts.labelsBought + stack.tiktok.fulfillment.labelsBought;
}

/** The event worker runs until whatever is due is done, or put back for later. */
export async function workEvents(stack: TestStack): Promise<void> {
  await until("no event is due", async () => {
    await runEventWorker(stack);
    const open = await stack.sql`
      select from private.webhook_events
      where status = 'processing' or (status = 'pending' and next_attempt_at <= now()) limit 1`;
    return open.length === 0;
  });
}

/** As `workEvents`, with what was put back for later. */
export async function workLater(stack: TestStack): Promise<void> {
  await letTimePass(stack);
  await workEvents(stack);
}

/** The units of an order that have a label or are getting one. */
export async function takenLines(stack: TestStack, orderId: string): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as lines from private.labelled_lines where order_id = ${orderId}`;
  return row?.lines;
}

/** A figure of `check_database_health()`. */
export async function healthOf(stack: TestStack, metric: string): Promise<Record<string, unknown>> {
  const [row] = await stack.sql`
    select value::int, status from public.check_database_health() where metric = ${metric}`;
  return { ...row };
}
