/** Orders, labels and their side effects on a whole stack, as a seller's app calls for them. */
import assert from "node:assert/strict";
import type { NewOrder } from "../../local/simulators/tiktok/orders.ts";
import { allowLabels } from "./label_limits.ts";
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

/** Places an order at TikTok and waits until it is stored. The seller may buy labels for it. */
export async function receiveOrder(
  stack: TestStack,
  seller: ConnectedSeller,
  order: Partial<NewOrder> = {},
): Promise<OrderRow> {
  await allowLabels(stack, seller);
  const placed = stack.tiktok.addOrder({ ...order, shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(placed));
  const id = await until("the order is stored", async () => {
    const [row] = await stack.sql`
      select id from public.orders where tiktok_order_id = ${placed.id}`;
    return row?.id as string | undefined;
  });
  return { id, tiktokId: placed.id };
}

/** As `receiveOrder`, for two orders that TikTok has combined. */
export async function receiveCombinedOrders(
  stack: TestStack,
  seller: ConnectedSeller,
  order: Partial<NewOrder> = {},
): Promise<[OrderRow, OrderRow]> {
  await allowLabels(stack, seller);
  const placed = [1, 2].map(() => stack.tiktok.addOrder({ ...order, shopId: seller.shopId }).id);
  for (const combined of stack.tiktok.combineOrders(placed)) {
    await stack.tiktok.send(stack.tiktok.notificationOf(combined));
  }
  return await until("both orders are stored", async () => {
    const rows = await stack.sql`
      select id, tiktok_order_id from public.orders where tiktok_order_id in ${stack.sql(placed)}
      order by tiktok_order_id = ${placed[0] ?? ""} desc`;
    const [first, second] = rows.map((row) => ({
      id: row.id as string,
      tiktokId: row.tiktok_order_id as string,
    }));
    return first && second && [first, second];
  });
}

export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- any response of the API
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

export function requestLabel(
  stack: TestStack,
  seller: { accessToken: string },
  orderId: string,
  { key = crypto.randomUUID(), ...label }: Record<string, unknown> & { key?: string } = {},
): Promise<Answer> {
  const body = { order_id: orderId, parcel: PARCEL, service: "cheapest", from: FROM, ...label };
  return callShipments(stack, seller, "", { key, body });
}

/** Number of purchases in each state. */
export async function purchaseStates(stack: TestStack): Promise<Record<string, number>> {
  const rows = await stack.sql`
    select state, count(*)::int as purchases from private.label_purchases group by state`;
  return Object.fromEntries(rows.map((row) => [row.state, row.purchases]));
}

/** Makes every purchase as old as if its worker had died long ago. */
export async function agePurchases(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.label_purchases
    set state_since = state_since - interval '5 minutes', checked_at = checked_at - interval '1 day'`;
}

/** Number of labels that the carriers sold, to all sellers. */
export function countLabelsBought(stack: TestStack): number {
  return stack.easypost.accounts.labelsBought + stack.tiktok.fulfillment.labelsBought;
}

/** The statuses of the events that are due or at work. */
async function openStatuses(stack: TestStack): Promise<string[]> {
  const open = await stack.sql`
    select distinct status from private.event_queue
    where status = 'processing' or (status = 'pending' and next_attempt_at <= now())`;
  return open.map(({ status }) => status);
}

/** Runs the event worker until every due event is settled or postponed. */
export async function processDueEvents(stack: TestStack): Promise<void> {
  let isDue = true;
  await until("no event is due", async () => {
    // Not while other workers have all events: each call costs more than many looks at the table.
    if (isDue) await runEventWorker(stack);
    const open = await openStatuses(stack);
    isDue = open.includes("pending");
    return open.length === 0;
  });
}

/** As `processDueEvents`, including the events that were postponed. */
export async function processLaterEvents(stack: TestStack): Promise<void> {
  // An event at work would otherwise be claimed a second time.
  await processDueEvents(stack);
  await letTimePass(stack);
  await processDueEvents(stack);
}

/** Number of an order's line items that have a label or are getting one. */
export async function countLabelledLines(stack: TestStack, orderId: string): Promise<number> {
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

/** Asserts a complete problem with this status and code. */
export function assertProblem(answer: Answer, status: number, code: string, what = code): void {
  const { body, headers } = answer;
  assert.equal(`${answer.status} ${body?.code}`, `${status} ${code}`, `${what}: ${body?.detail}`);
  assert.equal(headers.get("content-type"), "application/problem+json", what);
  assert.equal(body.status, status, what);
  assert.match(body.detail, /\w \w/, what);
  assert.ok(body.request_id, what);
  assert.equal(headers.get("x-request-id"), body.request_id, what);
}

/** Number of labels that each carrier sold. */
export function labelsBought(stack: TestStack): { easypost: number; tiktok: number } {
  return {
    easypost: stack.easypost.accounts.labelsBought,
    tiktok: stack.tiktok.fulfillment.labelsBought,
  };
}

/**
 * Calls of the carriers, money, and rows: a refused request changes none of these, and neither does what it
 * left in the inbox. Events of earlier requests are processed before.
 */
export async function sideEffects(stack: TestStack): Promise<Record<string, unknown>> {
  if ((await openStatuses(stack)).length > 0) await processDueEvents(stack);
  const [rows] = await stack.sql`
    select
      (select count(*)::int from private.label_purchases) as purchases,
      (select count(*)::int from private.labelled_lines) as lines,
      (select count(*)::int from public.shipments) as shipments`;
  return {
    ...rows,
    easypost: stack.easypost.calls.length,
    tiktok: stack.tiktok.calls.length,
    charged: [stack.easypost.accounts.charged, stack.tiktok.fulfillment.charged],
  };
}

/** Number of calls with this path, after the first `from` calls. */
export function callsTo(calls: readonly string[], path: RegExp, from = 0): number {
  return calls.slice(from).filter((call) => path.test(call)).length;
}

export function requestRates(
  stack: TestStack,
  seller: { accessToken: string },
  orderId: string,
  request: Record<string, unknown> = {},
): Promise<Answer> {
  const body = { order_id: orderId, parcel: PARCEL, from: FROM, ...request };
  return callShipments(stack, seller, "/rates", { body });
}

/** The status of an order, and its timeline after the first entry. */
export async function readOrder(
  seller: ConnectedSeller,
  orderId: string,
): Promise<{ status: string; events: string[] }> {
  const { data } = await seller.client.from("orders").select(
    "order_status, order_events(event_type)",
  )
    .eq("id", orderId).order("id", { referencedTable: "order_events" }).single();
  const events = (data?.order_events ?? []).map((event) => event.event_type);
  return { status: data?.order_status ?? "", events: events.slice(1) };
}

/** TikTok's ids of an order's line items. */
export function lineItemIdsOf(stack: TestStack, tiktokId: string): string[] {
  const lines = stack.tiktok.state.get("orders", tiktokId)?.detail.line_items as { id: string }[];
  return lines.map(({ id }) => id);
}
