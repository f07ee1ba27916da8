/** Purchases of labels as the database hands them out, without a database. */
import type { OrderToShip, Purchase } from "../../shared/shipping/provider.ts";

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

/** Fixture 11, as our database has it. */
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
    shop: null,
    tracking_numbers: [],
    sender: SENDER,
    ...fields,
  };
}

/** Of the cheapest label that there is, for every unit of the order. */
export function purchaseOf(fields: Partial<Purchase> = {}): Purchase {
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
    order: orderToShip(),
    ...fields,
  };
}
