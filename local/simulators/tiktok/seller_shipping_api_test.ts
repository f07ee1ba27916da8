/** Simulated seller shipping: tracking numbers and their corrections. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import type { NewOrder } from "./orders.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
  UPS,
} from "../../../tests/support/fulfillment.ts";

const FEDEX = "7129720299146184490";
const BY_UPS = { tracking_number: "1Z999AA10123456784", shipping_provider_id: UPS };
const BY_FEDEX = { tracking_number: "794612345678", shipping_provider_id: FEDEX };
/** A FedEx parcel that USPS delivers on the last mile: the number fits both. */
const BY_BOTH = { tracking_number: "9261290100130739000012", shipping_provider_id: FEDEX };

async function usShop() {
  const caller = new Caller();
  const { simulator } = caller;
  const shop = await caller.shop("1");
  const add = (order: Partial<NewOrder> = {}) => simulator.addOrder({ shopId: "1", ...order }).id;
  const mark = (id: string, body: unknown) => shop.post(`${ORDERS}/${id}/packages`, body);
  return { caller, simulator, fulfillment: simulator.fulfillment, shop, add, mark };
}

Deno.test("an order that is marked as shipped shows its tracking number, and is in transit", async () => {
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
    assert.deepEqual([line.shipping_provider_id, line.shipping_provider_name], [FEDEX, "FedEx"]);
  }
  assert.deepEqual(fulfillment.shipped, [{
    ...{ packageId, orderId: id, shopId: "1", lineItemIds },
    trackingNumber: BY_BOTH.tracking_number,
    providerId: FEDEX,
    isCorrection: false,
    at: NOW / 1000 + 60,
  }]);
  assert.equal(fulfillment.labelsBought, 0);
});

Deno.test("a number that fits several carriers is accepted with a warning", async () => {
  const { fulfillment, add, mark } = await usShop();
  const warning = async (body: unknown) => (await mark(add(), body)).data.warning;
  const expected = (await fixture("23-mark-package-as-shipped-with-warning")).data.warning;
  assert.equal(await warning(BY_UPS), undefined);
  assert.equal(await warning(BY_FEDEX), undefined);
  assert.deepEqual(await warning(BY_BOTH), expected);
  fulfillment.alwaysWarn = true;
  const other = { ...BY_UPS, tracking_number: "1Z999AA10123456785" };
  assert.deepEqual(await warning(other), expected);
});

Deno.test("an order that is shipped in parts is PARTIALLY_SHIPPING, then IN_TRANSIT", async () => {
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
  const again = { ...BY_FEDEX, order_line_item_ids: [first] };
  await assertRefused(simulator, () => mark(id, again), 21011006);
  await assertRefused(simulator, () => mark(id, BY_FEDEX), 21011006);
  const rest = { order_line_item_ids: [second] };
  await assertRefused(simulator, () => mark(id, { ...BY_UPS, ...rest }), 21011025);
  await mark(id, { ...BY_FEDEX, ...rest });
  assert.equal((await shop.order(id)).status, "IN_TRANSIT");
  assert.equal(fulfillment.shipped.length, 2);
});

Deno.test("a refused call ships nothing", async () => {
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
    [{ ...BY_UPS, shipping_provider_id: FEDEX }, 21004015],
    [{ ...BY_FEDEX, shipping_provider_id: UPS }, 21004015],
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

Deno.test("a tracking number is unique in a shop, not across shops", async () => {
  const { caller, simulator, fulfillment, add, mark } = await usShop();
  await mark(add(), BY_UPS);
  const next = add();
  await assertRefused(simulator, () => mark(next, BY_UPS), 21011025);
  const second = await caller.shop("2");
  const { id } = simulator.addOrder({ shopId: "2" });
  assert.equal((await second.post(`${ORDERS}/${id}/packages`, BY_UPS)).code, 0);
  assert.deepEqual(fulfillment.shipped.map(({ shopId }) => shopId), ["1", "2"]);
});

Deno.test("the orders of a group have one number, also after it is corrected", async () => {
  const { simulator, fulfillment, shop, add, mark } = await usShop();
  const ids = [add(), add()];
  simulator.combineOrders(ids);
  const packages: string[] = [];
  for (const id of ids) packages.push(String((await mark(id, BY_UPS)).data.package_id));
  const correct = (packageId: string) =>
    shop.post(`${PACKAGES}/${packageId}/shipping_info/update`, BY_FEDEX);
  for (const packageId of packages) assert.equal((await correct(packageId)).code, 0);
  assert.deepEqual(
    fulfillment.shipped.map(({ orderId, trackingNumber }) => [orderId, trackingNumber]),
    [BY_UPS, BY_FEDEX].flatMap((by) => ids.map((id) => [id, by.tracking_number])),
  );
  const stranger = add();
  await assertRefused(simulator, () => mark(stranger, BY_FEDEX), 21011025);
});

Deno.test("an order that is marked as shipped keeps the address that its buyer changed", async () => {
  const { simulator, shop, add, mark } = await usShop();
  const id = add();
  const before = await shop.order(id);
  const address = { ...(before.recipient_address as object), address_line1: "1 New Road" };
  simulator.changeOrder(id, "AWAITING_SHIPMENT", { recipient_address: address });
  await mark(id, BY_UPS);
  assert.deepEqual((await shop.order(id)).recipient_address, address);
});

Deno.test("a tracking number can be corrected within 72 hours", async () => {
  const { caller, simulator, fulfillment, shop, add, mark } = await usShop();
  const id = add();
  const packageId = String((await mark(id, BY_UPS)).data.package_id);
  const correct = (body: unknown) =>
    shop.post(`${PACKAGES}/${packageId}/shipping_info/update`, body);
  await mark(add(), BY_BOTH);

  const { update_time } = await shop.order(id);
  caller.now += 72 * 3600_000;
  assert.deepEqual((await correct(BY_FEDEX)).data, {});
  const order = await shop.order(id);
  assert.ok(order.update_time > update_time);
  assert.deepEqual([order.status, order.packages], ["IN_TRANSIT", [{ id: packageId }]]);
  assert.equal(order.line_items[0]?.tracking_number, BY_FEDEX.tracking_number);
  assert.equal(order.line_items[0]?.shipping_provider_name, "FedEx");
  // Once. It could not take another package's number either.
  await assertRefused(simulator, () => correct(BY_UPS), 21011051);
  await assertRefused(simulator, () => correct(BY_BOTH), 21011025);
  const wrong = { ...BY_UPS, shipping_provider_id: FEDEX };
  await assertRefused(simulator, () => correct(wrong), 21004015);
  await assertRefused(simulator, () => correct({}), 36009004);
  const sent = fulfillment.shipped.filter((shipment) => shipment.packageId === packageId);
  assert.deepEqual(sent.map(({ trackingNumber, isCorrection }) => [trackingNumber, isCorrection]), [
    [BY_UPS.tracking_number, false],
    [BY_FEDEX.tracking_number, true],
  ]);
});

Deno.test("a correction is refused after 72 hours, a delivery or a cancellation", async () => {
  const { caller, simulator, shop, add, mark } = await usShop();
  const id = add();
  const packageId = String((await mark(id, BY_UPS)).data.package_id);
  const correct = () => shop.post(`${PACKAGES}/${packageId}/shipping_info/update`, BY_FEDEX);
  caller.now += 72 * 3600_000 + 1000;
  await assertRefused(simulator, correct, 21011049);
  simulator.changePackage(packageId, "COMPLETED");
  await assertRefused(simulator, correct, 21011030);
  simulator.changeOrder(id, "CANCELLED");
  await assertRefused(simulator, correct, 21011042);
});

Deno.test("the lines of a lost package no longer count; without other lines the order is cancelled", async () => {
  const { simulator, shop, add, mark } = await usShop();
  const id = add({ quantity: 2 });
  const [first, second] = (await shop.order(id)).line_items.map((line) => line.id);
  const part = await mark(id, { ...BY_UPS, order_line_item_ids: [first] });
  const lost = String(part.data.package_id);
  assert.equal(simulator.changePackage(lost, "CANCELLED").detail.status, "AWAITING_SHIPMENT");
  // A cancelled package stays so; it is neither shipped again nor corrected.
  assert.equal(simulator.changePackage(lost, "COMPLETED").detail.status, "AWAITING_SHIPMENT");
  const again = { ...BY_FEDEX, order_line_item_ids: [first] };
  await assertRefused(simulator, () => mark(id, again), 21011006);
  const correct = () => shop.post(`${PACKAGES}/${lost}/shipping_info/update`, BY_FEDEX);
  await assertRefused(simulator, correct, 21023059);
  assert.deepEqual(
    (await shop.order(id)).line_items.map((line) => line.package_status),
    ["CANCELLED", undefined],
  );

  const rest = await mark(id, { ...BY_FEDEX, order_line_item_ids: [second] });
  assert.equal((await shop.order(id)).status, "IN_TRANSIT");
  const last = simulator.changePackage(String(rest.data.package_id), "CANCELLED");
  assert.equal(last.detail.status, "CANCELLED");
});

Deno.test("TikTok Shipping packages are not corrected", async () => {
  const { simulator, shop, add } = await usShop();
  const { data } = await shop.post(PACKAGES, { order_id: add({ shippingType: "TIKTOK" }) });
  const correct = () => shop.post(`${PACKAGES}/${data.package_id}/shipping_info/update`, BY_UPS);
  await assertRefused(simulator, correct, 21011004);
});

Deno.test("outside the US a correction has no time limit, and an unshipped package no number to correct", async () => {
  const { caller, simulator } = await usShop();
  for (const [id, region] of [["9", "GB"], ["10", "VN"]] as const) {
    simulator.addShop({ id, openId: region, region });
  }
  const [british, vietnamese] = [await caller.shop("9"), await caller.shop("10")];
  const { id } = simulator.addOrder({ shopId: "9" });
  const marked = await british.post(`${ORDERS}/${id}/packages`, BY_UPS);
  caller.now += 6 * 24 * 3600_000;
  const path = `${PACKAGES}/${marked.data.package_id}/shipping_info/update`;
  const corrected = await british.post(path, { ...BY_UPS, tracking_number: "1Z999AA10123456785" });
  assert.equal(corrected.code, 0);

  const [waiting] = (await vietnamese.order(simulator.addOrder({ shopId: "10" }).id)).packages;
  const own = { tracking_number: "JX12345", shipping_provider_id: "6841743441349706241" };
  const early = () => vietnamese.post(`${PACKAGES}/${waiting?.id}/shipping_info/update`, own);
  await assertRefused(simulator, early, 21011043);
});

Deno.test("carriers are listed for the seller's delivery options only", async () => {
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

Deno.test("in the European Union carriers are listed for an origin and a destination only", async () => {
  const caller = new Caller({ countryParameters: ["origin_country", "destination_country"] });
  caller.simulator.addShop({ id: "4", region: "DE", cipher: "cipher4" });
  const shop = await caller.shop("4");
  const order = caller.simulator.addOrder({ shopId: "4", shippingType: "SELLER" });
  const option = order.detail.delivery_option_id;
  const list = (query: Record<string, string>) =>
    shop.get(`/logistics/202309/delivery_options/${option}/shipping_providers`, query);
  const origin_country = "DE";
  const missing = [{}, { origin_country }, { destination_country: "AT" }];
  for (const query of missing) {
    await assertRefused(caller.simulator, () => list(query), 36009004, /query\.\w+ is missing/);
  }
  const wrong = { origin_country, destination_country: "Austria" };
  await assertRefused(caller.simulator, () => list(wrong), 36009004, /destination_country/);
  const answer = await list({ origin_country, destination_country: "AT" });
  assert.equal(answer.code, 0);
});
