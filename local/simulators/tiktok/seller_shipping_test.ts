/** The simulated fulfilment for sellers with a carrier of their own: tracking numbers and corrections. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import type { NewOrder } from "./order_factory.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
  UPS,
  USPS,
} from "../../../tests/support/fulfillment.ts";

const FEDEX = "7129720299146184490";
const BY_UPS = { tracking_number: "1Z999AA10123456784", shipping_provider_id: UPS };
const BY_USPS = { tracking_number: "9400111899223344556677", shipping_provider_id: USPS };
/** FedEx gave it to USPS for the last mile: it is good for both. */
const BY_BOTH = { tracking_number: "9261290100130739000012", shipping_provider_id: USPS };

async function usShop() {
  const caller = new Caller();
  const { simulator } = caller;
  const shop = await caller.shop("1");
  const add = (order: Partial<NewOrder> = {}) => simulator.addOrder({ shopId: "1", ...order }).id;
  const mark = (id: string, body: unknown) => shop.post(`${ORDERS}/${id}/packages`, body);
  return { caller, simulator, fulfillment: simulator.fulfillment, shop, add, mark };
}

Deno.test("an order is marked as shipped with a tracking number, and on its way with it", async () => {
  const { caller, fulfillment, shop, add, mark } = await usShop();
  const id = add({ quantity: 2, detail: { is_buyer_request_cancel: true } });
  const before = await shop.order(id);
  caller.now += 60_000;
  const answer = await mark(id, BY_BOTH);
  assertSameShape(answer.data, (await fixture("23-mark-package-as-shipped-with-warning")).data);

  const order = await shop.order(id);
  const packageId = String(answer.data.package_id);
  const lineItemIds = order.line_items.map((line) => line.id);
  assert.equal(order.status, "IN_TRANSIT");
  assert.equal(order.is_buyer_request_cancel, false);
  assert.ok(order.update_time > before.update_time);
  assert.deepEqual(order.packages, [{ id: packageId }]);
  for (const line of order.line_items) {
    const { package_id, package_status, tracking_number, display_status } = line;
    assert.deepEqual(
      [package_id, package_status, tracking_number, display_status],
      [packageId, "FULFILLING", BY_BOTH.tracking_number, "IN_TRANSIT"],
    );
    assert.deepEqual([line.shipping_provider_id, line.shipping_provider_name], [USPS, "USPS"]);
  }
  assert.deepEqual(fulfillment.shipped, [{
    ...{ packageId, orderId: id, shopId: "1", lineItemIds },
    trackingNumber: BY_BOTH.tracking_number,
    providerId: USPS,
    isCorrection: false,
    at: NOW / 1000 + 60,
  }]);
  assert.equal(fulfillment.labelsBought, 0);
});

Deno.test("a number that fits several carriers is taken with a warning, others without one", async () => {
  const { fulfillment, add, mark } = await usShop();
  const warning = async (body: unknown) => (await mark(add(), body)).data.warning;
  const expected = (await fixture("23-mark-package-as-shipped-with-warning")).data.warning;
  assert.equal(await warning(BY_UPS), undefined);
  assert.equal(await warning(BY_USPS), undefined);
  assert.deepEqual(await warning({ ...BY_BOTH, shipping_provider_id: FEDEX }), expected);
  fulfillment.alwaysWarn = true;
  const other = { ...BY_UPS, tracking_number: "1Z999AA10123456785" };
  assert.deepEqual(await warning(other), expected);
});

Deno.test("lines are shipped one by one: PARTIALLY_SHIPPING, then IN_TRANSIT", async () => {
  const { simulator, fulfillment, shop, add, mark } = await usShop();
  const id = add({ quantity: 2 });
  const [first = "", second = ""] = (await shop.order(id)).line_items.map((line) => line.id);
  const part = await mark(id, { ...BY_UPS, order_line_item_ids: [first] });
  assert.deepEqual(part.data.order_line_item_ids, [first]);
  const order = await shop.order(id);
  assert.equal(order.status, "PARTIALLY_SHIPPING");
  assert.deepEqual(order.line_items.map((line) => line.tracking_number), [
    BY_UPS.tracking_number,
    undefined,
  ]);
  const again = { ...BY_USPS, order_line_item_ids: [first] };
  await assertRefused(simulator, () => mark(id, again), 21011006);
  await assertRefused(simulator, () => mark(id, BY_USPS), 21011006);
  const rest = { order_line_item_ids: [second] };
  await assertRefused(simulator, () => mark(id, { ...BY_UPS, ...rest }), 21011025);
  await mark(id, { ...BY_USPS, ...rest });
  assert.equal((await shop.order(id)).status, "IN_TRANSIT");
  assert.equal(fulfillment.shipped.length, 2);

  // Of a split order each package is corrected by itself.
  const correct = () =>
    shop.post(`${ORDERS}/${id}/shipping_info/update`, {
      ...BY_UPS,
      tracking_number: "1Z999AA10123456785",
    });
  await assertRefused(simulator, correct, 10007002);
});

Deno.test("what is refused ships nothing", async () => {
  const { simulator, fulfillment, add, mark } = await usShop();
  const id = add();
  const bodies: [Record<string, unknown>, number][] = [
    [{ ...BY_UPS, tracking_number: undefined }, 36009004],
    [{ ...BY_UPS, tracking_number: 1 }, 36009004],
    [{ ...BY_UPS, shipping_provider_id: undefined }, 36009004],
    [{ ...BY_UPS, order_line_item_ids: ["9"] }, 36009004],
    [{ ...BY_UPS, order_line_item_ids: [] }, 36009004],
    [{ ...BY_UPS, shipping_provider_id: "1" }, 21011022],
    [{ ...BY_UPS, tracking_number: "1Z999 AA1" }, 21011022],
    [{ ...BY_UPS, tracking_number: "1Z9" }, 21011022],
    [{ ...BY_UPS, shipping_provider_id: USPS }, 21004015],
    [{ ...BY_USPS, shipping_provider_id: UPS }, 21004015],
    [{ ...BY_UPS, tracking_number: "HELLOWORLD" }, 11028006],
  ];
  for (const [body, code] of bodies) {
    await assertRefused(simulator, () => mark(id, body), code);
  }
  const orders: [Partial<NewOrder>, number][] = [
    [{ status: "UNPAID" }, 21011044],
    [{ status: "ON_HOLD" }, 21011044],
    [{ status: "CANCELLED" }, 21011041],
    [{ status: "AWAITING_COLLECTION" }, 21011006],
    [{ status: "IN_TRANSIT" }, 21011006],
    [{ status: "COMPLETED" }, 21011006],
    [{ shippingType: "TIKTOK" }, 21011004],
    [{ detail: { fulfillment_type: "FULFILLMENT_BY_TIKTOK" } }, 21008025],
  ];
  for (const [order, code] of orders) {
    const other = add(order);
    await assertRefused(simulator, () => mark(other, BY_UPS), code);
  }
  await assertRefused(simulator, () => mark("404", BY_UPS), 21008111);
  assert.deepEqual(fulfillment.shipped, []);

  const answers = await Promise.all(Array.from({ length: 5 }, () => mark(id, BY_UPS)));
  assert.deepEqual(answers.map(({ code }) => code).sort(), [0, ...Array(4).fill(21011006)]);
  assert.equal(fulfillment.shipped.length, 1);
});

Deno.test("a number that another shop used is no duplicate", async () => {
  const { caller, simulator, fulfillment, add, mark } = await usShop();
  await mark(add(), BY_UPS);
  const next = add();
  await assertRefused(simulator, () => mark(next, BY_UPS), 21011025);
  const second = await caller.shop("2");
  const { id } = simulator.addOrder({ shopId: "2" });
  assert.equal((await second.post(`${ORDERS}/${id}/packages`, BY_UPS)).code, 0);
  assert.deepEqual(fulfillment.shipped.map(({ shopId }) => shopId), ["1", "2"]);
});

Deno.test("a wrong number is corrected within 72 hours, by order or by package", async () => {
  const { caller, simulator, fulfillment, shop, add, mark } = await usShop();
  const id = add();
  const other = add();
  const update = (path: string, body: unknown) => shop.post(`${path}/shipping_info/update`, body);
  const byOrder = (body: unknown) => update(`${ORDERS}/${id}`, body);
  await assertRefused(simulator, () => byOrder(BY_USPS), 21011043);
  const packageId = String((await mark(id, BY_UPS)).data.package_id);
  const byPackage = (body: unknown) => update(`${PACKAGES}/${packageId}`, body);
  await mark(other, BY_BOTH);

  const { update_time } = await shop.order(id);
  assert.deepEqual((await byOrder(BY_USPS)).data, {});
  const order = await shop.order(id);
  assert.ok(order.update_time > update_time);
  assert.deepEqual([order.status, order.packages], ["IN_TRANSIT", [{ id: packageId }]]);
  assert.equal(order.line_items[0]?.tracking_number, BY_USPS.tracking_number);
  assert.equal(order.line_items[0]?.shipping_provider_name, "USPS");
  // The old number is still its own; that of another package is not to be had.
  caller.now += 72 * 3600_000;
  assert.equal((await byPackage(BY_UPS)).code, 0);
  for (const correct of [byOrder, byPackage]) {
    await assertRefused(simulator, () => correct(BY_BOTH), 21011025);
    await assertRefused(
      simulator,
      () => correct({ ...BY_UPS, shipping_provider_id: USPS }),
      21004015,
    );
    await assertRefused(simulator, () => correct({}), 36009004);
  }
  const told = fulfillment.shipped.filter((shipment) => shipment.packageId === packageId);
  assert.deepEqual(told.map(({ trackingNumber, isCorrection }) => [trackingNumber, isCorrection]), [
    [BY_UPS.tracking_number, false],
    [BY_USPS.tracking_number, true],
    [BY_UPS.tracking_number, true],
  ]);

  caller.now += 1000;
  for (const correct of [byOrder, byPackage]) {
    await assertRefused(simulator, () => correct(BY_USPS), 21011049);
  }
  simulator.changePackage(packageId, "COMPLETED");
  for (const correct of [byOrder, byPackage]) {
    await assertRefused(simulator, () => correct(BY_USPS), 21011030);
  }
  simulator.changeOrder(id, "CANCELLED");
  await assertRefused(simulator, () => byOrder(BY_USPS), 21011041);
});

Deno.test("a lost package takes its lines with it; the order is cancelled with the last of them", async () => {
  const { simulator, shop, add, mark } = await usShop();
  const id = add({ quantity: 2 });
  const [first, second] = (await shop.order(id)).line_items.map((line) => line.id);
  const part = await mark(id, { ...BY_UPS, order_line_item_ids: [first] });
  const lost = String(part.data.package_id);
  assert.equal(simulator.changePackage(lost, "CANCELLED").detail.status, "AWAITING_SHIPMENT");
  // It does not come back, and is neither shipped again nor corrected.
  assert.equal(simulator.changePackage(lost, "COMPLETED").detail.status, "AWAITING_SHIPMENT");
  const again = { ...BY_USPS, order_line_item_ids: [first] };
  await assertRefused(simulator, () => mark(id, again), 21011006);
  const correct = () => shop.post(`${PACKAGES}/${lost}/shipping_info/update`, BY_USPS);
  await assertRefused(simulator, correct, 21023059);
  assert.deepEqual(
    (await shop.order(id)).line_items.map((line) => line.package_status),
    ["CANCELLED", undefined],
  );

  const rest = await mark(id, { ...BY_USPS, order_line_item_ids: [second] });
  assert.equal((await shop.order(id)).status, "IN_TRANSIT");
  const last = simulator.changePackage(String(rest.data.package_id), "CANCELLED");
  assert.equal(last.detail.status, "CANCELLED");
});

Deno.test("what TikTok delivers is not corrected, and outside the US there is no end to it", async () => {
  const { caller, simulator, shop } = await usShop();
  const { id } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const { data } = await shop.post(PACKAGES, { order_id: id });
  for (const path of [`${ORDERS}/${id}`, `${PACKAGES}/${data.package_id}`]) {
    const correct = () => shop.post(`${path}/shipping_info/update`, BY_UPS);
    await assertRefused(simulator, correct, 21011004);
  }
  simulator.addShop({ id: "9", openId: "far", region: "GB", cipher: "cipher9" });
  const british = await caller.shop("9");
  const order = simulator.addOrder({ shopId: "9" });
  await british.post(`${ORDERS}/${order.id}/packages`, BY_UPS);
  caller.now += 6 * 24 * 3600_000;
  const correct = await british.post(`${ORDERS}/${order.id}/shipping_info/update`, {
    ...BY_UPS,
    tracking_number: "1Z999AA10123456785",
  });
  assert.equal(correct.code, 0);
});

Deno.test("carriers are listed for the seller's delivery options, not for TikTok's or unknown ones", async () => {
  const { simulator, shop, add } = await usShop();
  const list = (id: unknown) =>
    shop.get(`/logistics/202309/delivery_options/${id}/shipping_providers`);
  const option = async (id: string) => (await shop.order(id)).delivery_option_id;
  const answer = await list(await option(add()));
  const expected = (await fixture("24-shipping-providers")).data;
  assertSameShape(answer.data, expected);
  const providers = answer.data.shipping_providers as { name: string }[];
  assert.deepEqual(providers.slice(0, 2), expected.shipping_providers);
  assert.deepEqual(providers.map(({ name }) => name), [
    "USPS",
    "UPS",
    "FedEx",
    "DHL Express",
    "OnTrac",
  ]);
  const byTikTok = await option(add({ shippingType: "TIKTOK" }));
  await assertRefused(simulator, () => list(byTikTok), 21008117);
  await assertRefused(simulator, () => list("1"), 21008116);
  add({ shippingType: "TIKTOK", detail: { delivery_option_id: "77" } });
  await assertRefused(simulator, () => list("77"), 21008117);
});
