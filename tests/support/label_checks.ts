/** What tests of labels look at: problems, what the carriers were asked and paid, and the seller's view. */
import assert from "node:assert/strict";
import { type Answer, callShipments, FROM, PARCEL } from "./labels.ts";
import type { ConnectedSeller } from "./shop.ts";
import type { TestStack } from "./stack.ts";

/** A problem with this status and code, and everything that a caller needs to ask about it. */
export function assertProblem(answer: Answer, status: number, code: string, what = code): void {
  const { body, headers } = answer;
  assert.equal(`${answer.status} ${body?.code}`, `${status} ${code}`, `${what}: ${body?.detail}`);
  assert.equal(headers.get("content-type"), "application/problem+json", what);
  assert.equal(body.status, status, what);
  assert.match(body.detail, /\w \w/, what);
  assert.ok(body.request_id, what);
  assert.equal(headers.get("x-request-id"), body.request_id, what);
}

/** Every label that was really bought. */
export function labelsBought(stack: TestStack): { easypost: number; tiktok: number } {
  return {
    easypost: stack.easypost.accounts.labelsBought,
    tiktok: stack.tiktok.fulfillment.labelsBought,
  };
}

/** Calls of the carriers, money, and rows: what a refused request leaves alone. */
export async function traces(stack: TestStack): Promise<Record<string, unknown>> {
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

/** How often the hosts were called with this path since `from`, a number of calls. */
export function callsTo(calls: readonly string[], path: RegExp, from = 0): number {
  return calls.slice(from).filter((call) => path.test(call)).length;
}

export function askRates(
  stack: TestStack,
  seller: { accessToken: string },
  orderId: string,
  request: Record<string, unknown> = {},
): Promise<Answer> {
  const body = { order_id: orderId, parcel: PARCEL, from: FROM, ...request };
  return callShipments(stack, seller, "/rates", { body });
}

/** An order's state, and its timeline since it came in. */
export async function orderOf(
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

/** A new order's units, by TikTok's ids. */
export function unitsOf(stack: TestStack, tiktokId: string): string[] {
  const lines = stack.tiktok.state.get("orders", tiktokId)?.detail.line_items as { id: string }[];
  return lines.map(({ id }) => id);
}
