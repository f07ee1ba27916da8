/** Simulated labels for US orders that TikTok delivers: services, purchases, refusals. */
import assert from "node:assert/strict";
import { Caller, NOW, type OrderDetail } from "../../../tests/support/tiktok_caller.ts";
import { DOUBTFUL_CODES } from "./fulfillment_refusals.ts";
import type { NewOrder } from "./orders.ts";
import { TikTokSimulator } from "./simulator.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
  shippingState,
} from "../../../tests/support/fulfillment.ts";

const WEIGHT = { value: "1.4", unit: "POUND" };
const DIMENSION = { length: "9", width: "6", height: "5", unit: "INCH" };

/** A US shop, and an order of two lines that TikTok delivers. */
async function usShop(order: Partial<NewOrder> = {}) {
  const caller = new Caller();
  const { simulator } = caller;
  const shop = await caller.shop("1");
  const made = simulator.addOrder({ shopId: "1", quantity: 2, shippingType: "TIKTOK", ...order });
  const [first = "", second = ""] = (made.detail as unknown as OrderDetail).line_items
    .map((line) => line.id);
  const services = (body: unknown = {}, id = made.id) =>
    shop.post(`${ORDERS}/${id}/shipping_services/query`, body);
  const buy = (body: Record<string, unknown> = {}) =>
    shop.post(PACKAGES, { order_id: made.id, ...body });
  const { fulfillment } = simulator;
  return { caller, simulator, fulfillment, shop, orderId: made.id, first, second, services, buy };
}

type Services = { id: string; price: string; is_default: boolean }[];

Deno.test("the prices of services grow with the weight, and one service is the default", async () => {
  const { simulator, services, orderId, first, second } = await usShop();
  const before = shippingState(simulator);
  const { data } = await fixture("19-eligible-shipping-services-us");
  const light = await services({ weight: WEIGHT, dimension: DIMENSION });
  assert.equal(light.code, 0);
  assertSameShape(light.data, data);
  assert.equal(light.data.order_id, orderId);
  assert.deepEqual(light.data.order_line_id, [first, second]);
  assert.deepEqual([light.data.weight, light.data.dimension], [WEIGHT, DIMENSION]);

  const heavy = await services({ weight: { value: "2000", unit: "GRAM" } });
  const prices = (answer: typeof light) =>
    (answer.data.shipping_services as Services).map(({ price }) => Number(price));
  assert.deepEqual(prices(light), [5.12, 6.03, 15.93]);
  assert.deepEqual(prices(heavy), [8.12, 9.03, 24.8]);
  const defaults = (light.data.shipping_services as Services).map((service) => service.is_default);
  assert.deepEqual(defaults, [true, false, false]);

  const one = await services({ order_line_item_ids: [second] });
  assert.deepEqual(one.data.order_line_id, [second]);
  assert.deepEqual(one.data.weight, { value: "300", unit: "GRAM" });
  // Only one service takes 35 kg, and no service takes 70 kg.
  assert.deepEqual(prices(await services({ weight: { value: "35000", unit: "GRAM" } })).length, 1);
  assert.equal((await services({ weight: { value: "70000", unit: "GRAM" } })).code, 21011037);
  assert.equal(shippingState(simulator), before);
});

Deno.test("a label is charged once, and adds a package to the order and its lines", async () => {
  const { caller, simulator, fulfillment, shop, orderId, first, second, services, buy } =
    await usShop({ detail: { is_buyer_request_cancel: true } });
  const before = await shop.order(orderId);
  const offered = await services({ weight: WEIGHT, dimension: DIMENSION });
  const [, wanted] = offered.data.shipping_services as Services;
  caller.now += 60_000;
  const bought = await buy({
    order_line_item_ids: [first, second],
    weight: WEIGHT,
    dimension: DIMENSION,
    shipping_service_id: wanted?.id,
  });
  const expected = await fixture("20-create-packages-label-bought-us");
  assertSameShape(bought.data, expected.data);
  const at = NOW / 1000 + 60;
  assert.equal(bought.data.create_time, at);
  assert.equal((bought.data.shipping_service_info as { price: string }).price, wanted?.price);

  const packageId = bought.data.package_id as string;
  const cents = Math.round(Number(wanted?.price) * 100);
  assert.deepEqual(fulfillment.labels, [{
    packageId,
    orderId,
    shopId: "1",
    lineItemIds: [first, second],
    serviceId: wanted?.id,
    cents,
    currency: "USD",
    at,
  }]);
  assert.deepEqual([fulfillment.labelsBought, fulfillment.charged], [1, cents]);
  assert.deepEqual(fulfillment.shipped, []);

  const order = await shop.order(orderId);
  assert.equal(order.status, "AWAITING_COLLECTION");
  assert.ok(order.update_time > before.update_time);
  assert.equal(order.is_buyer_request_cancel, false, "shipping rejects the buyer's request");
  assert.deepEqual(order.packages, [{ id: packageId }]);
  assert.match(String(order.tracking_number), /^1Z\d{16}$/);
  for (const line of order.line_items) {
    assert.equal(line.package_id, packageId);
    assert.equal(line.package_status, "PROCESSING");
    assert.equal(line.display_status, "AWAITING_COLLECTION");
    assert.equal(line.tracking_number, order.tracking_number);
    assert.equal(line.shipping_provider_name, "UPS");
    assert.equal(line.shipping_provider_id, "7117859084333745966");
  }
  const notice = simulator.state.get("orders", orderId);
  assert.equal(notice && simulator.notificationOf(notice).data.order_status, "AWAITING_COLLECTION");
});

Deno.test("the default service is bought without a choice; a shop with one service always gets that one", async () => {
  const { simulator, fulfillment, orderId, buy, shop } = await usShop();
  await buy({ weight: WEIGHT });
  assert.equal(fulfillment.labels[0]?.serviceId, "7208000000000000001");
  assert.equal(fulfillment.charged, 512);

  const found = simulator.state.get("shops", "1");
  assert.ok(found);
  simulator.state.put("shops", "1", { ...found, oneService: true });
  const other = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const { data } = await shop.post(`${ORDERS}/${other.id}/shipping_services/query`);
  assert.deepEqual((data.shipping_services as Services).map(({ id }) => id), [
    "7208000000000000001",
  ]);
  await shop.post(PACKAGES, {
    order_id: other.id,
    shipping_service_id: "7208000000000000002",
  });
  assert.deepEqual(fulfillment.labels.map((label) => [label.orderId, label.serviceId]), [
    [orderId, "7208000000000000001"],
    [other.id, "7208000000000000001"],
  ]);
});

Deno.test("a doubtful purchase answers TikTok's error, and the label is bought and charged", async () => {
  for (const code of DOUBTFUL_CODES) {
    const { simulator, fulfillment, shop, orderId, buy } = await usShop();
    fulfillment.doubtfulBuys = [code];
    const { data, ...answer } = await buy();
    assert.deepEqual([answer.code, data], [code, null]);
    assert.equal(fulfillment.labelsBought, 1);
    assert.equal((await shop.order(orderId)).status, "AWAITING_COLLECTION");
    await assertRefused(simulator, () => buy(), 21022025);
  }
});

Deno.test("only one of many simultaneous purchases for the same lines is charged", async () => {
  const { simulator, fulfillment, first, buy } = await usShop();
  const answers = await Promise.all(Array.from({ length: 8 }, () => buy()));
  const codes = answers.map(({ code }) => code).sort();
  assert.deepEqual(codes, [0, ...Array(7).fill(21022025)]);
  const refused = answers.find(({ code }) => code !== 0);
  const expected = await fixture("51-error-21022025-label-already-bought");
  assert.deepEqual([refused?.message, refused?.data], [expected.message, null]);
  for (const body of [{}, { order_line_item_ids: [first] }]) {
    await assertRefused(simulator, () => buy(body), 21022025);
  }
  assert.equal(fulfillment.labelsBought, 1);
});

Deno.test("an order is PARTIALLY_SHIPPING until its last line has a label", async () => {
  const { simulator, fulfillment, shop, orderId, first, second, buy } = await usShop();
  const part = await buy({ order_line_item_ids: [first] });
  let order = await shop.order(orderId);
  assert.equal(order.status, "PARTIALLY_SHIPPING");
  assert.deepEqual(order.line_items.map((line) => line.package_id), [
    part.data.package_id,
    undefined,
  ]);
  assert.equal(order.tracking_number, undefined, "the package is only a part of the order");
  // A request without lines means all lines, and one of them has its label.
  await assertRefused(simulator, () => buy(), 21022025);
  await assertRefused(simulator, () => buy({ order_line_item_ids: [first, second] }), 21022025);

  const rest = await buy({ order_line_item_ids: [second] });
  const ids = [part.data.package_id, rest.data.package_id] as string[];
  const time = order.update_time;
  order = await shop.order(orderId);
  assert.equal(order.status, "AWAITING_COLLECTION");
  assert.ok(order.update_time > time);
  assert.deepEqual(order.packages, ids.map((id) => ({ id })));
  assert.equal(order.split_or_combine_tag, "SPLIT");
  assert.equal(fulfillment.labelsBought, 2);
  const detail = await shop.get(`${PACKAGES}/${ids[1]}`);
  assert.deepEqual(detail.data.order_line_item_ids, [second]);
  assert.equal(detail.data.split_and_combine_tag, "SPLIT");

  // The slowest package decides the status of the order.
  assert.equal(simulator.changePackage(String(ids[0]), "FULFILLING").detail.status, order.status);
  assert.equal(simulator.changePackage(String(ids[0]), "COMPLETED").detail.status, order.status);
  assert.equal(simulator.changePackage(String(ids[1]), "FULFILLING").detail.status, "IN_TRANSIT");
  assert.equal(simulator.changePackage(String(ids[1]), "COMPLETED").detail.status, "DELIVERED");
});

Deno.test("orders in another status, or that TikTok does not deliver, get no services and no label", async () => {
  const { simulator, shop, orderId } = await usShop();
  const cases: [Partial<NewOrder>, number][] = [
    [{ status: "UNPAID" }, 21011044],
    [{ status: "ON_HOLD" }, 21011044],
    [{ status: "CANCELLED" }, 21011041],
    [{ status: "AWAITING_COLLECTION" }, 21011006],
    [{ status: "IN_TRANSIT" }, 21011006],
    [{ status: "DELIVERED" }, 21011006],
    [{ status: "COMPLETED" }, 21011006],
    [{ shippingType: "SELLER" }, 21008017],
    [{ detail: { fulfillment_type: "FULFILLMENT_BY_TIKTOK" } }, 21008025],
  ];
  for (const [changes, code] of cases) {
    const { id } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK", ...changes });
    const query = () => shop.post(`${ORDERS}/${id}/shipping_services/query`);
    await assertRefused(simulator, query, code);
    await assertRefused(simulator, () => shop.post(PACKAGES, { order_id: id }), code);
  }
  assert.equal((await shop.order(orderId)).status, "AWAITING_SHIPMENT");
});

Deno.test("an invalid request buys nothing", async () => {
  const { simulator, fulfillment, shop, first, buy, services } = await usShop();
  const bodies: [Record<string, unknown>, RegExp][] = [
    [{ order_line_item_ids: ["9"] }, /order_line_item_ids is invalid/],
    [{ order_line_item_ids: [] }, /order_line_item_ids is invalid/],
    [{ order_line_item_ids: [first, first] }, /order_line_item_ids is invalid/],
    [{ order_line_item_ids: first }, /order_line_item_ids is invalid/],
    [{ weight: "1.4" }, /weight is invalid/],
    [{ weight: { value: 1.4, unit: "POUND" } }, /weight.value is invalid/],
    [{ weight: { value: "0", unit: "POUND" } }, /weight.value is invalid/],
    [{ weight: { value: "-1", unit: "POUND" } }, /weight.value is invalid/],
    [{ weight: { value: "one", unit: "POUND" } }, /weight.value is invalid/],
    [{ weight: { unit: "POUND" } }, /weight.value is missing/],
    [{ weight: { value: "1.4" } }, /weight.unit is missing/],
    [{ weight: { value: "1.4", unit: "KILOGRAM" } }, /weight.unit is invalid/],
    [{ dimension: { ...DIMENSION, height: undefined } }, /dimension.height is missing/],
    [{ dimension: { ...DIMENSION, width: "0" } }, /dimension.width is invalid/],
    [{ dimension: { ...DIMENSION, length: 9 } }, /dimension.length is invalid/],
    [{ dimension: { ...DIMENSION, unit: "FOOT" } }, /dimension.unit is invalid/],
  ];
  for (const [body, message] of bodies) {
    await assertRefused(simulator, () => buy(body), 36009004, message);
    await assertRefused(simulator, () => services(body), 36009004, message);
  }
  await assertRefused(
    simulator,
    () => buy({ order_id: undefined }),
    36009004,
    /order_id is missing/,
  );
  await assertRefused(simulator, () => buy({ shipping_service_id: 7 }), 36009004);
  await assertRefused(simulator, () => buy({ shipping_service_id: "7" }), 21004008);
  await assertRefused(simulator, () => shop.post(PACKAGES, { order_id: "404" }), 21008111);
  assert.deepEqual([fulfillment.labelsBought, fulfillment.charged], [0, 0]);
});

Deno.test("the addresses of TikTok Shipping orders are masked in every status", async () => {
  const { simulator, shop, orderId } = await usShop();
  const seller = simulator.addOrder({ shopId: "1" });
  const phone = async (id: string) =>
    ((await shop.order(id)).recipient_address as { phone_number: string }).phone_number;
  assert.match(await phone(orderId), /\*/);
  assert.doesNotMatch(await phone(seller.id), /\*/);
  for (const id of [orderId, seller.id]) simulator.changeOrder(id, "IN_TRANSIT");
  assert.match(await phone(orderId), /\*/);
  assert.doesNotMatch(await phone(seller.id), /\*/);
  simulator.changeOrder(seller.id, "CANCELLED");
  assert.match(await phone(seller.id), /\*/);
});

Deno.test("labels, packages and tracking numbers survive a restart", async () => {
  const journalPath = await Deno.makeTempFile();
  const caller = new Caller({ journalPath });
  const shop = await caller.shop("1");
  const { id } = caller.simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  await shop.post(PACKAGES, { order_id: id });
  const before = shippingState(caller.simulator);
  const { charged } = caller.simulator.fulfillment;
  caller.simulator.close();

  const after = new TikTokSimulator({
    ...{ appKey: "key", appSecret: "secret", webhookUrl: "http://127.0.0.1:1/" },
    journalPath,
  });
  assert.equal(shippingState(after), before);
  assert.ok(charged > 0);
  assert.equal(after.fulfillment.charged, charged);
  after.close();
  await Deno.remove(journalPath);
});

Deno.test("a purchase with a lost answer is made once, and the order shows its package", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const shop = await caller.shop("1");
  const { id } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  simulator.faults.add({ path: PACKAGES, kind: "lost", count: 1 });
  // A 504 has no envelope.
  await assert.rejects(shop.post(PACKAGES, { order_id: id }), SyntaxError);
  assert.equal(simulator.fulfillment.labelsBought, 1);
  await assertRefused(simulator, () => shop.post(PACKAGES, { order_id: id }), 21022025);
  const [found] = (await shop.order(id)).packages;
  assert.equal(found?.id, simulator.fulfillment.labels[0]?.packageId);
});
