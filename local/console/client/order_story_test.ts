/** The entries are those that the product writes: TikTok's times are whole seconds. */
import assert from "node:assert/strict";
import { type OrderEvent, tellStory } from "./order_story.ts";

const to = (from: string | null, to: string) => ({ from, to });

function event(id: number, second: string, event_type: string, changes: object): OrderEvent {
  const happened_at = `2026-11-29T12:49:${second}Z`;
  return { id, event_type, changes: changes as Record<string, unknown>, happened_at };
}

const FOUND = event(1, "01.000", "ORDER_FOUND", {
  order_status: to(null, "awaiting_shipment"),
  payment_status: to(null, "paid"),
  tiktok_status: to(null, "AWAITING_SHIPMENT"),
  total_amount: to(null, "23.99"),
});
const LABEL = event(2, "09.904", "LABEL_PURCHASED", {
  carrier: "UPSDAP",
  shipment_id: "5eed",
  order_status: to("awaiting_shipment", "awaiting_collection"),
});
const BEGINNING = ["State at TikTok: Awaiting shipment · Paid"];

/** From the first entry to the latest. */
const story = (...events: OrderEvent[]): string[] =>
  tellStory(events, "USD").map(({ title, text }) => `${title}: ${text}`).reverse();

Deno.test("a parcel that TikTok calls in transit before the carrier's scan moves once", () => {
  const entries = story(
    FOUND,
    LABEL,
    event(3, "10.000", "ORDER_STATUS_CHANGE", {
      order_status: to("awaiting_collection", "in_transit"),
      tiktok_status: to("AWAITING_SHIPMENT", "IN_TRANSIT"),
      order_items: "changed",
    }),
    event(4, "19.612", "TRACKING_UPDATED", { shipment_status: to("purchased", "in_transit") }),
    event(5, "20.729", "TRACKING_UPDATED", {
      shipment_status: to("in_transit", "out_for_delivery"),
    }),
    event(6, "21.893", "TRACKING_UPDATED", {
      order_status: to("in_transit", "delivered"),
      shipment_status: to("out_for_delivery", "delivered"),
    }),
    event(7, "22.000", "ORDER_STATUS_CHANGE", { tiktok_status: to("IN_TRANSIT", "DELIVERED") }),
  );
  assert.deepEqual(entries.slice(2), [
    "TikTok reported the order: In transit",
    "The carrier confirmed it: In transit",
    "The carrier reported the parcel: Out for delivery",
    "The carrier reported the parcel: Delivered",
    "TikTok confirmed it: Delivered",
  ]);
  assert.deepEqual(entries.slice(0, 1), BEGINNING);
  assert.match(entries[1] ?? "", /^Label bought: Awaiting collection · UPS/);
});

Deno.test("a scan that was stored before TikTok's report of the same second comes first", () => {
  const entries = story(
    FOUND,
    LABEL,
    event(3, "10.502", "TRACKING_UPDATED", {
      order_status: to("awaiting_collection", "in_transit"),
      shipment_status: to("purchased", "in_transit"),
    }),
    event(4, "10.000", "ORDER_STATUS_CHANGE", {
      tiktok_status: to("AWAITING_SHIPMENT", "IN_TRANSIT"),
    }),
  );
  assert.deepEqual(entries.slice(2), [
    "The carrier reported the parcel: In transit",
    "TikTok confirmed it: In transit",
  ]);
});

Deno.test("a report that came late still shows each state once", () => {
  const entries = story(
    LABEL,
    event(3, "20.502", "TRACKING_UPDATED", {
      order_status: to("awaiting_collection", "in_transit"),
      shipment_status: to("purchased", "in_transit"),
    }),
    event(4, "10.000", "ORDER_STATUS_CHANGE", {
      tiktok_status: to("AWAITING_SHIPMENT", "IN_TRANSIT"),
    }),
  );
  assert.deepEqual(entries.slice(1), [
    "TikTok reported the order: In transit",
    "The carrier confirmed it: In transit",
  ]);
});

Deno.test("a second parcel, a void and a refused state have entries of their own", () => {
  const scan = (id: number, shipment_id: string) =>
    event(id, `${30 + id}.100`, "TRACKING_UPDATED", {
      shipment_id,
      shipment_status: to("purchased", "in_transit"),
    });
  assert.deepEqual(story(scan(3, "a"), scan(4, "b")), [
    "The carrier reported the parcel: In transit",
    "The carrier reported the parcel: In transit",
  ]);
  const back = { order_status: to("awaiting_collection", "awaiting_shipment") };
  assert.deepEqual(story(FOUND, LABEL, event(3, "11.000", "LABEL_VOIDED", back)).slice(2), [
    "Label voided: Awaiting shipment",
  ]);
  const corrected = { order_status: to("in_transit", "awaiting_collection") };
  const entries = story(
    event(3, "31.000", "TRACKING_UPDATED", {
      order_status: to("awaiting_collection", "in_transit"),
    }),
    event(4, "32.000", "TRACKING_CORRECTED", corrected),
    event(5, "33.000", "ORDER_STATUS_CHANGE", {
      tiktok_status: to("AWAITING_COLLECTION", "IN_TRANSIT"),
    }),
  );
  assert.deepEqual(entries.slice(1), [
    "Tracking number corrected: Awaiting collection",
    "TikTok reported the order: In transit",
  ]);
  const refused = {
    tiktok_status: to("ON_HOLD", "AWAITING_SHIPMENT"),
    refused: "awaiting_shipment",
  };
  assert.deepEqual(story(LABEL, event(3, "11.000", "ORDER_STATUS_CHANGE", refused)).slice(1), [
    "TikTok reported the order: At TikTok: Awaiting shipment",
  ]);
});

Deno.test("prices, refunds, requests to cancel and combined orders have words, not codes", () => {
  const cases: [type: string, changes: object, entry: string][] = [
    [
      "LABEL_COST_ADJUSTED",
      { shipment_id: "5eed", shipping_cost: to("5.85", "7.45") },
      "The carrier changed the price of the label: From 5.85 to 7.45",
    ],
    [
      "RETURN_FOUND",
      {
        ...{ return_id: "4035", return_status: "RETURN_OR_REFUND_REQUEST_COMPLETE" },
        ...{ refund_total: "5.00", payment_status: to("paid", "partially_refunded") },
      },
      "TikTok reported a return: Paid back · $5.00 refunded · Partially refunded",
    ],
    [
      "RETURN_STATUS_CHANGE",
      { return_id: "4035", return_status: "RETURN_OR_REFUND_REQUEST_PENDING" },
      "TikTok reported a return: The buyer asks for it",
    ],
    [
      "RETURN_STATUS_CHANGE",
      { return_id: "4035", return_status: "SOMETHING_NEW" },
      "TikTok reported a return: Something new",
    ],
    [
      "REFUND_SUCCESS",
      { refund: "success", refund_foreign: { amount: "5.00", currency: "GBP" } },
      "TikTok paid the buyer back: 5.00 GBP refunded",
    ],
    ["CANCELLATION_STATUS_CHANGE", { cancel_status: "x" }, "TikTok reported a cancellation: "],
    [
      "ORDER_STATUS_CHANGE",
      { cancel_requested_at: to(null, "2026-11-29T12:49:00+00:00") },
      "TikTok reported the order: The buyer asks to cancel",
    ],
    [
      "ORDER_STATUS_CHANGE",
      { cancel_requested_at: { from: "2026-11-29T12:49:00+00:00", to: null } },
      "TikTok reported the order: The request to cancel has ended",
    ],
    [
      "ORDER_REREAD",
      { combine_group_id: to(null, "7576461413038785752") },
      "Changed at TikTok: Combined with other orders",
    ],
    [
      "ORDER_REREAD",
      { combine_group_id: { from: "7576461413038785752", to: null } },
      "Changed at TikTok: No longer combined with other orders",
    ],
  ];
  for (const [type, changes, entry] of cases) {
    assert.deepEqual(story(event(3, "11.000", type, changes)), [entry]);
  }
});
