/** `/control` of the TikTok simulator. */
import assert from "node:assert/strict";
import { controlOf } from "../../../tests/support/tiktok_control.ts";
import { PACKAGES } from "../../../tests/support/fulfillment.ts";
import { withServer } from "../../../tests/support/local_server.ts";
import { Caller } from "../../../tests/support/tiktok_caller.ts";
import { linesOf } from "./packages.ts";

Deno.test("/control adds logins and shops of a region", async () => {
  const caller = new Caller();
  const { state } = caller.simulator;
  const control = controlOf(caller);
  const login = { open_id: "vn-1", user_type: 1, name: "Lan", region: "VN", scopes: ["x"] };
  assert.deepEqual(await control("POST", "logins", login), [201, login]);
  const shop = { shop_id: "9", open_id: "vn-1", region: "GB", seller_type: "CROSS_BORDER" };
  assert.equal((await control("POST", "shops", { ...shop, one_service: true }))[0], 201);
  const { region, sellerType, openId, oneService } = state.get("shops", "9") ?? {};
  assert.deepEqual([region, sellerType, openId, oneService], ["GB", "CROSS_BORDER", "vn-1", true]);
  const [status, { code }] = await control("POST", "shops/9/authorize", {});
  assert.equal(status, 200);
  assert.equal(state.get("codes", code)?.openId, "vn-1");
});

Deno.test("/control places orders, and moves packages with webhooks", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const control = controlOf(caller);
    const order = { shop_id: "1", shipping_type: "TIKTOK" };
    const [, { order_id: orderId }] = await control("POST", "orders", order);
    const shop = await caller.shop("1");
    const { data } = await shop.post(PACKAGES, { order_id: orderId });
    const path = `packages/${data.package_id}`;

    const moved = await control("PATCH", path, { status: "FULFILLING", deliveries: 2 });
    const answers = [200, 200];
    assert.deepEqual(moved, [200, { order_id: orderId, order_status: "IN_TRANSIT", answers }]);
    await control("PATCH", path, { status: "COMPLETED" });
    assert.equal((await shop.order(orderId)).status, "DELIVERED");
    await control("PATCH", path, { status: "CANCELLED", deliveries: 0 });
    assert.equal((await shop.order(orderId)).status, "CANCELLED");
    assert.deepEqual(webhooks.map(({ body }) => JSON.parse(body).data.order_status), [
      "AWAITING_SHIPMENT",
      "IN_TRANSIT",
      "IN_TRANSIT",
      "DELIVERED",
    ]);
    caller.simulator.close();
  });
});

Deno.test("/control delays labels, and lists their charges", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  const shop = await caller.shop("1");
  const { id } = caller.simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const delayed = await control("POST", "fulfillment", { label_delay: 1 });
  assert.deepEqual(delayed, [200, { label_delay: 1, always_warn: false, doubtful_buys: [] }]);
  const weight = { value: "1.4", unit: "POUND" };
  const { data: { package_id } } = await shop.post(PACKAGES, { order_id: id, weight });
  const read = () =>
    shop.get(`${PACKAGES}/${package_id}/shipping_documents`, { document_type: "SHIPPING_LABEL" });
  assert.equal((await read()).code, 11034037);
  assert.equal((await read()).code, 0);
  const [, page] = await control("GET", "");
  assert.deepEqual(page.labels, [
    { package_id, order_id: id, shop_id: "1", charged: "5.12", currency: "USD" },
  ]);
});

Deno.test("/control places an order of the past once, and a shop closes with all that it has", async () => {
  const caller = new Caller();
  const { state } = caller.simulator;
  const control = controlOf(caller);
  const placed = { shop_id: "1", order_id: "57640", create_time: 1_700_000_000 };
  const detail = { payment: { currency: "GBP", total_amount: "9.00" } };
  assert.equal((await control("POST", "orders", { ...placed, detail, deliveries: 0 }))[0], 201);
  const stored = state.get("orders", "57640")?.detail;
  assert.deepEqual([stored?.create_time, stored?.update_time, stored?.payment], [
    ...[placed.create_time, placed.create_time, detail.payment],
  ]);
  assert.equal((await control("POST", "orders", placed))[0], 409);
  assert.deepEqual(state.get("orders", "57640")?.detail.payment, detail.payment);

  caller.simulator.addOrder({ shopId: "2", orderId: "57641" });
  assert.deepEqual(await control("DELETE", "shops/1"), [200, { closed: "1" }]);
  assert.equal(state.get("shops", "1"), undefined);
  assert.deepEqual(state.all("orders").map(({ id }) => id), ["57641"]);
});

Deno.test("a burst sends every order, and duplicates with the same id; a lost webhook is an order without one", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const control = controlOf(caller);
    const [status, burst] = await control("POST", "orders/burst", {
      ...{ shop_id: "1", count: 5, duplicates: 2 },
    });
    assert.deepEqual([status, burst.order_ids.length, burst.answers], [201, 5, { 200: 7 }]);
    const ids = webhooks.map(({ body }) => JSON.parse(body).tts_notification_id);
    assert.deepEqual([ids.length, new Set(ids).size], [7, 5]);
    const [, lost] = await control("POST", "orders", { shop_id: "1", deliveries: 0 });
    assert.equal(webhooks.length, 7);
    const [, { orders }] = await control("GET", "orders?shop_id=1");
    assert.deepEqual([orders[0].order_id, orders.length], [lost.order_id, 6]);
    assert.deepEqual((await control("GET", "orders?shop_id=2"))[1].orders, []);
    caller.simulator.close();
  });
});

Deno.test("a buyer changes the address by webhook 3, but not once the parcel is on its way", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const control = controlOf(caller);
    const [, { order_id }] = await control("POST", "orders", { shop_id: "1", deliveries: 0 });
    const [status] = await control("POST", `orders/${order_id}/change-address`, {});
    assert.equal(status, 200);
    const { type, data } = JSON.parse(webhooks[0]?.body ?? "{}");
    assert.deepEqual([webhooks.length, type, data.order_id], [1, 3, order_id]);
    const shop = await caller.shop("1");
    const address = (await shop.order(order_id)).recipient_address as { address_line1: string };
    assert.equal(address.address_line1, "27 Juniper Court");
    await control("PATCH", `orders/${order_id}`, { status: "IN_TRANSIT", deliveries: 0 });
    const [refused] = await control("POST", `orders/${order_id}/change-address`, {});
    assert.deepEqual([refused, webhooks.length], [400, 1]);
    assert.deepEqual((await shop.order(order_id)).recipient_address, address);
    caller.simulator.close();
  });
});

Deno.test("an outage ends with its duration", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  const { refresh_token } = await caller.connect("1");
  const fault = { kind: "internal", path: "/api/v2", seconds: 60 };
  assert.equal((await control("POST", "faults", fault))[0], 201);
  caller.now += 59_000;
  assert.equal((await caller.fetch(caller.refreshUrl(refresh_token))).status, 500);
  assert.equal((await control("GET", "faults"))[1].faults.length, 1);
  caller.now += 1000;
  assert.equal((await caller.refresh(refresh_token)).code, 0);
  assert.deepEqual((await control("GET", "faults"))[1].faults, []);
});

Deno.test("/control adds faults and ends them", async () => {
  const caller = new Caller();
  const fault = { kind: "internal", path: "/api/v2/token/refresh" };
  assert.equal((await controlOf(caller)("POST", "faults", fault))[0], 201);
  const { refresh_token } = await caller.connect("1");
  assert.equal((await caller.fetch(caller.refreshUrl(refresh_token))).status, 500);
  assert.equal((await caller.fetch("/control/faults", { method: "DELETE" })).status, 204);
  assert.equal((await caller.refresh(refresh_token)).code, 0);
});

Deno.test("/control refuses invalid bodies and unknown ids, and changes nothing", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  const { id } = caller.simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const { id: other } = caller.simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const [unit, rest] = linesOf(
    caller.simulator.addOrder({ shopId: "1", orderId: "5", quantity: 2 }),
  );
  caller.simulator.cancelUnits("5", [String(unit?.id)]);
  caller.simulator.addOrder({ shopId: "2", orderId: "6", shippingType: "TIKTOK" });
  const shop = await caller.shop("1");
  const { data: { package_id } } = await shop.post(PACKAGES, { order_id: id });
  const kinds = ["logins", "shops", "orders", "packages", "subscriptions"] as const;
  const state = () => JSON.stringify(kinds.map((kind) => caller.simulator.state.all(kind)));
  const before = state();
  const refused: [method: string, path: string, body: unknown, status: number][] = [
    ["POST", "logins", { user_type: 2 }, 400],
    ["POST", "logins", { region: "Vietnam" }, 400],
    ["POST", "logins", { open_id: "<b>" }, 400],
    ["POST", "logins", { other: 1 }, 400],
    ["POST", "shops", { shop_id: "10", seller_type: "OTHER" }, 400],
    ["POST", "shops/404/authorize", {}, 404],
    ["DELETE", "shops/404", undefined, 404],
    ["POST", "orders/burst", { shop_id: "404" }, 404],
    ["POST", "orders/burst", { shop_id: "1", count: 1001 }, 400],
    ["POST", "orders/404/change-address", {}, 404],
    ["POST", "orders", { shop_id: "1", shipping_type: "FEDEX" }, 400],
    ["POST", "orders", { shop_id: "404" }, 404],
    ["POST", "orders", { shop_id: "1", status: "BANANA" }, 400],
    ["PATCH", `orders/${id}`, { status: "BANANA" }, 400],
    ["POST", "shops/1/lose-subscription", { event_type: "x" }, 400],
    ["POST", "shops/1/lose-subscription", { event_type: "NEW_MESSAGE" }, 400],
    ["PATCH", "orders/404", { status: "DELIVERED" }, 404],
    ["PATCH", `orders/${id}`, { status: "ON_HOLD", detail: { line_items: "none" } }, 400],
    ["PATCH", `orders/${id}`, { status: "ON_HOLD", detail: { line_items: [1] } }, 400],
    // Its label is bought: TikTok combines only orders that wait.
    ["POST", "orders/combine", { order_ids: [other, id] }, 409],
    ["POST", "orders/combine", { order_ids: [other, other] }, 400],
    ["POST", "orders/combine", { order_ids: [other, "6"] }, 409],
    ["POST", "orders/404/cancel-units", { line_item_ids: ["1"] }, 404],
    ["POST", "orders/5/cancel-units", { line_item_ids: [rest?.id, "404"] }, 404],
    ["POST", "orders/5/cancel-units", { line_item_ids: [rest?.id, unit?.id] }, 409],
    ["PATCH", "packages/404", { status: "COMPLETED" }, 404],
    ["PATCH", `packages/${package_id}`, { status: "TO_FULFILL" }, 400],
    ["POST", "fulfillment", { label_delay: -1 }, 400],
    ["POST", "fulfillment", { doubtful_buys: [21011006] }, 400],
    ["POST", "deliveries", { order_ids: [id, "404"] }, 404],
    ["POST", "faults", { kind: "later" }, 400],
    ["POST", "faults", { kind: "delay" }, 400],
    ["POST", "faults", { kind: "late", count: 1 }, 400],
    ["POST", "faults", { kind: "internal", method: "FETCH" }, 400],
    ["POST", "faults", { kind: "internal", seconds: 0 }, 400],
  ];
  for (const [method, path, body, status] of refused) {
    const [answered, { error }] = await control(method, path, body);
    assert.equal(answered, status, `${path} ${JSON.stringify(body)}`);
    assert.equal(typeof error, "string", path);
  }
  assert.equal(state(), before);
  assert.deepEqual((await control("GET", "faults"))[1].faults, []);
});
