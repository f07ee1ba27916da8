/** The simulated labels themselves, what is read of packages, and what `/control` does to them. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
} from "../../../tests/support/fulfillment.ts";

const WEIGHT = { value: "1.4", unit: "POUND" };
const LABEL = { document_type: "SHIPPING_LABEL" };

/** A US order with a label that was just bought. */
async function boughtLabel(options: Partial<TikTokSimulatorOptions> = {}, labelDelay = 0) {
  const caller = new Caller(options);
  const { simulator } = caller;
  simulator.fulfillment.labelDelay = labelDelay;
  const shop = await caller.shop("1");
  const { id: orderId } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK", quantity: 2 });
  const { data } = await shop.post(PACKAGES, { order_id: orderId, weight: WEIGHT });
  const packageId = String(data.package_id);
  const documents = (query: Record<string, string> = LABEL, id = packageId) =>
    shop.get(`${PACKAGES}/${id}/shipping_documents`, query);
  return { caller, simulator, shop, orderId, packageId, documents };
}

/** The file behind the address, without the host. */
function download(caller: Caller, url: unknown): Promise<Response> {
  const { pathname, search } = new URL(String(url));
  return caller.fetch(pathname + search);
}

/** Every object begins where the table at the end of a PDF says. */
function assertWholePdf(text: string): void {
  assert.match(text, /^%PDF-1\.4\n/);
  assert.match(text, /%%EOF\n$/);
  const table = Number(/startxref\n(\d+)\n/.exec(text)?.[1]);
  assert.ok(text.slice(table).startsWith("xref\n"));
  const offsets = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) => at);
  assert.ok(offsets.length >= 5);
  for (const [index, offset] of offsets.entries()) {
    assert.ok(text.slice(Number(offset)).startsWith(`${index + 1} 0 obj\n`));
  }
}

Deno.test("a label is a PDF with the whole address, to be had for 24 hours by who has its URL", async () => {
  const { caller, shop, orderId, documents } = await boughtLabel();
  const answer = await documents();
  assertSameShape(answer.data, (await fixture("22-shipping-document")).data);
  const url = new URL(String(answer.data.doc_url));
  assert.equal(url.origin, "http://tiktok");
  assert.equal(url.searchParams.get("expire"), String(NOW / 1000 + 86_400));
  const order = await shop.order(orderId);
  assert.equal(answer.data.tracking_number, order.tracking_number);
  assert.match(JSON.stringify(order.recipient_address), /\*\*\*/);

  const file = await download(caller, url);
  assert.equal(file.headers.get("content-type"), "application/pdf");
  const text = await file.text();
  assertWholePdf(text);
  assert.ok(text.includes(String(answer.data.tracking_number)));
  assert.ok(text.includes("Rosa Delgado") && text.includes("118 Alder Street"));

  for (const [name, value] of [["expire", "9999999999"], ["type", "PACKING_SLIP"], ["sign", ""]]) {
    const changed = new URL(url);
    changed.searchParams.set(String(name), String(value));
    assert.equal((await download(caller, changed)).status, 403, name);
  }
  caller.now += 86_400_000 - 1000;
  assert.equal((await download(caller, url)).status, 200);
  caller.now += 1000;
  assert.equal((await download(caller, url)).status, 403);
  const fresh = await documents();
  assert.equal((await download(caller, fresh.data.doc_url)).status, 200);
});

Deno.test("documents come in the wanted type and size, and their URL names where the simulator is", async () => {
  const publicUrl = "http://127.0.0.1:54321/simulators/tiktok/";
  const { caller, simulator, documents } = await boughtLabel({ publicUrl });
  const both = await documents({
    document_type: "SHIPPING_LABEL_AND_PACKING_SLIP",
    document_size: "A5",
    document_format: "PDF",
  });
  const url = String(both.data.doc_url);
  assert.ok(url.startsWith("http://127.0.0.1:54321/simulators/tiktok/labels/"), url);
  const text = await (await download(caller, url.replace("/simulators/tiktok", ""))).text();
  assertWholePdf(text);
  assert.ok(text.includes("/Count 2") && text.includes("[0 0 420 595]"));
  assert.ok(text.includes("SHIPPING LABEL") && text.includes("PACKING SLIP"));

  const refused: [Record<string, string>, RegExp][] = [
    [{}, /document_type is missing/],
    [{ document_type: "POSTER" }, /document_type is invalid/],
    [{ ...LABEL, document_size: "A0" }, /document_size is invalid/],
    [{ ...LABEL, document_format: "DOC" }, /document_format is invalid/],
    // In Brazil only.
    [{ ...LABEL, document_format: "ZPL" }, /document_format is invalid/],
  ];
  for (const [query, message] of refused) {
    await assertRefused(simulator, () => documents(query), 36009004, message);
  }
});

Deno.test("Brazil's label printers get ZPL", async () => {
  const caller = new Caller();
  caller.simulator.addShop({ id: "9", openId: "br", region: "BR", cipher: "cipher9" });
  const shop = await caller.shop("9");
  const { id } = caller.simulator.addOrder({ shopId: "9", shippingType: "TIKTOK" });
  const [{ id: packageId } = { id: "" }] = (await shop.order(id)).packages;
  const documents = () =>
    shop.get(`${PACKAGES}/${packageId}/shipping_documents`, { ...LABEL, document_format: "ZPL" });
  await assertRefused(caller.simulator, documents, 21023035);
  await shop.post(`${PACKAGES}/${packageId}/ship`);
  const { data } = await documents();
  const file = await download(caller, data.doc_url);
  assert.equal(file.headers.get("content-type"), "x-application/zpl");
  const text = await file.text();
  assert.match(text, /^\^XA\n[^]*\^XZ\n$/);
  assert.ok(text.includes(String(data.tracking_number)));
});

Deno.test("a new label is not ready for the first reads, then it is", async () => {
  const { simulator, documents } = await boughtLabel({}, 2);
  const expected = await fixture("52-error-11034037-label-not-ready");
  for (let read = 0; read < 2; read++) {
    const { code, data, message } = await documents();
    assert.deepEqual([code, data, message], [expected.code, null, expected.message]);
  }
  assert.equal((await documents()).code, 0);
  assert.equal((await documents()).code, 0);
  assert.equal(simulator.fulfillment.labelsBought, 1);
});

Deno.test("there is a label from the purchase to the pickup, and none where the seller ships", async () => {
  const { simulator, shop, packageId, documents } = await boughtLabel();
  simulator.changePackage(packageId, "FULFILLING");
  await assertRefused(simulator, () => documents(), 21042102);
  simulator.changePackage(packageId, "CANCELLED");
  await assertRefused(simulator, () => documents(), 21023059);
  await assertRefused(simulator, () => documents(LABEL, "404"), 21011028);

  const { id } = simulator.addOrder({ shopId: "1" });
  const { data } = await shop.post(`${ORDERS}/${id}/packages`, {
    tracking_number: "1Z999AA10123456784",
    shipping_provider_id: "7117859084333745966",
  });
  const own = String(data.package_id);
  await assertRefused(simulator, () => documents(LABEL, own), 21008017);
});

Deno.test("Get Package Detail tells of the package as TikTok does", async () => {
  const { simulator, shop, orderId, packageId } = await boughtLabel();
  const expected = await fixture("25-package-detail");
  const { data } = await shop.get(`${PACKAGES}/${packageId}`);
  assertSameShape(data, expected.data);
  const { shipping_type, package_status, handover_method, orders } = data;
  assert.deepEqual([shipping_type, package_status, handover_method, orders], [
    "TIKTOK",
    "PROCESSING",
    "DROP_OFF",
    [{ id: orderId }],
  ]);
  assert.deepEqual([data.weight, data.create_time], [WEIGHT, NOW / 1000]);
  assert.match((data.recipient_address as { phone_number: string }).phone_number, /\*/);
  await assertRefused(simulator, () => shop.get(`${PACKAGES}/404`), 21011028);
});

Deno.test("Get Tracking tells the newest first, in milliseconds, of all packages", async () => {
  const { caller, simulator, shop, orderId, packageId } = await boughtLabel();
  const tracking = async () => {
    const { data } = await shop.get(`${ORDERS}/${orderId}/tracking`);
    return data.tracking as { description: string; update_time_millis: number }[];
  };
  caller.now += 3600_000;
  simulator.changePackage(packageId, "FULFILLING");
  simulator.changePackage(packageId, "COMPLETED");
  const [delivered, onItsWay, ready] = await tracking();
  assertSameShape({ tracking: await tracking() }, (await fixture("27-tracking")).data);
  assert.match(String(delivered?.description), /delivered/);
  assert.match(String(onItsWay?.description), /handed over/);
  assert.deepEqual(
    [delivered, onItsWay, ready].map((event) => event?.update_time_millis),
    [NOW + 3600_000, NOW + 3600_000, NOW],
  );
  const { id } = simulator.addOrder({ shopId: "1" });
  assert.deepEqual((await shop.get(`${ORDERS}/${id}/tracking`)).data, { tracking: [] });
  await assertRefused(simulator, () => shop.get(`${ORDERS}/404/tracking`), 21008111);
});

Deno.test("each call needs its scope, and an order or package of the shop that it names", async () => {
  const { caller, simulator, orderId, packageId } = await boughtLabel();
  const { id: next } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const own = {
    tracking_number: "1Z999AA10123456784",
    shipping_provider_id: "7117859084333745966",
  };
  const basic: [string, string, unknown?][] = [
    ["POST", `${ORDERS}/${next}/shipping_services/query`, {}],
    ["POST", PACKAGES, { order_id: next }],
    ["POST", `${PACKAGES}/${packageId}/ship`, {}],
    ["GET", `${PACKAGES}/${packageId}/shipping_documents`],
    ["POST", `${ORDERS}/${next}/packages`, own],
    ["POST", `${PACKAGES}/${packageId}/shipping_info/update`, own],
    ["GET", `${PACKAGES}/${packageId}`],
  ];
  const logistics: [string, string, unknown?][] = [
    ["POST", `${ORDERS}/${orderId}/shipping_info/update`, own],
    ["GET", "/logistics/202309/delivery_options/7091100000000000001/shipping_providers"],
    ["GET", `${ORDERS}/${orderId}/tracking`],
  ];
  const other = "seller.order.info";
  for (
    const [scope, calls] of [["seller.fulfillment.basic", basic], [
      "seller.logistics",
      logistics,
    ]] as const
  ) {
    for (const [method, path, body] of calls) {
      const call = (shopId: string) => async () => {
        const shop = await caller.shop(shopId);
        return method === "GET" ? await shop.get(path) : await shop.post(path, body);
      };
      const { scopes } = simulator.state.get("logins", "one") ?? {};
      const withoutIt = [...(scopes ?? []).filter((granted) => granted !== scope), other];
      simulator.addLogin({ openId: "one", scopes: withoutIt });
      await assertRefused(simulator, call("1"), 105005);
      simulator.addLogin({ openId: "one", scopes: scopes ?? [] });
      if (path.startsWith("/logistics/")) continue;
      // Neither the login's other shop nor another login has it.
      for (const shopId of ["2", "3"]) {
        const code = path.includes(packageId) ? 21011028 : 21008111;
        await assertRefused(simulator, call(shopId), code);
      }
    }
  }
  assert.equal(simulator.fulfillment.labelsBought, 1);
});

Deno.test("sellers grant the scopes of fulfilment by default", async () => {
  const { granted_scopes } = await new Caller().connect("1");
  for (const scope of ["basic", "package.write"]) {
    assert.ok((granted_scopes as string[]).includes(`seller.fulfillment.${scope}`));
  }
  assert.ok((granted_scopes as string[]).includes("seller.logistics"));
});

/** Answers 200, and keeps the states of orders that it was told. */
function receiver() {
  const states: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (r) => {
    states.push((await r.json()).data.order_status);
    return new Response();
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return { url, states, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("/control orders for TikTok's labels, moves packages with webhooks, and lists the accounts", async () => {
  await using webhooks = receiver();
  const caller = new Caller({ webhookUrl: webhooks.url });
  const { simulator } = caller;
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await caller.fetch(`/control${path && `/${path}`}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return [response.status, await response.json()];
  };
  const [, added] = await control("POST", "orders", { shop_id: "1", shipping_type: "TIKTOK" });
  const shop = await caller.shop("1");
  assert.deepEqual(await control("POST", "fulfillment", { label_delay: 1 }), [
    200,
    { label_delay: 1, always_warn: false },
  ]);
  const { data } = await shop.post(PACKAGES, { order_id: added.order_id, weight: WEIGHT });
  const path = `packages/${data.package_id}`;
  const documents = () => shop.get(`${PACKAGES}/${data.package_id}/shipping_documents`, LABEL);
  assert.equal((await documents()).code, 11034037);
  assert.equal((await documents()).code, 0);

  const [status, moved] = await control("PATCH", path, { status: "FULFILLING", deliveries: 2 });
  assert.deepEqual([status, moved], [200, {
    order_id: added.order_id,
    order_status: "IN_TRANSIT",
    answers: [200, 200],
  }]);
  await control("PATCH", path, { status: "COMPLETED" });
  assert.equal((await shop.order(added.order_id)).status, "DELIVERED");
  await control("PATCH", path, { status: "CANCELLED", deliveries: 0 });
  assert.equal((await shop.order(added.order_id)).status, "CANCELLED");
  assert.deepEqual(webhooks.states, [
    "AWAITING_SHIPMENT",
    "IN_TRANSIT",
    "IN_TRANSIT",
    "DELIVERED",
  ]);

  const [, page] = await control("GET", "");
  assert.deepEqual(page.labels, [{ shop_id: "1", currency: "USD", labels: 1, charged: "5.12" }]);
  assert.equal((await control("POST", "shops", { shop_id: "5", one_service: true }))[0], 201);
  assert.equal(simulator.state.get("shops", "5")?.oneService, true);

  assert.equal((await control("PATCH", "packages/404", { status: "COMPLETED" }))[0], 404);
  assert.equal((await control("PATCH", path, { status: "TO_FULFILL" }))[0], 400);
  assert.equal((await control("POST", "fulfillment", { label_delay: -1 }))[0], 400);
  const bad = { shop_id: "1", shipping_type: "FEDEX" };
  assert.equal((await control("POST", "orders", bad))[0], 400);
  simulator.close();
});

Deno.test("a purchase whose answer is lost was made, and the order tells of it", async () => {
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
