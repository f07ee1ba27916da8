/** The timeline of an order as one story: each state is reached once, later reports of it confirm it. */
import { carrierName } from "./carriers.ts";
import { formatCode, formatMoney } from "./format.ts";
import { describeParcel, describeReturn, orderStateOf } from "./states.ts";

export interface OrderEvent {
  id: number;
  event_type: string;
  changes: Record<string, unknown>;
  happened_at: string;
}

export interface StoryEntry {
  id: number;
  title: string;
  text: string;
  time: string;
}

const TITLES: Record<string, string> = {
  ORDER_STATUS_CHANGE: "TikTok reported the order",
  // Their time is that of the order's change at TikTok, which may be before the shop was connected.
  ORDER_FOUND: "State at TikTok",
  ORDER_REREAD: "Changed at TikTok",
  RECIPIENT_ADDRESS_UPDATE: "The address was changed",
  PACKAGE_UPDATE: "The parcel was changed",
  CANCELLATION_STATUS_CHANGE: "TikTok reported a cancellation",
  RETURN_STATUS_CHANGE: "TikTok reported a return",
  RETURN_FOUND: "TikTok reported a return",
  REVERSE_STATUS_UPDATE: "TikTok reported a cancellation or a return",
  REFUND_SUCCESS: "TikTok paid the buyer back",
  LABEL_PURCHASED: "Label bought",
  LABEL_VOIDED: "Label voided",
  LABEL_COST_ADJUSTED: "The carrier changed the price of the label",
  TRACKING_UPDATED: "The carrier reported the parcel",
  TRACKING_ADDED: "Own tracking number added",
  TRACKING_CORRECTED: "Tracking number corrected",
  TRACKING_REFUSED: "TikTok refused the tracking number",
};

function changeOf({ changes }: OrderEvent, name: string): string | undefined {
  const change = changes[name];
  return typeof change === "object" && change !== null && "to" in change
    ? String(change.to)
    : undefined;
}

/** Items change whenever a unit gets its label; the states have sentences of their own. */
const HIDDEN = ["tiktok_status", "order_status", "shipment_status", "total_amount", "order_items"];

interface Change {
  from: string | null;
  to: string | null;
}

/** Changes whose values are not words. @param currency Of the order. */
const FACTS: Record<string, (change: never, currency: string | null) => string> = {
  carrier: (name: string) => carrierName(name),
  shipping_cost: ({ from, to }: Change) => `From ${from} to ${to}`,
  return_status: (status: string) => describeReturn(status),
  refund_total: (amount: string, currency) => `${formatMoney(amount, currency)} refunded`,
  refund_foreign: ({ amount, currency }: { amount: string; currency: string }) =>
    `${amount} ${currency} refunded`,
  cancel_requested_at: ({ to }: Change) =>
    to === null ? "The request to cancel has ended" : "The buyer asks to cancel",
  combine_group_id: ({ to }: Change) =>
    to === null ? "No longer combined with other orders" : "Combined with other orders",
};

function describeFacts(event: OrderEvent, currency: string | null): string[] {
  return Object.entries(event.changes).flatMap(([name, change]) => {
    if (HIDDEN.includes(name)) return [];
    const describe = FACTS[name];
    if (describe !== undefined) return [describe(change as never, currency)];
    if (change === "changed") return [`${formatCode(name)} changed`];
    const to = changeOf(event, name);
    return to === undefined ? [] : [formatCode(to)];
  });
}

/** Events after which a state may be reached a second time. */
const MOVES_BACK = ["LABEL_VOIDED", "TRACKING_CORRECTED", "TRACKING_REFUSED"];

const CONFIRMED = { tiktok: "TikTok confirmed it", carrier: "The carrier confirmed it" };

/** States that the order has had so far, each with its source. */
class Reached {
  readonly #states = new Map<string, Set<string>>();

  /** Whether another one has reported the state before, and this one has not. */
  isConfirmedBy(reporter: string, state: string): boolean {
    const reporters = this.#states.get(state);
    return reporters !== undefined && !reporters.has(reporter);
  }

  add(reporter: string, state: string): void {
    this.#states.set(state, (this.#states.get(state) ?? new Set()).add(reporter));
  }

  clear(): void {
    this.#states.clear();
  }
}

function reporterOf({ event_type }: OrderEvent): "carrier" | "tiktok" | "seller" {
  if (event_type === "TRACKING_UPDATED") return "carrier";
  return /^(?:LABEL|TRACKING)_/.test(event_type) ? "seller" : "tiktok";
}

function tellEvent(
  event: OrderEvent,
  reached: Reached,
  currency: string | null,
): Pick<StoryEntry, "title" | "text"> {
  const reporter = reporterOf(event);
  const tiktok = changeOf(event, "tiktok_status");
  const isRefused = "refused" in event.changes;
  const parcel = changeOf(event, "shipment_status");
  const order = changeOf(event, "order_status") ??
    (tiktok !== undefined && !isRefused ? orderStateOf(tiktok) : undefined);
  // An order and its parcel often change alike.
  const states = [...new Set([order, parcel])].filter((state) => state !== undefined);
  if (MOVES_BACK.includes(event.event_type)) reached.clear();
  const isConfirmation = reporter !== "seller" && states.length > 0 &&
    states.every((state) => reached.isConfirmedBy(reporter, state));
  for (const state of states) reached.add(reporter, state);
  const texts = [
    ...states.map((state) => state === parcel ? describeParcel(state) : formatCode(state)),
    ...(tiktok !== undefined && isRefused
      ? [`At TikTok: ${formatCode(orderStateOf(tiktok))}`]
      : []),
  ];
  const facts = describeFacts(event, currency);
  const title = isConfirmation && facts.length === 0
    ? CONFIRMED[reporter]
    : TITLES[event.event_type] ?? formatCode(event.event_type);
  return { title, text: [...texts, ...facts].join(" · ") };
}

/** TikTok's times are whole seconds: within one, the sequence in which the changes were stored counts. */
function byTime(a: OrderEvent, b: OrderEvent): number {
  const second = ({ happened_at }: OrderEvent) => Math.floor(Date.parse(happened_at) / 1000);
  return second(a) - second(b) || a.id - b.id;
}

/** The latest first. @param currency Of the order. */
export function tellStory(events: readonly OrderEvent[], currency: string | null): StoryEntry[] {
  const reached = new Reached();
  return events.toSorted(byTime).map((event) => ({
    id: event.id,
    time: event.happened_at,
    ...tellEvent(event, reached, currency),
  })).reverse();
}
