/** Simulated packages: their detail, and the documents of their labels. */
import assert from "node:assert/strict";
import { Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import {
  assertRefused,
  assertSameShape,
  fixture,
  ORDERS,
  PACKAGES,
  UPS,
} from "../../../tests/support/fulfillment.ts";

const WEIGHT = { value: "1.4", unit: "POUND" };
const LABEL = { document_type: "SHIPPING_LABEL" };
const PROVIDERS = "/logistics/202309/delivery_options";

/** A US order with a new label. */
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

/** Reads the file at the path of a link. */
function download(caller: Caller, url: unknown): Promise<Response> {
  const { pathname, search } = new URL(String(url));
  return caller.fetch(pathname + search);
}

/** The cross-reference table has the offset of every object. */
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

Deno.test("a label is a PDF with the whole address; its link ends after 24 hours and cannot be changed", async () => {
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

  for (const [name, value] of [["expire", "9999999999"], ["format", "ZPL"], ["sign", ""]]) {
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

Deno.test("a label is drawn as PDF or PNG under the simulator's public address", async () => {
  const publicUrl = "http://127.0.0.1:54321/simulators/tiktok";
  const { caller, simulator, documents } = await boughtLabel({ publicUrl });
  const formats = [["SHIPPING_LABEL", "application/pdf"], ["SHIPPING_LABEL_PICTURE", "image/png"]];
  for (const [document_type = "", type] of formats) {
    const url = String((await documents({ document_type })).data.doc_url);
    assert.ok(url.startsWith(`${publicUrl}/labels/`), url);
    const file = await download(caller, url.replace("/simulators/tiktok", ""));
    assert.equal(file.headers.get("content-type"), type);
    await file.body?.cancel();
  }

  const refused: [Record<string, string>, RegExp][] = [
    [{}, /document_type is missing/],
    [{ document_type: "POSTER" }, /document_type is invalid/],
    [{ ...LABEL, document_format: "DOC" }, /document_format is invalid/],
    // In Brazil only.
    [{ ...LABEL, document_format: "ZPL" }, /document_format is invalid/],
  ];
  for (const [query, message] of refused) {
    await assertRefused(simulator, () => documents(query), 36009004, message);
  }
});

Deno.test("labels for shops in Brazil are drawn as ZPL", async () => {
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
  assert.equal(file.headers.get("content-type"), "application/zpl");
  const text = await file.text();
  assert.match(text, /^\^XA\n[^]*\^XZ\n$/);
  assert.ok(text.includes(String(data.tracking_number)));
});

Deno.test("a new label is not ready for the configured number of reads", async () => {
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

Deno.test("a label can be read from the purchase to the pickup, and not for a seller's own shipment", async () => {
  const { simulator, shop, packageId, documents } = await boughtLabel();
  simulator.changePackage(packageId, "FULFILLING");
  await assertRefused(simulator, () => documents(), 21042102);
  simulator.changePackage(packageId, "CANCELLED");
  await assertRefused(simulator, () => documents(), 21023059);
  await assertRefused(simulator, () => documents(LABEL, "404"), 21011028);

  const { id } = simulator.addOrder({ shopId: "1" });
  const { data } = await shop.post(`${ORDERS}/${id}/packages`, {
    tracking_number: "1Z999AA10123456784",
    shipping_provider_id: UPS,
  });
  const own = String(data.package_id);
  await assertRefused(simulator, () => documents(LABEL, own), 21008017);
});

Deno.test("Get Package Detail answers in TikTok's form", async () => {
  const { simulator, shop, orderId, packageId } = await boughtLabel();
  const expected = await fixture("25-package-detail");
  const { data } = await shop.get(`${PACKAGES}/${packageId}`);
  // Fields that the simulator leaves out.
  for (
    const field of [
      ...["has_multi_skus", "note_tag", "delivery_option_name", "delivery_option_id"],
      ...["handover_method", "recipient_address"],
    ]
  ) {
    delete expected.data[field];
  }
  assertSameShape(data, expected.data);
  const { shipping_type, package_status, orders } = data;
  assert.deepEqual([shipping_type, package_status, orders], [
    "TIKTOK",
    "PROCESSING",
    [{ id: orderId }],
  ]);
  assert.deepEqual([data.weight, data.create_time], [WEIGHT, NOW / 1000]);
  await assertRefused(simulator, () => shop.get(`${PACKAGES}/404`), 21011028);
});

Deno.test("each call needs its scope, and an order or package of the shop that it names", async () => {
  const { caller, simulator, packageId } = await boughtLabel();
  const { id: next } = simulator.addOrder({ shopId: "1", shippingType: "TIKTOK" });
  const own = { tracking_number: "1Z999AA10123456784", shipping_provider_id: UPS };
  const basic = "seller.fulfillment.basic";
  const calls: [scope: string, method: "get" | "post", path: string, body?: unknown][] = [
    [basic, "post", `${ORDERS}/${next}/shipping_services/query`, {}],
    [basic, "post", PACKAGES, { order_id: next }],
    [basic, "post", `${PACKAGES}/${packageId}/ship`, {}],
    [basic, "get", `${PACKAGES}/${packageId}/shipping_documents`],
    [basic, "post", `${ORDERS}/${next}/packages`, own],
    [basic, "post", `${PACKAGES}/${packageId}/shipping_info/update`, own],
    [basic, "get", `${PACKAGES}/${packageId}`],
    ["seller.logistics", "get", `${PROVIDERS}/7091100000000000001/shipping_providers`],
  ];
  const { scopes = [] } = simulator.state.get("logins", "one") ?? {};
  for (const [scope, method, path, body] of calls) {
    const callFor = (shopId: string) => async () => {
      const shop = await caller.shop(shopId);
      return method === "get" ? await shop.get(path) : await shop.post(path, body);
    };
    simulator.addLogin({ openId: "one", scopes: scopes.filter((granted) => granted !== scope) });
    await assertRefused(simulator, callFor("1"), 105005);
    simulator.addLogin({ openId: "one", scopes });
    if (path.startsWith(PROVIDERS)) continue;
    // Shop 2 has the same login, shop 3 another one.
    for (const shopId of ["2", "3"]) {
      const code = path.includes(packageId) ? 21011028 : 21008111;
      await assertRefused(simulator, callFor(shopId), code);
    }
  }
  assert.equal(simulator.fulfillment.labelsBought, 1);
});
