/** What the simulated TikTok refuses before anything is shipped: USPS, cancelled units, warehouses, groups. */
import assert from "node:assert/strict";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
  USPS,
} from "../../../tests/support/fulfillment.ts";
import { Caller } from "../../../tests/support/tiktok_caller.ts";
import { linesOf } from "./packages.ts";
import type { NewOrder } from "./orders.ts";
import type { SimulatedOrder } from "./state.ts";

const NEW_PACKAGES = "/fulfillment/202512/packages";
const BY_USPS = { tracking_number: "9400111899223344556677", shipping_provider_id: USPS };
const BY_UPS = {
  tracking_number: "1Z999AA10123456784",
  shipping_provider_id: "7117859084333745966",
};

async function usShop() {
  const caller = new Caller();
  const { simulator } = caller;
  const shop = await caller.shop("1");
  const add = (order: Partial<NewOrder> = {}) => simulator.addOrder({ shopId: "1", ...order });
  const mark = (id: string, body: unknown) => shop.post(`${ORDERS}/${id}/packages`, body);
  return { simulator, fulfillment: simulator.fulfillment, shop, add, mark };
}

function unitsOf(order: SimulatedOrder): string[] {
  return linesOf(order).map(({ id }) => id);
}

Deno.test("a USPS number of a US seller is refused unless TikTok sold the label", async () => {
  const { simulator, shop, add, mark } = await usShop();
  const { id } = add();
  await assertRefused(simulator, () => mark(id, BY_USPS), 21011022, /USPS/);
  const shipped = await mark(id, BY_UPS);
  assert.equal(shipped.code, 0);
  const correct = (body: unknown) =>
    shop.post(`${PACKAGES}/${shipped.data.package_id}/shipping_info/update`, body);
  await assertRefused(simulator, () => correct(BY_USPS), 21011022, /USPS/);

  const bought = await shop.post(PACKAGES, { order_id: add({ shippingType: "TIKTOK" }).id });
  const { trackingNumber } = simulator.state.get("packages", String(bought.data.package_id)) ?? {};
  const ours = { ...BY_USPS, tracking_number: trackingNumber };
  assert.equal((await mark(add().id, ours)).code, 0);
});

Deno.test("a cancelled unit is refused by name, and left out without names", async () => {
  const { simulator, fulfillment, shop, add, mark } = await usShop();
  for (const shippingType of ["SELLER", "TIKTOK"] as const) {
    const order = add({ quantity: 2, shippingType });
    const [live = "", cancelled = ""] = unitsOf(order);
    simulator.cancelUnits(order.id, [cancelled]);
    const ship = (ids?: string[]) =>
      shippingType === "SELLER"
        ? mark(order.id, { ...BY_UPS, order_line_item_ids: ids })
        : shop.post(PACKAGES, { order_id: order.id, order_line_item_ids: ids });
    await assertRefused(simulator, () => ship([live, cancelled]), 21011041);
    assert.deepEqual((await ship()).data.order_line_item_ids, [live]);
    const { status, line_items } = await shop.order(order.id);
    assert.equal(status, shippingType === "SELLER" ? "IN_TRANSIT" : "AWAITING_COLLECTION");
    assert.deepEqual(
      line_items.map((
        { display_status, package_id },
      ) => [display_status, package_id === undefined]),
      [[status, false], ["CANCELLED", true]],
    );
  }
  assert.equal(fulfillment.labelsBought, 1);
});

Deno.test("an order that a warehouse of TikTok or Tokopedia ships is refused", async () => {
  const { simulator, shop, add, mark } = await usShop();
  for (const by of ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"]) {
    const detail = { fulfillment_type: by };
    const { id } = add({ detail });
    await assertRefused(simulator, () => mark(id, BY_UPS), 21008025);
    const order_id = add({ detail, shippingType: "TIKTOK" }).id;
    await assertRefused(simulator, () => shop.post(PACKAGES, { order_id }), 21008025);
    const query = () => shop.post(`${ORDERS}/${order_id}/shipping_services/query`);
    await assertRefused(simulator, query, 21008025);
  }
});

Deno.test("combined orders get one label together, and none alone", async () => {
  const { simulator, fulfillment, shop, add } = await usShop();
  const ids = [1, 2, 1].map((quantity) => add({ shippingType: "TIKTOK", quantity }).id);
  const [first = "", ...others] = ids;
  const [second = ""] = others;
  const orders = simulator.combineOrders(ids);
  const create = (body: unknown) => shop.post(NEW_PACKAGES, body);
  const [unit = ""] = orders.flatMap(unitsOf);
  await assertRefused(simulator, () => shop.post(PACKAGES, { order_id: first }), 21011033);
  for (
    const part of [
      { ship_type: "1", order_id: first },
      { ship_type: "2", order_line_item: [{ order_line_id: unit }] },
      { ship_type: "3", order_id: first, order_list_ids: [second] },
    ]
  ) await assertRefused(simulator, () => create(part), 21011033);
  for (const list of [[], ids]) {
    const wrong = { ship_type: "3", order_id: first, order_list_ids: list };
    await assertRefused(simulator, () => create(wrong), 36009004);
  }
  const strangerId = add({ shippingType: "TIKTOK" }).id;
  const stranger = { ship_type: "3", order_id: first, order_list_ids: [...others, strangerId] };
  await assertRefused(simulator, () => create(stranger), 36009004);

  const all = { ship_type: "3", order_id: first, order_list_ids: others };
  const bought = await create(all);
  const { order_id: _, order_line_item_ids: __, ...shape } =
    (await fixture("20-create-packages-label-bought-us")).data;
  assertSameShape(bought.data, shape);
  assert.deepEqual(fulfillment.labels.map(({ orderIds }) => orderIds), [ids]);
  const { data } = await shop.get(`${PACKAGES}/${bought.data.package_id}`);
  assert.deepEqual(data.orders, ids.map((id) => ({ id })));
  assert.equal(data.split_and_combine_tag, "COMBINED");
  const seen = await Promise.all(ids.map((id) => shop.order(id)));
  assert.ok(seen.every(({ status }) => status === "AWAITING_COLLECTION"));
  assert.ok(
    seen.flatMap(({ line_items }) => line_items).every(({ package_id }) =>
      package_id === bought.data.package_id
    ),
  );
  simulator.changePackage(String(bought.data.package_id), "FULFILLING");
  assert.equal((await shop.order(second)).status, "IN_TRANSIT");
  await assertRefused(simulator, () => create(all), 21011006);
});

Deno.test("ship types 1 and 2 buy labels of one order and of some of its units", async () => {
  const { fulfillment, shop, add } = await usShop();
  const create = (body: unknown) => shop.post(NEW_PACKAGES, body);
  const whole = add({ shippingType: "TIKTOK", quantity: 2 });
  assert.equal((await create({ ship_type: "1", order_id: whole.id })).code, 0);
  const part = add({ shippingType: "TIKTOK", quantity: 2 });
  const [unit = ""] = unitsOf(part);
  const wanted = { ship_type: "2", order_line_item: [{ order_line_id: unit }] };
  assert.equal((await create(wanted)).code, 0);
  assert.deepEqual(fulfillment.labels.map(({ lineItemIds }) => lineItemIds), [
    unitsOf(whole),
    [unit],
  ]);
  assert.equal((await shop.order(part.id)).status, "PARTIALLY_SHIPPING");
});

Deno.test("outside the US combined orders share a package, which is shipped once", async () => {
  const caller = new Caller();
  caller.simulator.addShop({ id: "7", openId: "indonesian", cipher: "cipher7", region: "ID" });
  const { simulator } = caller;
  const shop = await caller.shop("7");
  const ids = [1, 2].map(() => simulator.addOrder({ shopId: "7", shippingType: "TIKTOK" }).id);
  simulator.combineOrders(ids);
  const lines = (await Promise.all(ids.map((id) => shop.order(id)))).flatMap((order) =>
    order.line_items
  );
  const [packageId, ...others] = new Set(lines.map(({ package_id }) => String(package_id)));
  assert.deepEqual(others, []);
  assert.equal((await shop.post(`${PACKAGES}/${packageId}/ship`)).code, 0);
  assert.equal(simulator.fulfillment.labelsBought, 1);
  for (const id of ids) assert.equal((await shop.order(id)).status, "AWAITING_COLLECTION");
  const again = () => shop.post(`${PACKAGES}/${packageId}/ship`);
  await assertRefused(simulator, again, 21011020);
});
