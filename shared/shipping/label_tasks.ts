/** What the inbox is told to do about labels: events of our own, named after their shipment. */
import * as z from "zod";
import { unwrap } from "../database/result.ts";
import type { Json } from "../database/types.ts";
import type { EventHandler, EventResult } from "../inbox/process_events.ts";
import type { ClaimedEvent } from "../inbox/inbox.ts";
import { buyBatchItem } from "./label_batch.ts";
import { fetchLabel, hasLiveLink } from "./fetch_label.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { markShipped } from "./mark_shipped.ts";
import { isUnsettled, settlePurchase } from "./reconcile_purchase.ts";
import { checkVoid } from "./void_label.ts";

type Task = (dependencies: LabelDependencies, event: ClaimedEvent) => Promise<EventResult>;

const TASKS: ReadonlyMap<string, Task> = new Map<string, Task>([
  ["BUY_LABEL", buyBatchItem],
  ["SETTLE_LABEL", settle],
  ["FETCH_LABEL", fetchDocument],
  ["MARK_SHIPPED", (dependencies, event) => markShipped(dependencies, idOf(event), event.event_id)],
  ["CHECK_VOID", async (dependencies, event) => {
    const state = await checkVoid(dependencies, idOf(event), event.event_id);
    return state === undefined ? { ignored: "no void is undecided" } : { outcome: state };
  }],
  ["CHECK_TRACKING", checkTracking],
]);

export function isLabelTask(event: ClaimedEvent): boolean {
  return event.source === "creatorflow" && TASKS.has(event.event_type);
}

export function createLabelTaskHandler(dependencies: LabelDependencies): EventHandler {
  return {
    groupOf: (event) => `event ${event.event_id}`,
    async work(events) {
      const [event] = events as [ClaimedEvent];
      const task = TASKS.get(event.event_type) as Task;
      return [await task(dependencies, event)];
    },
  };
}

function idOf(event: ClaimedEvent): string {
  return event.object_id ?? "";
}

async function settle(dependencies: LabelDependencies, event: ClaimedEvent): Promise<EventResult> {
  const purchase = await dependencies.purchases.forWorker(idOf(event));
  if (purchase === undefined || !isUnsettled(purchase)) return { ignored: "it is settled" };
  const shipment = await settlePurchase(dependencies, purchase, event.event_id);
  if (shipment === undefined) return { error: new Error("It is too early to say") };
  // Bought, it brings another task.
  return { outcome: `label ${shipment.state}`, more: true };
}

async function fetchDocument(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const purchase = await dependencies.purchases.forWorker(idOf(event));
  if (purchase?.state !== "purchased") return { ignored: "the label is not in use" };
  if (hasLiveLink(purchase.shipment, Date.now())) return { ignored: "it has its link" };
  await fetchLabel(dependencies, purchase.id, event.event_id);
  return { outcome: "drawn" };
}

const Outcome = z.looseObject({ outcome: z.string() });

async function checkTracking(
  { database, purchases, providers }: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const purchase = await purchases.forWorker(idOf(event));
  if (purchase === undefined) return { ignored: "the shipment is gone" };
  const news = await providers[purchase.provider].track(purchase);
  const result = await database.rpc("apply_tracking", {
    p_event_id: event.event_id,
    p_shipment_id: purchase.id,
    p_news: news as unknown as Json,
  });
  return Outcome.parse(unwrap("apply_tracking", result));
}
