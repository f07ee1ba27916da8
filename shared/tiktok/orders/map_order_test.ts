import assert from "node:assert/strict";
import { mapOrder, OrderMappingError } from "./map_order.ts";
import { mapOrderStatus, mapPaymentStatus } from "./map_order_status.ts";
import { type Order, OrderDetail } from "../api/schemas.ts";

async function readOrder(fixture: string): Promise<Order> {
  const url = new URL(`../../../tests/fixtures/tiktok/${fixture}`, import.meta.url);
  return OrderDetail.parse(JSON.parse(await Deno.readTextFile(url)).data.orders[0]);
}

Deno.test("mapOrder() maps an order that awaits shipment", async () => {
  const row = mapOrder(
    await readOrder("11-order-detail-us-awaiting-shipment-seller-shipping.json"),
  );
  assert.deepEqual(row, {
    tiktok_order_id: "576461413038785752",
    tiktok_status: "AWAITING_SHIPMENT",
    order_status: "awaiting_shipment",
    payment_status: "paid",
    currency: "USD",
    total_amount: "46.21",
    shipping_cost: "4.99",
    shipping_type: "SELLER",
    customer_email: "v4cfEXAMPLEBUYER0001@scs1.tiktok.com",
    shipping_address: {
      name: "Rosa Delgado",
      phone: "(+1)5035550142",
      line1: "118 Alder Street",
      line2: "Unit 4",
      city: "Portland",
      state: "Oregon",
      postal_code: "97205",
      country: "US",
      full_address: "118 Alder Street, Unit 4, Portland, Multnomah, Oregon, United States 97205",
      districts: [
        { level: "L0", type: "Country", name: "United States" },
        { level: "L1", type: "State", name: "Oregon" },
        { level: "L2", type: "County", name: "Multnomah" },
        { level: "L3", type: "City", name: "Portland" },
      ],
    },
    address_status: "readable",
    order_items: [{
      sku_id: "1729500000000000101",
      product_id: "1729500000000000100",
      product_name: "Stoneware mug, 12 oz",
      sku_name: "Moss",
      seller_sku: "MUG-MOSS-12",
      image_url: "https://example.invalid/img/mug-moss.jpg",
      is_gift: false,
      gift_retail_price: null,
      quantity: 2,
      unit_price: "19.00",
      total_price: "38.00",
      line_item_ids: ["576461413038780001", "576461413038780002"],
      cancelled_line_item_ids: [],
      components: [],
      units: ["576461413038780001", "576461413038780002"].map((line_item_id) => ({
        line_item_id,
        status: "AWAITING_SHIPMENT",
        cancelled_by: null,
        cancel_reason: null,
        package_id: null,
      })),
    }],
    order_kind: "sale",
    related_order_id: null,
    fulfillment_type: "FULFILLMENT_BY_SELLER",
    warehouse_id: "6955000000000000001",
    combine_group_id: null,
    paid_at: "2026-09-21T12:15:00.000Z",
    ship_by: "2026-09-23T14:13:20.000Z",
    auto_cancel_at: "2026-09-25T14:13:20.000Z",
    cancel_requested_at: null,
    cancel_respond_by: null,
    cancel_reason: null,
    cancelled_by: null,
    buyer_note: null,
    seller_note: null,
    amounts: {
      sub_total: "38.00",
      shipping_fee: "4.99",
      seller_discount: "2.00",
      platform_discount: "0",
      total_amount: "46.21",
      original_total_product_price: "40.00",
      original_shipping_fee: "4.99",
      shipping_fee_seller_discount: "0",
      shipping_fee_platform_discount: "0",
      shipping_fee_cofunded_discount: "0",
      tax: "3.22",
      shipping_fee_tax: "0.37",
      product_tax: "2.85",
      retail_delivery_fee: "0",
      item_insurance_fee: "0",
      item_insurance_tax: "0",
    },
    cancelled_amount: "0.00",
    cancelled_in_total: true,
    tiktok_created_at: "2026-09-21T12:13:20.000Z",
    tiktok_updated_at: "2026-09-21T13:15:00.000Z",
  });
});

Deno.test("mapOrder() maps an order on hold, whose address TikTok does not show yet", async () => {
  const row = mapOrder(await readOrder("12-order-detail-on-hold-no-address.json"));
  assert.deepEqual([row.order_status, row.payment_status], ["on_hold", "paid"]);
  assert.deepEqual([row.address_status, row.shipping_address], ["none", {}]);
});

Deno.test("mapOrder() maps a cancelled order, whose address is masked", async () => {
  const row = mapOrder(await readOrder("14-order-detail-cancelled.json"));
  assert.deepEqual([row.order_status, row.payment_status], ["cancelled", "refunded"]);
  assert.equal(row.address_status, "masked");
});

Deno.test("mapOrder() returns null for absent fields, and requires only id, status and a time", () => {
  const row = mapOrder(
    OrderDetail.parse({ id: "1", status: "NEW_WORD", update_time: 5, extra: 1 }),
  );
  assert.deepEqual(row, {
    tiktok_order_id: "1",
    tiktok_status: "NEW_WORD",
    order_status: null,
    payment_status: null,
    currency: null,
    total_amount: null,
    shipping_cost: null,
    shipping_type: null,
    customer_email: null,
    shipping_address: {},
    address_status: "none",
    order_items: [],
    order_kind: "sale",
    related_order_id: null,
    fulfillment_type: null,
    warehouse_id: null,
    combine_group_id: null,
    paid_at: null,
    ship_by: null,
    auto_cancel_at: null,
    cancel_requested_at: null,
    cancel_respond_by: null,
    cancel_reason: null,
    cancelled_by: null,
    buyer_note: null,
    seller_note: null,
    amounts: {},
    cancelled_amount: null,
    cancelled_in_total: null,
    tiktok_created_at: null,
    tiktok_updated_at: "1970-01-01T00:00:05.000Z",
  });
  assert.throws(
    () => mapOrder(OrderDetail.parse({ id: "1", status: "UNPAID" })),
    OrderMappingError,
  );
});

Deno.test('mapOrder() takes "" and the time 0 as absent, in every field and at every depth', async () => {
  const order = await readOrder("11-order-detail-us-awaiting-shipment-seller-shipping.json");
  const emptied = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((entry) => emptied(entry, path));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, entry]) => [key, emptied(entry, `${path}.${key}`)]),
      );
    }
    if ([".id", ".status", ".line_items.id"].includes(path)) return value;
    return path.endsWith("_time") && path !== ".update_time" ? 0 : path === ".update_time" ? 5 : "";
  };
  const row = mapOrder(OrderDetail.parse(emptied(order, "")));
  const bare = mapOrder(OrderDetail.parse({
    id: order.id,
    status: order.status,
    update_time: 5,
    line_items: order.line_items?.map(({ id }) => ({ id })),
  }));
  assert.deepEqual(row, bare);
});

Deno.test("a field that is only shown never keeps an order out, whatever its type", () => {
  const odd = { url: "https://example.com/mug.jpeg" };
  const { customer_email, shipping_address, order_items } = mapOrder(OrderDetail.parse({
    ...{ id: "1", status: "AWAITING_SHIPMENT", update_time: 5, buyer_email: odd },
    recipient_address: { name: "Ada", address_line1: "1 New Road", full_address: odd },
    line_items: [{
      ...{ id: "2", sku_id: "3", product_id: odd, product_name: odd, sku_name: odd },
      ...{ seller_sku: odd, sku_image: odd },
    }],
  }));
  assert.deepEqual([customer_email, shipping_address.full_address], [null, null]);
  const [item] = order_items;
  assert.deepEqual(
    [item?.product_id, item?.product_name, item?.sku_name, item?.seller_sku, item?.image_url],
    [null, null, null, null, null],
  );
  assert.deepEqual(item?.line_item_ids, ["2"]);
});

Deno.test("mapOrder() keeps amounts exact and never rounds", () => {
  const total = (amount: string) =>
    mapOrder(OrderDetail.parse({
      id: "1",
      status: "UNPAID",
      update_time: 5,
      payment: { currency: "USD", total_amount: amount },
    })).total_amount;
  assert.equal(total("159000"), "159000");
  assert.equal(total("0.1"), "0.10");
  assert.equal(total("12.3400"), "12.34");
  assert.equal(total("99999999999.99"), "99999999999.99");
  assert.throws(() => total("1.005"), OrderMappingError);
});

Deno.test("every TikTok status has its own status here, and CANCEL is CANCELLED", () => {
  const expected = {
    UNPAID: "received",
    ON_HOLD: "on_hold",
    AWAITING_SHIPMENT: "awaiting_shipment",
    PARTIALLY_SHIPPING: "partially_shipped",
    AWAITING_COLLECTION: "awaiting_collection",
    IN_TRANSIT: "in_transit",
    DELIVERED: "delivered",
    COMPLETED: "completed",
    CANCELLED: "cancelled",
    CANCEL: "cancelled",
  };
  for (const [tiktok, ours] of Object.entries(expected)) assert.equal(mapOrderStatus(tiktok), ours);
  assert.equal(mapOrderStatus("constructor"), null);
});

Deno.test("mapPaymentStatus(): cash on delivery is paid at delivery, a paid order that is cancelled is refunded", () => {
  const card = { paid: true, cashOnDelivery: false };
  const cash = { paid: false, cashOnDelivery: true };
  const unpaid = { paid: false, cashOnDelivery: false };
  assert.equal(mapPaymentStatus("received", unpaid), "pending");
  assert.equal(mapPaymentStatus("on_hold", card), "paid");
  assert.equal(mapPaymentStatus("on_hold", unpaid), "pending");
  assert.equal(mapPaymentStatus("awaiting_shipment", card), "paid");
  assert.equal(mapPaymentStatus("in_transit", cash), "pending");
  assert.equal(mapPaymentStatus("delivered", cash), "paid");
  assert.equal(mapPaymentStatus("cancelled", card), "refunded");
  assert.equal(mapPaymentStatus("cancelled", unpaid), "cancelled");
  assert.equal(mapPaymentStatus(null, unpaid), null);
});
