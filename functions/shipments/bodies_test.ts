import assert from "node:assert/strict";
import fc from "fast-check";
import type * as z from "zod/mini";
import { Problem } from "../../shared/http/problem.ts";
import { LabelError } from "../../shared/shipping/errors.ts";
import { BatchBody, hashRequest, LabelBody, OwnTrackingBody, RatesBody } from "./bodies.ts";
import { readId, readIdempotencyKey, readOrderId } from "./parameters.ts";

const ORDER = "7d1b0c34-52c0-4d1e-8a43-0a3a5b1f9e02";
const RATE = "0b5f2c1e-6f0a-4a7e-9c55-2d6a0f3b7c11";

const PARCEL = {
  length: 9,
  width: 6,
  height: 5,
  dimension_unit: "in",
  weight: "1.4",
  weight_unit: "lb",
};

const FROM = {
  name: "Ada's Mugs",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  postal_code: "97209",
  country: "US",
};

const LABEL = { order_id: ORDER, parcel: PARCEL, service: "cheapest" };
const KEPT_PARCEL = { ...PARCEL, length: "9", width: "6", height: "5" };

/** Names of the wrong fields. */
function wrongFields(schema: z.ZodMiniType, body: unknown): string[] {
  return (schema.safeParse(body).error?.issues ?? []).map(({ path }) => path.join("."));
}

const lineItems = (count: number) => Array.from({ length: count }, (_, i) => String(1000 + i));

Deno.test("LabelBody takes a service or a rate, wants a PDF by default, and renames from to sender", () => {
  assert.deepEqual(LabelBody.parse(LABEL), {
    order_id: ORDER,
    parcel: KEPT_PARCEL,
    service: "cheapest",
    label_format: "PDF",
  });
  const { service: _, ...rest } = LABEL;
  const full = {
    ...rest,
    rate_id: RATE,
    provider: "easypost",
    line_item_ids: ["1", "2"],
    label_format: "ZPL",
  };
  assert.deepEqual(LabelBody.parse({ ...full, from: FROM }), {
    ...full,
    parcel: KEPT_PARCEL,
    sender: FROM,
  });
});

Deno.test("a label names either a rate or a service", () => {
  const { service: _, ...neither } = LABEL;
  for (const body of [neither, { ...LABEL, rate_id: RATE }]) {
    const { error } = LabelBody.safeParse(body);
    assert.deepEqual(error?.issues.map(({ message }) => message), [
      "either rate_id or service",
    ]);
  }
  assert.deepEqual(wrongFields(LabelBody, { ...neither, rate_id: RATE }), []);
});

Deno.test("a label with a field that is wrong, unknown or missing is refused", () => {
  const spoiled: [Record<string, unknown>, string][] = [
    [{ order_id: "7" }, "order_id"],
    [{ order_id: undefined }, "order_id"],
    [{ parcel: undefined }, "parcel"],
    [{ parcel: { ...PARCEL, weight: "0" } }, "parcel.weight"],
    [{ provider: "dhl" }, "provider"],
    [{ service: "" }, "service"],
    [{ service: "x".repeat(101) }, "service"],
    [{ service: 7 }, "service"],
    [{ label_format: "pdf" }, "label_format"],
    [{ label_format: null }, "label_format"],
    [{ from: { ...FROM, country: "USA" } }, "from.country"],
    [{ from: null }, "from"],
    [{ sender: FROM }, ""],
    [{ user_id: ORDER }, ""],
  ];
  for (const [fields, field] of spoiled) {
    assert.deepEqual(
      wrongFields(LabelBody, { ...LABEL, ...fields }),
      [field],
      JSON.stringify(fields),
    );
  }
  const { service: _, ...rest } = LABEL;
  for (const rate_id of ["7", "", null, 7]) {
    assert.ok(wrongFields(LabelBody, { ...rest, rate_id }).includes("rate_id"));
  }
  for (const body of [null, [], "label", 7]) assert.ok(wrongFields(LabelBody, body).length > 0);
});

Deno.test("line items are 1 to 100 of TikTok's ids, each once", () => {
  for (const schema of [LabelBody, RatesBody]) {
    const { service: _, ...rates } = LABEL;
    const body = schema === LabelBody ? LABEL : rates;
    for (const ids of [["1"], ["9".repeat(32)], lineItems(100)]) {
      assert.deepEqual(wrongFields(schema, { ...body, line_item_ids: ids }), []);
    }
    const refused: unknown[] = [
      ...[[], lineItems(101), lineItems(200), ["1", "2", "1"], null, "1", {}],
    ];
    for (const ids of refused) {
      assert.deepEqual(wrongFields(schema, { ...body, line_item_ids: ids }), ["line_item_ids"]);
    }
    for (const id of ["", "a", "-1", "1.0", " 1", "1 ", "9".repeat(33), 1, null, ["1"]]) {
      assert.deepEqual(wrongFields(schema, { ...body, line_item_ids: [id] }), ["line_item_ids.0"]);
    }
  }
});

Deno.test("RatesBody needs an order and a parcel, and takes no service", () => {
  const body = { order_id: ORDER, parcel: PARCEL };
  assert.deepEqual(RatesBody.parse({ ...body, from: FROM }), {
    ...body,
    parcel: KEPT_PARCEL,
    sender: FROM,
  });
  assert.deepEqual(wrongFields(RatesBody, LABEL), [""]);
  assert.deepEqual(wrongFields(RatesBody, {}), ["order_id", "parcel"]);
});

Deno.test("an own tracking number has 4 to 50 letters, digits and hyphens; it is stored in capitals without spaces", () => {
  const own = { order_id: ORDER, carrier: " UPS ", tracking_number: " 1z 999 " };
  assert.deepEqual(OwnTrackingBody.parse(own), {
    order_id: ORDER,
    carrier: "UPS",
    tracking_number: "1Z999",
  });
  for (const tracking_number of ["", "123", "1".repeat(51), "1Z/99", "1Z99é", "1Z99ß", 1234]) {
    assert.deepEqual(wrongFields(OwnTrackingBody, { ...own, tracking_number }), [
      "tracking_number",
    ]);
  }
  for (const carrier of ["", "  ", "U".repeat(101), null]) {
    assert.deepEqual(wrongFields(OwnTrackingBody, { ...own, carrier }), ["carrier"]);
  }
  assert.deepEqual(wrongFields(OwnTrackingBody, { ...own, label_format: "PDF" }), [""]);
});

Deno.test("a batch has 1 to 100 labels, and the refusal names the place of a wrong one", () => {
  const labels = (count: number) => ({ labels: Array.from({ length: count }, () => LABEL) });
  assert.equal(BatchBody.parse(labels(1)).labels[0]?.label_format, "PDF");
  assert.equal(BatchBody.parse(labels(100)).labels.length, 100);
  for (const body of [labels(0), labels(101), {}, { labels: null }, { labels: LABEL }]) {
    assert.deepEqual(wrongFields(BatchBody, body), ["labels"]);
  }
  const { error } = BatchBody.safeParse({ orders: [LABEL] });
  assert.equal(error?.issues[0]?.message, "a list of labels, each as POST /shipments takes it");
  const spoiled = { labels: [LABEL, { ...LABEL, order_id: "7" }] };
  assert.deepEqual(wrongFields(BatchBody, spoiled), ["labels.1.order_id"]);
  assert.deepEqual(wrongFields(BatchBody, { ...labels(1), more: 1 }), [""]);
});

function readKey(value?: string): string {
  const headers = value === undefined ? {} : { "idempotency-key": value };
  return readIdempotencyKey(new Request("http://x/", { method: "POST", headers }));
}

function refusalOf(value?: string): [number, string] {
  try {
    readKey(value);
  } catch (error) {
    assert.ok(error instanceof Problem);
    if (value && value.trim().length > 6) assert.ok(!error.message.includes(value.trim()));
    return [error.status, error.code];
  }
  return assert.fail(`${value} was accepted`);
}

Deno.test("an idempotency key is 1 to 255 visible characters; surrounding spaces are dropped", () => {
  for (const key of ["1", RATE, "order:7/label#1", "x".repeat(255), "Batch:1", "a-batch:1", "!~"]) {
    assert.equal(readKey(key), key);
    assert.equal(readKey(` ${key}\t`), key);
  }
});

Deno.test("a missing or invalid idempotency key is 400", () => {
  for (const value of [undefined, "", "  "]) {
    assert.deepEqual(refusalOf(value), [400, "idempotency_key_required"]);
  }
  const refused = ["a b", "a\tb", "clé-é", "x".repeat(256), "batch:1:2", "batch:", "key-1, key-2"];
  for (const value of refused) {
    assert.deepEqual(refusalOf(value), [400, "invalid_idempotency_key"], value);
  }
  const headers = new Headers([["idempotency-key", "one"], ["Idempotency-Key", "two"]]);
  assert.throws(
    () => readIdempotencyKey(new Request("http://x/", { headers })),
    (error) => error instanceof Problem && error.code === "invalid_idempotency_key",
  );
});

/** The same value with the fields of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, shuffled(entry)] as const);
  return Object.fromEntries(entries.reverse());
}

Deno.test("hashRequest() does not depend on the order of the fields", () => {
  assert.match(hashRequest({}), /^[0-9a-f]{64}$/);
  assert.equal(hashRequest(shuffled(LABEL)), hashRequest(LABEL));
  const batch = { labels: [LABEL, { ...LABEL, from: FROM }] };
  assert.equal(hashRequest(shuffled(batch)), hashRequest(batch));
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.equal(hashRequest(shuffled(value)), hashRequest(value));
  }));
});

Deno.test("hashRequest() of different requests is different", () => {
  const requests = [
    LABEL,
    { ...LABEL, service: "default" },
    { ...LABEL, order_id: RATE },
    { ...LABEL, parcel: { ...PARCEL, weight: "1.5" } },
    { ...LABEL, parcel: { ...PARCEL, length: 6, width: 9 } },
    { ...LABEL, line_item_ids: ["1", "2"] },
    { ...LABEL, line_item_ids: ["2", "1"] },
    { ...LABEL, line_item_ids: ["12"] },
    { ...LABEL, line_item_ids: [] },
    { ...LABEL, from: FROM },
    { ...LABEL, from: { ...FROM, line2: "" } },
    { ...LABEL, from: null },
    { labels: [LABEL] },
    { labels: [LABEL, LABEL] },
    [LABEL],
    null,
    "null",
  ];
  const hashes = requests.map(hashRequest);
  assert.equal(new Set(hashes).size, requests.length);
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const path = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
  const around = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(fc.property(around, path, leaf, leaf, (rest, keys, one, other) => {
    fc.pre(one !== other);
    const wrap = (value: unknown) => keys.reduce((inner, key) => ({ [key]: inner }), value);
    const hash = (value: unknown) => hashRequest({ ...rest, changed: wrap(value) });
    assert.notEqual(hash(one), hash(other));
  }));
});

Deno.test("requests that mean the same have the same hash", () => {
  const hash = (body: unknown) => hashRequest(LabelBody.parse(body));
  const same = [
    LABEL,
    shuffled(LABEL),
    { ...LABEL, label_format: "PDF" },
    { ...LABEL, parcel: { ...PARCEL, length: "9", weight: 1.4 } },
  ];
  assert.equal(new Set(same.map(hash)).size, 1);
  const sent = { ...LABEL, from: FROM };
  assert.equal(hash({ ...sent, from: { ...FROM, name: " Ada's Mugs " } }), hash(sent));
  assert.notEqual(hash(sent), hash(LABEL));
});

Deno.test("the order of a list is named by a UUID", () => {
  const read = (query: string) => readOrderId(new Request(`http://x/shipments${query}`));
  assert.equal(read(`?order_id=${ORDER}`), ORDER);
  for (const query of ["", "?order_id=", "?order_id=7", `?id=${ORDER}`]) {
    assert.throws(
      () => read(query),
      (error) =>
        error instanceof Problem && error.code === "order_id_required" &&
        error.message.startsWith("Name the order: ?order_id="),
      query,
    );
  }
});

Deno.test("a path that names no UUID names no shipment and no batch", () => {
  assert.equal(readId(ORDER, "shipment_not_found"), ORDER);
  for (const code of ["shipment_not_found", "batch_not_found"] as const) {
    assert.throws(
      () => readId("7", code),
      (error) => error instanceof LabelError && error.code === code,
    );
  }
});
