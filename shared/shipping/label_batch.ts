/** Labels for many orders: stored together; buy_batch_item.ts buys them one by one from the inbox. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { LabelError, LabelFailure, NamedOrders, notFoundAs } from "./errors.ts";
import type { LabelRequest } from "./schemas.ts";
import { Shipment } from "./shipment.ts";

/** A batch as SQL returns it: `code` says why an item was not bought. */
export const BatchItemView = z.object({
  order_id: z.uuid(),
  state: z.enum(["waiting", "purchased", "failed", "unknown"]),
  shipment: z.nullable(Shipment),
  code: z.nullable(LabelFailure),
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

/** @throws {LabelError} if the key belongs to another request @throws {DatabaseError} not found: account deleted */
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
