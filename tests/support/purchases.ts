/** Purchases of labels as the database returns them, without a database. */
import assert from "node:assert/strict";
import { LabelError } from "../../shared/shipping/errors.ts";
import type { BoughtLabel, PreparedChoice } from "../../shared/shipping/providers/provider.ts";
import type { OrderToShip, Purchase, PurchaseForWorker } from "../../shared/shipping/schemas.ts";
import type { Shipment } from "../../shared/shipping/shipment.ts";

export const PURCHASE_ID = "0b5f2c1e-6f0a-4a7e-9c55-2d6a0f3b7c11";
export const LINE_ITEMS = ["576461413038780001", "576461413038780002"];

/** The parcel of the fixtures: 9 x 6 x 5 inches, 1.4 pounds. */
export const PARCEL: Purchase["parcel"] = {
  length: "9",
  width: "6",
  height: "5",
  dimension_unit: "in",
  weight: "1.4",
  weight_unit: "lb",
};

export const SENDER: NonNullable<Purchase["sender"]> = {
  name: "Ada's Mugs",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  state: "OR",
  postal_code: "97209",
  country: "US",
};

/** Fixture 11, as the database returns it. */
export function orderToShip(fields: Partial<OrderToShip> = {}): OrderToShip {
  return {
    id: "7d1b0c34-52c0-4d1e-8a43-0a3a5b1f9e02",
    tiktok_order_id: "576461413038785752",
    shipping_type: "SELLER",
    shipping_address: {
      name: "Rosa Delgado",
      phone: "(+1)5035550142",
      line1: "118 Alder Street",
      line2: "Unit 4",
      city: "Portland",
      state: "Oregon",
      postal_code: "97205",
      country: "US",
    },
    line_item_ids: LINE_ITEMS,
    cancelled_line_item_ids: [],
    shop: null,
    tracking_numbers: [],
    address_digest: null,
    sender: SENDER,
    ...fields,
  };
}

/** A purchase of the cheapest label, for every unit of the order. */
export function purchaseOf(fields: Partial<Purchase> = {}): Purchase {
  const { order = orderToShip(), line_item_ids = LINE_ITEMS } = fields;
  const { id, tiktok_order_id, tracking_numbers } = order;
  return {
    id: PURCHASE_ID,
    attempt: 1,
    state: "requested",
    provider: "easypost",
    line_item_ids: LINE_ITEMS,
    parcel: PARCEL,
    sender: SENDER,
    service: "cheapest",
    label_format: "PDF",
    carrier_shipment_id: null,
    carrier_rate_id: null,
    quoted_cost: null,
    currency: null,
    tiktok_package_id: null,
    refused_carriers: [],
    order,
    orders: [{
      ...{ id, tiktok_order_id, line_item_ids, tracking_numbers },
      ...{ combine_group_id: null, labelled_elsewhere: [] },
    }],
    ...fields,
  };
}

export const CHOICE: PreparedChoice = {
  service: "USPS/Priority",
  carrier: "USPS",
  carrier_shipment_id: "shp_1",
  carrier_rate_id: "rate_1",
  quoted_cost: "9.61",
  currency: "USD",
};

export const LABEL: BoughtLabel = {
  carrier: "USPS",
  service_type: "Priority",
  shipping_cost: "9.61",
  currency: "USD",
  estimated_delivery: null,
  tiktok_package_id: null,
  label_url: "https://labels.example/1.pdf",
  label_format: "PDF",
  label_expires_at: null,
  tracking_number: "9400",
};

export function shipmentOf(fields: Partial<Shipment> = {}): Shipment {
  return {
    id: PURCHASE_ID,
    order_id: purchaseOf().order.id,
    order_ids: [purchaseOf().order.id],
    state: "purchased",
    reason: null,
    provider: "easypost",
    carrier: "USPS",
    service_type: "Priority",
    tracking_number: "9400",
    label_url: "https://labels.example/1.pdf",
    label_expires_at: null,
    label_format: "PDF",
    shipping_cost: "9.61",
    quoted_cost: "9.61",
    currency: "USD",
    line_item_ids: LINE_ITEMS,
    estimated_delivery: null,
    status: "purchased",
    tiktok_notified_at: null,
    tiktok_warning: null,
    tiktok_error: null,
    tiktok_error_code: null,
    advice: null,
    advice_reason: null,
    advised_at: null,
    created_at: "2026-11-29T12:00:00+00:00",
    updated_at: "2026-11-29T12:00:00+00:00",
    ...fields,
  };
}

export function purchaseForWorker(fields: Partial<PurchaseForWorker> = {}): PurchaseForWorker {
  const state = { state: "purchasing", abandoned: false, seconds: 0, shipment: shipmentOf() };
  const { carrier: _, ...choice } = CHOICE;
  return { ...purchaseOf(choice), ...state, ...fields };
}

/** @throws {AssertionError} if the call throws no `LabelError` */
export async function labelErrorOf(call: Promise<unknown>): Promise<LabelError> {
  const error = await call.then((value) => value, (error) => error);
  assert.ok(error instanceof LabelError, `not a LabelError: ${error}`);
  return error;
}

/** The code of the `LabelError`, and whether something may have been bought. */
export async function refusalOf(call: Promise<unknown>): Promise<[string, string]> {
  const { code, bought } = await labelErrorOf(call);
  return [code, bought];
}
