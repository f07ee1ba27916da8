/** What was pressed, and the orders that are awaited: an order's row shows up by the live updates. */
import { showToast } from "../../components/toast.tsx";
import { findOrders } from "../../data/world.ts";
import { onChange } from "../../live.ts";
import { currentSession } from "../../session.ts";
import { Store } from "../../store.ts";
import { countOf } from "../../format.ts";

export interface Effect {
  id: number;
  time: number;
  sent: string;
  answer: string;
  link?: { href: string; text: string };
  /** What is still awaited, or why there is no link. */
  note?: string;
}

/** An order of TikTok that has to arrive, or to change, in the seller's own list. */
export interface AwaitedOrder {
  orderId: string;
  /** `updated_at` of the row before a change; `undefined` for an order that is new. */
  before?: string | undefined;
  /** @default {"Waiting for the order…"} */
  note?: string;
}

export interface NewEffect {
  sent: string;
  answer: string;
  awaited?: AwaitedOrder;
  link?: Effect["link"];
}

const SHOWN = 12;
const LATE_MS = 15_000;
const LATE = "Not yet in your orders: the shop is another seller's, the plan is full, or TikTok " +
  "has an outage. It is shown here as soon as it arrives.";

export const effects = new Store<readonly Effect[]>([]);
const awaited = new Map<number, AwaitedOrder>();
let count = 0;
let stop: (() => void) | undefined;

function change(id: number, fields: Partial<Effect>): void {
  effects.set(effects.get().map((effect) => effect.id === id ? { ...effect, ...fields } : effect));
}

/** `[200, 503]` is "1 webhook accepted, 1 webhook answered 503". */
export function describeAnswers(answers: number[] | Record<string, number>): string {
  const counts = new Map<number, number>();
  const pairs = Array.isArray(answers)
    ? answers.map((status) => [status, 1] as const)
    : Object.entries(answers).map(([status, times]) => [Number(status), times] as const);
  for (const [status, times] of pairs) counts.set(status, (counts.get(status) ?? 0) + times);
  if (counts.size === 0) return "No webhook was sent.";
  return [...counts].map(([status, times]) => {
    const what = status === 200 ? "accepted" : status === 0 ? "not answered" : `answered ${status}`;
    return `${countOf(times, "webhook")} ${what}`;
  }).join(", ");
}

function settle(id: number): void {
  awaited.delete(id);
  if (awaited.size > 0) return;
  stop?.();
  stop = undefined;
}

/** Looks for everything awaited, in one reading. */
async function look(): Promise<void> {
  const ids = [...new Set([...awaited.values()].map(({ orderId }) => orderId))];
  const found = await findOrders(ids);
  for (const [id, { orderId, before }] of awaited) {
    const row = found.find(({ tiktok_order_id }) => tiktok_order_id === orderId);
    if (row === undefined || row.updated_at === before) continue;
    const link = { href: `/seller/orders/${row.id}`, text: `Order ${orderId}` };
    change(id, {
      link,
      note: before === undefined ? "It has arrived." : "The change has arrived.",
    });
    settle(id);
  }
}

function awaitOrder(id: number, order: AwaitedOrder): void {
  if (currentSession() === null) {
    return change(id, { note: "Sign in as the shop's seller to see the order." });
  }
  awaited.set(id, order);
  change(id, { note: order.note ?? "Waiting for the order…" });
  stop ??= onChange(() => void look());
  if (order.note === undefined) {
    setTimeout(() => awaited.has(id) && change(id, { note: LATE }), LATE_MS);
  }
  // The row may have come before the answer to the press.
  void look();
}

export function addEffect({ sent, answer, awaited: order, link }: NewEffect): void {
  const id = ++count;
  const effect = { id, time: Date.now(), sent, answer, ...(link && { link }) };
  const shown = [effect, ...effects.get()];
  for (const { id: old } of shown.slice(SHOWN)) settle(old);
  effects.set(shown.slice(0, SHOWN));
  // On a phone the list may be out of sight.
  showToast(`${sent}: ${answer}`);
  if (order) awaitOrder(id, order);
}
