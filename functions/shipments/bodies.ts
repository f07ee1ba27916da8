/** What `shipments` takes. */
import * as z from "zod";
import { canonicalJson } from "../../shared/values/canonical_json.ts";
import { sha256Hex } from "../../shared/crypto/digests.ts";
import { Problem } from "../../shared/http/problem.ts";
import { Parcel } from "../../shared/shipping/parcel.ts";
import { LabelFormat, ProviderName } from "../../shared/shipping/provider.ts";
import type { LabelRequest } from "../../shared/shipping/purchases.ts";
import { Sender } from "../../shared/shipping/sender.ts";

const OrderId = z.uuid("the id of an order, as in the table orders");
const LineItemIds = z.array(z.string().regex(/^[0-9]{1,32}$/, "TikTok's line item id: digits"))
  .min(1, "1 to 100 line items").max(100, "1 to 100 line items")
  .refine((ids) => new Set(ids).size === ids.length, "each line item once");

export const RatesBody = z.strictObject({
  order_id: OrderId,
  parcel: Parcel,
  from: Sender.optional(),
  line_item_ids: LineItemIds.optional(),
});

const Label = z.strictObject({
  order_id: OrderId,
  parcel: Parcel,
  provider: ProviderName.optional(),
  rate_id: z.uuid("a rate_id that POST /rates gave").optional(),
  service: z.string("a service that POST /rates named, cheapest or default").min(1).max(100)
    .optional(),
  line_item_ids: LineItemIds.optional(),
  label_format: LabelFormat.default("PDF"),
  from: Sender.optional(),
}).refine(({ rate_id, service }) => (rate_id === undefined) !== (service === undefined), {
  error: "give either rate_id or service",
});

export const LabelBody = Label.transform(({ from, ...label }) =>
  ({
    ...label,
    ...(from !== undefined && { sender: from }),
  }) as LabelRequest
);

export const BatchBody = z.strictObject({
  labels: z.array(LabelBody, "an array of what POST / takes")
    .min(1, "1 to 100 labels").max(100, "1 to 100 labels"),
});

/** The seller's name for a request, by which its repetition is known. @throws {Problem} 400 */
export function readIdempotencyKey(request: Request): string {
  const key = request.headers.get("idempotency-key")?.trim();
  if (!key) {
    throw new Problem({
      status: 400,
      code: "idempotency_key_required",
      detail: "Send a header Idempotency-Key, e.g. a new UUID for each label: " +
        "repeated with the same key, a request buys nothing more.",
    });
  }
  // "batch:" begins the keys of a batch's labels.
  if (!/^[\x21-\x7e]{1,255}$/.test(key) || key.startsWith("batch:")) {
    throw new Problem({
      status: 400,
      code: "invalid_idempotency_key",
      detail: "An Idempotency-Key has 1 to 255 visible ASCII characters, and does not begin with " +
        '"batch:".',
    });
  }
  return key;
}

/** Equal for equal requests, whatever the order of their fields. */
export function hashOf(body: unknown): string {
  return sha256Hex(canonicalJson(body));
}
