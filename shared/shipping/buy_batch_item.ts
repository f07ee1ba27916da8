/** Buys the labels of a batch, one by one from the inbox. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Nothing } from "../values/schemas.ts";
import { buyLabel } from "./buy_label.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { isTransient, LabelError, type LabelFailure } from "./errors.ts";
import type { LabelRequest } from "./schemas.ts";

/** Attempts at a label whose failure is transient; after them the seller decides. */
const MAX_ATTEMPTS = 5;

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
  const item = await callFunction(database, "get_batch_item", named, z.nullable(BatchItem));
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
