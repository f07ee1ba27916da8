/** The answers of `shipments`. */
import * as z from "zod/mini";
import { LabelFailure } from "../../shared/shipping/errors.ts";
import { StoredRate } from "../../shared/shipping/get_rates.ts";
import { BatchItemView, LabelBatch } from "../../shared/shipping/label_batch.ts";
import { Shipment } from "../../shared/shipping/shipment.ts";

export const RatesAnswer = z.object({ rates: z.array(StoredRate) });
export type RatesAnswer = z.infer<typeof RatesAnswer>;

export const ShipmentsAnswer = z.object({ shipments: z.array(Shipment) });
export type ShipmentsAnswer = z.infer<typeof ShipmentsAnswer>;

export const Carrier = z.object({ id: z.string(), name: z.string() });
export const CarriersAnswer = z.object({ carriers: z.array(Carrier) });
export type CarriersAnswer = z.infer<typeof CarriersAnswer>;

export const LabelAnswer = z.pick(Shipment, {
  label_url: true,
  label_format: true,
  label_expires_at: true,
  tracking_number: true,
});
export type LabelAnswer = z.infer<typeof LabelAnswer>;

/** What `POST /` would have answered. */
export const ItemProblem = z.object({
  status: z.int(),
  code: LabelFailure,
  detail: z.string(),
  order_ids: z.optional(z.array(z.uuid())),
  tiktok_order_ids: z.optional(z.array(z.string())),
});

export const BatchItem = z.extend(
  z.omit(BatchItemView, { code: true, order_ids: true, tiktok_order_ids: true }),
  { problem: z.nullable(ItemProblem) },
);

export const BatchAnswer = z.extend(LabelBatch, { items: z.array(BatchItem) });
export type BatchAnswer = z.infer<typeof BatchAnswer>;
