/** The headers, query parameters and ids that `shipments` takes. */
import * as z from "zod/mini";
import { problemOf } from "../../shared/http/problem_table.ts";
import { LabelError } from "../../shared/shipping/errors.ts";

/** Problems of headers and queries. */
export const REQUEST_PROBLEMS = {
  idempotency_key_required: {
    status: 400,
    detail: "Send a header Idempotency-Key, e.g. a new UUID for each label: " +
      "a request that is repeated with the same key buys nothing more.",
  },
  invalid_idempotency_key: {
    status: 400,
    detail: "An Idempotency-Key has 1 to 255 visible ASCII characters, and does not begin with " +
      '"batch:".',
  },
  order_id_required: {
    status: 400,
    detail: "Name the order: ?order_id=, an id of the table orders.",
  },
} as const;

/** The seller's name for a request, which identifies its repetitions. @throws {Problem} 400 */
export function readIdempotencyKey(request: Request): string {
  const key = request.headers.get("idempotency-key")?.trim();
  if (!key) throw problemOf(REQUEST_PROBLEMS, "idempotency_key_required");
  // The keys of labels in a batch begin with "batch:".
  if (!/^[\x21-\x7e]{1,255}$/.test(key) || key.startsWith("batch:")) {
    throw problemOf(REQUEST_PROBLEMS, "invalid_idempotency_key");
  }
  return key;
}

/** @throws {Problem} 400 */
export function readOrderId(request: Request): string {
  const id = new URL(request.url).searchParams.get("order_id");
  const { success, data } = z.uuid().safeParse(id);
  if (success) return data;
  throw problemOf(REQUEST_PROBLEMS, "order_id_required");
}

/** @throws {LabelError} for anything but a UUID */
export function readId(id: string, code: "shipment_not_found" | "batch_not_found"): string {
  if (!z.uuid().safeParse(id).success) throw new LabelError(code);
  return id;
}
