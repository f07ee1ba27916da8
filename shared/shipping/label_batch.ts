/** Labels for many orders: stored together, bought one by one from the inbox. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Nothing } from "../values/schemas.ts";
import { buyLabel } from "./buy_label.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { isTransient, LabelError, LabelFailure, NamedOrders, notFoundAs } from "./errors.ts";
import { type LabelRequest, Shipment } from "./schemas.ts";

/** Attempts at a label whose failure is transient; after them the seller decides. */
const MAX_ATTEMPTS = 5;

/** A batch as SQL returns it: `code` says why an item was not bought. */
const BatchItemView = z.object({
  order_id: z.uuid(),
  state: z.enum(["waiting", "purchased", "failed", "unknown"]),
  shipment: Shipment.nullable(),
  code: LabelFailure.nullable(),
  ...NamedOrders.shape,
});

export const LabelBatch = z.object({
  id: z.uuid(),
  state: z.enum(["processing", "done"]),
  total: z.int(),
  waiting: z.int(),
  purchased: z.int(),
  failed: z.int(),
  unknown: z.int(),
  created_at: z.string(),
  items: z.array(BatchItemView),
});
export type LabelBatch = z.infer<typeof LabelBatch>;

const BatchAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.enum(["accepted", "exists"]), batch: LabelBatch }),
  z.object({ outcome: z.literal("key_reused") }),
]);

export interface RequestedBatch {
  /** The seller's name for this request. */
  key: string;
  /** SHA-256 of the whole request. */
  hash: string;
  items: LabelRequest[];
}

/** @throws {LabelError} if the key belongs to another request */
export async function requestBatch(
  database: DatabaseClient,
  userId: string,
  { key, hash, items }: RequestedBatch,
): Promise<{ created: boolean; batch: LabelBatch }> {
  const args = {
    p_user_id: userId,
    p_idempotency_key: key,
    p_request_hash: hash,
    p_items: items,
  };
  const answer = await callFunction(database, "request_label_batch", args, BatchAnswer);
  if (answer.outcome === "key_reused") throw new LabelError("idempotency_key_reused");
  return { created: answer.outcome === "accepted", batch: answer.batch };
}

/** @throws {LabelError} */
export async function getBatch(
  database: DatabaseClient,
  userId: string,
  batchId: string,
): Promise<LabelBatch> {
  const args = { p_user_id: userId, p_batch_id: batchId };
  return await callFunction(database, "get_label_batch", args, LabelBatch)
    .catch(notFoundAs("batch_not_found"));
}

const BatchItem = z.object({ user_id: z.uuid(), request: z.custom<LabelRequest>() });

/** `code` says why the label was not bought. */
type ItemResult = { state: "purchased" } | { state: "failed" | "unknown"; code: LabelFailure };

/** BUY_LABEL: buys one label of a batch; `object_id` is `<batch>:<place>`. */
export async function buyBatchItem(
  dependencies: LabelDependencies,
  { event_id, attempt, object_id }: ClaimedEvent,
): Promise<EventResult> {
  const { database } = dependencies;
  const [batchId = "", place = ""] = (object_id ?? "").split(":");
  const named = { p_batch_id: batchId, p_place: Number(place) };
  const item = await callFunction(database, "get_batch_item", named, BatchItem.nullable());
  if (item === null) return { ignored: "batch_not_found" };

  // The key is the item's own: every attempt is the same request.
  const key = `batch:${batchId}:${place}`;
  const { user_id: userId, request } = item;
  const wanted = { userId, idempotencyKey: key, hash: key, request };
  const result = await buyLabel(dependencies, wanted).then(
    (): ItemResult => ({ state: "purchased" }),
    (error) => toItemResult(error, { isLastAttempt: attempt >= MAX_ATTEMPTS }),
  );

  const args = { p_event_id: event_id, ...named, p_result: result };
  await callFunction(database, "settle_batch_item", args, Nothing);
  // A bought label stores another task.
  return { outcome: `label_${result.state}`, more: result.state === "purchased" };
}

/** @throws {unknown} the error, if another attempt may buy the label */
function toItemResult(error: unknown, { isLastAttempt }: { isLastAttempt: boolean }): ItemResult {
  if (!(error instanceof LabelError) || isTransient(error) && !isLastAttempt) throw error;
  return { state: error.code === "outcome_unknown" ? "unknown" : "failed", code: error.code };
}
