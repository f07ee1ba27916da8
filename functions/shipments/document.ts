/** The named schemas of `shipments`, for the API's document. */
import { type NamedSchema, type Parameter, TIME } from "../../shared/http/operations.ts";
import { StoredRate } from "../../shared/shipping/get_rates.ts";
import { Parcel as ParcelSchema } from "../../shared/shipping/parcel.ts";
import { Shipment as ShipmentSchema } from "../../shared/shipping/shipment.ts";
import { Sender as SenderSchema } from "../../shared/shipping/sender.ts";
import { BatchAnswer, BatchItem as BatchItemSchema, Carrier as CarrierSchema } from "./answers.ts";
import { BatchBody, LabelBody, OwnTrackingBody, RatesBody, TrackingBody } from "./bodies.ts";

const ORDER = "0b9a1c1e-5d1e-4a57-8d1f-0e9f2f6f7a11";
const SHIPMENT = "6f1d3c52-7a64-4b0e-9a55-3c1f0f6f2b10";
const CREATED = "2026-11-29T12:00:00+00:00";

const AMOUNT = { pattern: "^\\d+(\\.\\d+)?$", examples: ["9.61"] };
const MEASURE = { pattern: "^\\d{1,6}(\\.\\d{1,2})?$", exclusiveMinimum: 0 };
const CURRENCY = "ISO 4217, e.g. USD.";
const ORDER_ID = "Id in the table orders, not TikTok's.";
const ORDER_IDS = "Every order of a combined parcel.";
const LINE_ITEM_IDS = "TikTok's ids of the units in the parcel, as in orders.order_items; " +
  "by default all without a label.";

const Parcel: NamedSchema = {
  id: "Parcel",
  schema: ParcelSchema,
  description: "Measures above 0 with at most two decimals, as a number or a decimal string. in " +
    "goes with oz or lb, cm with g or kg; at most 120 in or 300 cm a side, and 150 lb or 70 kg.",
  fields: {
    length: { ...MEASURE, description: "In dimension_unit." },
    width: { ...MEASURE, description: "In dimension_unit." },
    height: { ...MEASURE, description: "In dimension_unit." },
    dimension_unit: "Inches or centimetres.",
    weight: { ...MEASURE, description: "In weight_unit." },
    weight_unit: "Ounces, pounds, grams or kilograms.",
  },
  example: {
    ...{ length: 9, width: 6, height: "2.5", dimension_unit: "in" },
    ...{ weight: 12, weight_unit: "oz" },
  },
};

const Sender: NamedSchema = {
  id: "Sender",
  schema: SenderSchema,
  description: "The address that a parcel comes from; kept for the shop.",
  fields: {
    name: "Name of a person.",
    company: "Name of a company.",
    phone: "With its country code.",
    line1: "Street and number.",
    line2: "Further line.",
    city: "City.",
    state: "State or region, as the country writes it.",
    postal_code: "Postal code.",
    country: "ISO 3166-1 alpha-2.",
  },
  example: {
    ...{ name: "Ada Lovelace", phone: "+1 415 555 0100", line1: "1 Market St" },
    ...{ city: "San Francisco", state: "CA", postal_code: "94105", country: "US" },
  },
};

const PARCEL = {
  length: 9,
  width: 6,
  height: 2,
  dimension_unit: "in",
  weight: 12,
  weight_unit: "oz",
};

export const RatesRequest: NamedSchema = {
  id: "RatesRequest",
  schema: RatesBody,
  description: "The parcel whose prices are wanted.",
  fields: {
    order_id: ORDER_ID,
    order_ids: ORDER_IDS,
    parcel: "The measures.",
    from: "Needed once by EasyPost; the shop's last one is used afterwards.",
    line_item_ids: LINE_ITEM_IDS,
  },
  parts: [Parcel, Sender],
  example: { order_id: ORDER, parcel: PARCEL },
};

export const LabelRequest: NamedSchema = {
  id: "LabelRequest",
  schema: LabelBody,
  description: "Either rate_id or service.",
  fields: {
    order_id: ORDER_ID,
    order_ids: ORDER_IDS,
    parcel: "The measures; those of the rate.",
    provider: "Checked against the provider that follows from the order.",
    rate_id: "A rate of the last hour.",
    service: "A service of the rates; cheapest, or default: TikTok's choice.",
    line_item_ids: LINE_ITEM_IDS,
    label_format: "Of the drawn label.",
    from: "Needed once by EasyPost; the shop's last one is used afterwards.",
  },
  parts: [Parcel, Sender],
  example: { order_id: ORDER, parcel: PARCEL, service: "cheapest", label_format: "PDF" },
};

export const BatchRequest: NamedSchema = {
  id: "BatchRequest",
  schema: BatchBody,
  description: "1 to 100 labels.",
  fields: { labels: "Each as for one label." },
  parts: [LabelRequest],
  example: { labels: [LabelRequest.example] },
};

const TRACKING_FIELDS = {
  carrier: "A carrier that GET /shipments/carriers lists: its name or its id.",
  tracking_number: {
    pattern: "^[A-Za-z0-9\\s-]{4,}$",
    description:
      "4 to 50 letters, digits and hyphens; spaces are removed, and letters become capitals.",
  },
};

export const TrackingRequest: NamedSchema = {
  id: "TrackingRequest",
  schema: TrackingBody,
  description: "The right number of a parcel.",
  fields: TRACKING_FIELDS,
  example: { carrier: "UPS", tracking_number: "1Z999AA10123456784" },
};

export const OwnTrackingRequest: NamedSchema = {
  id: "OwnTrackingRequest",
  schema: OwnTrackingBody,
  description: "A parcel that was labelled elsewhere.",
  fields: { ...TRACKING_FIELDS, order_id: ORDER_ID, line_item_ids: LINE_ITEM_IDS },
  example: { order_id: ORDER, carrier: "UPS", tracking_number: "1Z999AA10123456784" },
};

export const Rate: NamedSchema = {
  id: "Rate",
  schema: StoredRate,
  description: "A price that can be bought for an hour, for the same order and parcel.",
  fields: {
    rate_id: "Name it to buy.",
    provider: "Who sells the label.",
    carrier: "Name of the carrier.",
    service: "The provider's id of the service.",
    service_name: "For the seller.",
    price: {
      ...AMOUNT,
      description: "Decimal string in major units of currency; null where TikTok states the " +
        "price only after the purchase.",
    },
    currency: CURRENCY,
    days_min: "Fewest days in transit.",
    days_max: "Most days in transit.",
    is_default: "TikTok's own choice.",
    expires_at: { ...TIME, description: "Until then it can be bought." },
  },
  example: {
    rate_id: "d2f6f0c5-51a5-4f0e-8b64-9a0b1d7f9c01",
    ...{ provider: "easypost", carrier: "UPS", service: "UPS/Ground", service_name: "UPS Ground" },
    ...{ price: "9.61", currency: "USD", days_min: 2, days_max: 3, is_default: false },
    expires_at: "2026-11-29T13:00:00+00:00",
  },
};

export const LINK_FIELDS = {
  label_url: { format: "uri", description: "The label; null while it is being drawn." },
  label_format: "Of label_url; null for an own tracking number.",
  label_expires_at: { ...TIME, description: "When label_url expires; null if it does not." },
  tracking_number: "The carrier's; TikTok's arrives with the drawn label.",
};

export const Shipment: NamedSchema = {
  id: "Shipment",
  schema: ShipmentSchema,
  description: "A label and its parcel. docs/labels.md explains the states.",
  fields: {
    id: "Also the id of the row in shipments, after the purchase.",
    order_id: ORDER_ID,
    order_ids: "Every order in the parcel, order_id first.",
    state: "Of the purchase.",
    reason: "Code: why the purchase or the void failed.",
    provider: "Who sold the label; own: the seller labelled the parcel elsewhere.",
    carrier: "In the words of the provider; null before the purchase.",
    service_type: "In the words of the provider; null before the purchase.",
    ...LINK_FIELDS,
    shipping_cost: {
      ...AMOUNT,
      description: "What was charged: decimal string in major units of currency; null where the " +
        "provider does not state it.",
    },
    quoted_cost: {
      ...AMOUNT,
      description: "The price before the purchase: decimal string in major units of currency.",
    },
    currency: CURRENCY,
    line_item_ids: "TikTok's ids of the units in the parcel.",
    estimated_delivery: { format: "date", description: "From the carrier." },
    status: "Of the parcel; null before the purchase.",
    tiktok_notified_at: { ...TIME, description: "When TikTok accepted the tracking number." },
    tiktok_warning: "Code: TikTok accepted the number with a warning.",
    tiktok_error: "Why TikTok has not accepted the number yet.",
    tiktok_error_code: "Code of that reason, for an own tracking number.",
    advice: "What to do with a label that is no longer wanted.",
    advice_reason: "What happened after the purchase.",
    advised_at: { ...TIME, description: "When that was stored." },
    created_at: { ...TIME, description: "Time of the request." },
    updated_at: { ...TIME, description: "Time of the last change." },
  },
  example: {
    ...{ id: SHIPMENT, order_id: ORDER, order_ids: [ORDER], state: "purchased", reason: null },
    ...{ provider: "easypost", carrier: "UPS", service_type: "Ground" },
    ...{ tracking_number: "1Z999AA10123456784", label_url: "https://labels.example/1.pdf" },
    ...{ label_expires_at: null, label_format: "PDF", shipping_cost: "9.61", quoted_cost: "9.61" },
    ...{ currency: "USD", line_item_ids: ["577086512123755"], estimated_delivery: "2026-12-02" },
    ...{ status: "purchased", tiktok_notified_at: null, tiktok_warning: null, tiktok_error: null },
    ...{ tiktok_error_code: null, advice: null, advice_reason: null, advised_at: null },
    ...{ created_at: CREATED, updated_at: CREATED },
  },
};

export const Carrier: NamedSchema = {
  id: "Carrier",
  schema: CarrierSchema,
  description: "A carrier as TikTok lists it for the order.",
  fields: { id: "TikTok's id.", name: "TikTok's name." },
  example: { id: "7117858858072016686", name: "UPS" },
};

const BatchItem: NamedSchema = {
  id: "BatchItem",
  schema: BatchItemSchema,
  description: "A label of a batch.",
  fields: {
    order_id: ORDER_ID,
    state: "unknown: it is looked up at the carrier.",
    shipment: "Null before the purchase.",
    problem: "What POST /shipments would have answered; null without one.",
  },
  parts: [Shipment],
};

export const Batch: NamedSchema = {
  id: "Batch",
  schema: BatchAnswer,
  description: "Labels that are bought one by one.",
  fields: {
    id: "Read it again with GET /shipments/batch/{id}.",
    state: "done: no item is waiting.",
    total: "Number of items.",
    waiting: "Number of items.",
    purchased: "Number of items.",
    failed: "Number of items.",
    unknown: "Number of items.",
    created_at: { ...TIME, description: "Time of the request." },
    items: "As in the request.",
  },
  parts: [BatchItem],
  example: {
    ...{ id: "3f0a9e0e-55a4-4b9f-9d37-1b8a3b9d4c22", state: "processing", total: 1, waiting: 1 },
    ...{ purchased: 0, failed: 0, unknown: 0, created_at: CREATED },
    items: [{ order_id: ORDER, state: "waiting", shipment: null, problem: null }],
  },
};

export const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  description: "The seller's name for the request: repeated with it, it does nothing more.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

export const ORDER_QUERY: Parameter = {
  name: "order_id",
  in: "query",
  required: true,
  description: ORDER_ID,
  schema: { type: "string", format: "uuid" },
};

export const ID: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The id of an earlier answer.",
  schema: { type: "string", format: "uuid" },
};
