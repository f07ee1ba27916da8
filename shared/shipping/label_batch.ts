/** Labels for many orders: stored together, bought one by one from the inbox. */
import * as z from "zod";
import type { DatabaseClient } from "../database/client.ts";
import { DatabaseError, unwrap } from "../database/errors.ts";
import type { Json } from "../database/types.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Problem } from "../http/problem.ts";
import { buyLabel } from "./buy_label.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { LabelRequest } from "./purchases.ts";

/** Of a label that is refused for the moment only; then the seller decides. */
const MAX_ATTEMPTS = 5;

const BatchAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.enum(["accepted", "exists"]), batch: z.json() }),
  z.object({ outcome: z.literal("key_reused") }),
]);

export async function requestBatch(
  database: DatabaseClient,
  userId: string,
  { key, hash, items }: { key: string; hash: string; items: LabelRequest[] },
): Promise<z.infer<typeof BatchAnswer>> {
  const result = await database.rpc("request_label_batch", {
    p_user_id: userId,
    p_idempotency_key: key,
    p_request_hash: hash,
    p_items: items as unknown as Json,
  });
  return BatchAnswer.parse(unwrap("request_label_batch", result));
}

/** @throws {DatabaseError} PT404 */
export async function getBatch(
  database: DatabaseClient,
  userId: string,
  batchId: string,
): Promise<Json> {
  const result = await database.rpc("get_label_batch", { p_user_id: userId, p_batch_id: batchId });
  return unwrap("get_label_batch", result);
}

const Item = z.object({ user_id: z.uuid(), request: z.custom<LabelRequest>(), state: z.string() });

interface ItemResult {
  state: "purchased" | "failed" | "unknown";
  problem?: { status: number; code: string; detail: string };
}

/** Whether another attempt may end otherwise: the carrier, TikTok or another worker was busy. */
function mayPass({ status, code }: Problem): boolean {
  return code === "purchase_in_progress" || status === 502 || status === 503;
}

async function buyItem(
  dependencies: LabelDependencies,
  key: string,
  item: z.infer<typeof Item>,
  lastAttempt: boolean,
): Promise<ItemResult> {
  try {
    // The key is the item's own: every attempt is the same request.
    await buyLabel(dependencies, {
      userId: item.user_id,
      idempotencyKey: key,
      hash: key,
      request: item.request,
    });
    return { state: "purchased" };
  } catch (error) {
    const problem = error instanceof DatabaseError && error.code === "PT404"
      ? new Problem({ status: 404, code: "order_not_found", detail: "You have no such order." })
      : error;
    if (!(problem instanceof Problem) || (mayPass(problem) && !lastAttempt)) throw error;
    const { status, code, message: detail } = problem;
    return {
      state: code === "outcome_unknown" ? "unknown" : "failed",
      problem: { status, code, detail },
    };
  }
}

/** Works a BUY_LABEL event, whose `object_id` is `<batch>:<place>`. */
export async function buyBatchItem(
  dependencies: LabelDependencies,
  { event_id, attempt, object_id }: ClaimedEvent,
): Promise<EventResult> {
  const { database } = dependencies;
  const [batchId = "", place = ""] = (object_id ?? "").split(":");
  const argument = { p_batch_id: batchId, p_place: Number(place) };
  const found = unwrap("get_batch_item", await database.rpc("get_batch_item", argument));
  const item = Item.nullable().parse(found);
  if (item === null) return { ignored: "batch_not_found" };
  const key = `batch:${batchId}:${place}`;
  const result = await buyItem(dependencies, key, item, attempt >= MAX_ATTEMPTS);
  const settled = await database.rpc("settle_batch_item", {
    p_event_id: event_id,
    ...argument,
    p_result: result as unknown as Json,
  });
  unwrap("settle_batch_item", settled);
  // Bought, it brings another task.
  return { outcome: `label_${result.state}`, more: result.state === "purchased" };
}
