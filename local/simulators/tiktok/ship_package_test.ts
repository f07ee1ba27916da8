/** Simulated fulfillment outside the US: packages from the payment on, and Ship Package. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import type { NewShop } from "./operations.ts";
import type { NewOrder } from "./orders.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
} from "../../../tests/support/fulfillment.ts";

/** A shop of another region. */
async function shopIn(region: string, more: Partial<NewShop> = {}) {
  const caller = new Caller();
  const { simulator } = caller;
  simulator.addShop({ id: "9", openId: "far", region, cipher: "cipher9", ...more });
  const shop = await caller.shop("9");
  const { fulfillment } = simulator;
  const add = async (order: Partial<NewOrder> = {}) => {
    const { id } = simulator.addOrder({ shopId: "9", shippingType: "TIKTOK", ...order });
    const [found] = (await shop.order(id)).packages;
    return { orderId: id, packageId: String(found?.id) };
  };
  const ship = (packageId: string, body: unknown = {}) =>
    shop.post(`${PACKAGES}/${packageId}/ship`, body);
  return { caller, simulator, fulfillment, shop, add, ship };
}

Deno.test("orders have a package from the payment on, except those of US and UK local sellers", async () => {
  const cases: [string, "LOCAL" | "CROSS_BORDER", boolean][] = [
    ["VN", "LOCAL", true],
    ["DE", "LOCAL", true],
    ["GB", "CROSS_BORDER", true],
    ["GB", "LOCAL", false],
    ["US", "LOCAL", false],
  ];
  for (const [region, sellerType, isThere] of cases) {
    const { simulator, shop } = await shopIn(region, { sellerType });
    for (const shippingType of ["TIKTOK", "SELLER"] as const) {
      const { id } = simulator.addOrder({ shopId: "9", shippingType, status: "UNPAID" });
      assert.deepEqual((await shop.order(id)).packages, [], "before the payment");
      simulator.changeOrder(id, "ON_HOLD");
      assert.deepEqual((await shop.order(id)).packages, []);
      simulator.changeOrder(id, "AWAITING_SHIPMENT");
      const order = await shop.order(id);
      assert.equal(order.packages.length, isThere ? 1 : 0, `${region} ${sellerType}`);
      const [line] = order.line_items;
      assert.equal(line?.package_id, order.packages[0]?.id);
      assert.equal(line?.package_status, isThere ? "TO_FULFILL" : undefined);
    }
  }
});

Deno.test("Ship Package buys TikTok's label for the order's package", async () => {
  const { caller, simulator, fulfillment, shop, add, ship } = await shopIn("VN");
  const { orderId, packageId } = await add({ quantity: 2 });
  const before = await shop.order(orderId);
  caller.now += 60_000;
  const answer = await ship(packageId);
  const { data, message } = await fixture("21-ship-package-success");
  assert.deepEqual([answer.code, answer.data, answer.message], [0, data, message]);

  const order = await shop.order(orderId);
  assert.equal(order.status, "AWAITING_COLLECTION");
  assert.ok(order.update_time > before.update_time);
  assert.deepEqual(order.packages, [{ id: packageId }]);
  const lineItemIds = order.line_items.map(({ id }) => id);
  assert.deepEqual(fulfillment.labels, [{
    ...{ packageId, orderId, shopId: "9", lineItemIds },
    cents: 360,
    currency: "USD",
    at: NOW / 1000 + 60,
  }]);
  assert.deepEqual(fulfillment.shipped, []);
  for (const line of order.line_items) {
    assert.equal(line.package_status, "PROCESSING");
    assert.match(String(line.tracking_number), /^75\d{10}$/);
  }
  await assertRefused(simulator, () => ship(packageId), 21011020);
  assert.deepEqual([fulfillment.labelsBought, fulfillment.charged], [1, 360]);
});

Deno.test("only one of many simultaneous calls for a package buys the label", async () => {
  const { fulfillment, add, ship } = await shopIn("TH");
  const { packageId } = await add();
  const answers = await Promise.all(Array.from({ length: 8 }, () => ship(packageId)));
  assert.deepEqual(answers.map(({ code }) => code).sort(), [0, ...Array(7).fill(21011020)]);
  assert.equal(fulfillment.labelsBought, 1);
});

Deno.test("Ship Package is refused for an order that may not be shipped", async () => {
  const { simulator, fulfillment, shop, add, ship } = await shopIn("MY");
  for (
    const [status, code] of [
      ["UNPAID", 21011044],
      ["ON_HOLD", 21011044],
      ["CANCELLED", 21011041],
      ["IN_TRANSIT", 21011020],
      ["DELIVERED", 21011020],
    ] as const
  ) {
    const { orderId, packageId } = await add();
    simulator.changeOrder(orderId, status);
    await assertRefused(simulator, () => ship(packageId), code);
  }
  const wanted = await add({ detail: { is_buyer_request_cancel: true } });
  await assertRefused(simulator, () => ship(wanted.packageId), 21011007);

  const { orderId, packageId } = await add();
  const own = () => ship(packageId, { self_shipment: {} });
  await assertRefused(simulator, own, 36009004, /unexpected identifier: body.self_shipment/);
  await assertRefused(simulator, () => ship("404"), 21011028);

  // The services and labels of the US are not offered elsewhere.
  const query = () => shop.post(`${ORDERS}/${orderId}/shipping_services/query`);
  await assertRefused(simulator, query, 21008106);
  await assertRefused(simulator, () => shop.post(PACKAGES, { order_id: orderId }), 21008106);
  assert.deepEqual([fulfillment.labelsBought, fulfillment.charged], [0, 0]);
});

Deno.test("sellers in SEA and LATAM send their own tracking number with Ship Package", async () => {
  const { simulator, fulfillment, shop, add, ship } = await shopIn("ID");
  const { data } = await shop.get(
    "/logistics/202309/delivery_options/7091100000000000001/shipping_providers",
  );
  assertSameShape(data, (await fixture("24-shipping-providers")).data);
  const [provider] = data.shipping_providers as { id: string; name: string }[];
  assert.equal(provider?.name, "J&T Express");
  const own = { tracking_number: "JX12345", shipping_provider_id: provider?.id };

  const { orderId, packageId } = await add({ shippingType: "SELLER" });
  const refused: [unknown, number][] = [
    [{}, 36009004],
    [{ self_shipment: "JX12345" }, 36009004],
    [{ self_shipment: { ...own, tracking_number: undefined } }, 36009004],
    [{ self_shipment: { ...own, shipping_provider_id: "1" } }, 21011022],
    [{ self_shipment: { ...own, tracking_number: "JX 12345" } }, 21011022],
    [{ self_shipment: { ...own, tracking_number: "1Z999AA10123456784" } }, 11028006],
    [{ self_shipment: { ...own, tracking_number: "1234567890" } }, 21004015],
  ];
  for (const [body, code] of refused) {
    await assertRefused(simulator, () => ship(packageId, body), code);
  }
  assert.deepEqual((await ship(packageId, { self_shipment: own })).data, {});
  const order = await shop.order(orderId);
  assert.deepEqual([order.status, order.tracking_number], ["IN_TRANSIT", "JX12345"]);
  assert.deepEqual(fulfillment.shipped.map((sent) => [sent.packageId, sent.trackingNumber]), [
    [packageId, "JX12345"],
  ]);
  assert.equal(fulfillment.labelsBought, 0);

  const next = await add({ shippingType: "SELLER" });
  await assertRefused(simulator, () => ship(next.packageId, { self_shipment: own }), 21011025);
  const mark = () =>
    shop.post(`${ORDERS}/${next.orderId}/packages`, { ...own, tracking_number: "JX99999" });
  await assertRefused(simulator, mark, 21008106);
});

Deno.test("in regions of Mark Package As Shipped, Ship Package refuses the seller's own tracking number", async () => {
  const { simulator, fulfillment, shop, add, ship } = await shopIn("DE");
  const { orderId, packageId } = await add({ shippingType: "SELLER", quantity: 2 });
  const own = {
    tracking_number: "1Z999AA10123456784",
    shipping_provider_id: "7117859084333745966",
  };
  await assertRefused(simulator, () => ship(packageId, { self_shipment: own }), 21008106);
  const wanted = await add({ shippingType: "SELLER", detail: { is_buyer_request_cancel: true } });
  const mark = () => shop.post(`${ORDERS}/${wanted.orderId}/packages`, own);
  await assertRefused(simulator, mark, 21011007);

  // A part leaves the order's package; the rest is shipped in it.
  const [first = "", second = ""] = (await shop.order(orderId)).line_items.map(({ id }) => id);
  const path = `${ORDERS}/${orderId}/packages`;
  const part = await shop.post(path, { ...own, order_line_item_ids: [first] });
  assert.equal(part.code, 0);
  assert.notEqual(part.data.package_id, packageId);
  const { data } = await shop.get(`${PACKAGES}/${packageId}`);
  assert.deepEqual(data.order_line_item_ids, [second]);
  assert.equal((await shop.order(orderId)).status, "PARTIALLY_SHIPPING");
  const rest = await shop.post(path, {
    ...own,
    tracking_number: "1Z999AA10123456785",
    order_line_item_ids: [second],
  });
  assert.equal(rest.data.package_id, packageId);
  const order = await shop.order(orderId);
  assert.equal(order.status, "IN_TRANSIT");
  assert.deepEqual(
    new Set(order.packages.map(({ id }) => id)),
    new Set([packageId, part.data.package_id]),
  );
  assert.equal(fulfillment.shipped.length, 2);
});
