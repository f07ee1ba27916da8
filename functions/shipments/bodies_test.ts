import assert from "node:assert/strict";
import fc from "fast-check";
import type * as z from "zod";
import { Problem } from "../../shared/http/problem.ts";
import { BatchBody, hashOf, LabelBody, RatesBody, readIdempotencyKey } from "./bodies.ts";

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

/** Which fields are wrong. */
function wrong(schema: z.ZodType, body: unknown): string[] {
  return (schema.safeParse(body).error?.issues ?? []).map(({ path }) => path.join("."));
}

const lineItems = (count: number) => Array.from({ length: count }, (_, i) => String(1000 + i));

Deno.test("LabelBody takes a service or a rate, draws a PDF unless told otherwise, and calls from sender", () => {
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

Deno.test("either a rate or a service is named: not both, and not neither", () => {
  const { service: _, ...neither } = LABEL;
  for (const body of [neither, { ...LABEL, rate_id: RATE }]) {
    const { error } = LabelBody.safeParse(body);
    assert.deepEqual(error?.issues.map(({ message }) => message), [
      "give either rate_id or service",
    ]);
  }
  assert.deepEqual(wrong(LabelBody, { ...neither, rate_id: RATE }), []);
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
    assert.deepEqual(wrong(LabelBody, { ...LABEL, ...fields }), [field], JSON.stringify(fields));
  }
  const { service: _, ...rest } = LABEL;
  for (const rate_id of ["7", "", null, 7]) {
    assert.ok(wrong(LabelBody, { ...rest, rate_id }).includes("rate_id"));
  }
  for (const body of [null, [], "label", 7]) assert.ok(wrong(LabelBody, body).length > 0);
});

Deno.test("line items are 1 to 100 of TikTok's ids, each once", () => {
  for (const schema of [LabelBody, RatesBody]) {
    const { service: _, ...rates } = LABEL;
    const body = schema === LabelBody ? LABEL : rates;
    for (const ids of [["1"], ["9".repeat(32)], lineItems(100)]) {
      assert.deepEqual(wrong(schema, { ...body, line_item_ids: ids }), []);
    }
    const refused: unknown[] = [
      ...[[], lineItems(101), lineItems(200), ["1", "2", "1"], null, "1", {}],
    ];
    for (const ids of refused) {
      assert.deepEqual(wrong(schema, { ...body, line_item_ids: ids }), ["line_item_ids"]);
    }
    for (const id of ["", "a", "-1", "1.0", " 1", "1 ", "9".repeat(33), 1, null, ["1"]]) {
      assert.deepEqual(wrong(schema, { ...body, line_item_ids: [id] }), ["line_item_ids.0"]);
    }
  }
});

Deno.test("RatesBody needs an order and a parcel, and takes no service", () => {
  const body = { order_id: ORDER, parcel: PARCEL };
  assert.deepEqual(RatesBody.parse({ ...body, from: FROM }), {
    ...body,
    parcel: KEPT_PARCEL,
    from: FROM,
  });
  assert.deepEqual(wrong(RatesBody, LABEL), [""]);
  assert.deepEqual(wrong(RatesBody, {}), ["order_id", "parcel"]);
});

Deno.test("a batch has 1 to 100 labels, and one that is wrong is named by its place", () => {
  const labels = (count: number) => ({ labels: Array.from({ length: count }, () => LABEL) });
  assert.equal(BatchBody.parse(labels(1)).labels[0]?.label_format, "PDF");
  assert.equal(BatchBody.parse(labels(100)).labels.length, 100);
  for (const body of [labels(0), labels(101), {}, { labels: null }, { labels: LABEL }]) {
    assert.deepEqual(wrong(BatchBody, body), ["labels"]);
  }
  const spoiled = { labels: [LABEL, { ...LABEL, order_id: "7" }] };
  assert.deepEqual(wrong(BatchBody, spoiled), ["labels.1.order_id"]);
  assert.deepEqual(wrong(BatchBody, { ...labels(1), more: 1 }), [""]);
});

function keyOf(value?: string): string {
  const headers = value === undefined ? {} : { "idempotency-key": value };
  return readIdempotencyKey(new Request("http://x/", { method: "POST", headers }));
}

function refusal(value?: string): [number, string] {
  try {
    keyOf(value);
  } catch (error) {
    assert.ok(error instanceof Problem);
    if (value && value.trim().length > 6) assert.ok(!error.message.includes(value.trim()));
    return [error.status, error.code];
  }
  return assert.fail(`${value} was taken`);
}

Deno.test("an idempotency key is 1 to 255 visible characters, without spaces around", () => {
  for (const key of ["1", RATE, "order:7/label#1", "x".repeat(255), "Batch:1", "a-batch:1", "!~"]) {
    assert.equal(keyOf(key), key);
    assert.equal(keyOf(` ${key}\t`), key);
  }
});

Deno.test("no idempotency key is 400, and so is one that is none", () => {
  for (const value of [undefined, "", "  "]) {
    assert.deepEqual(refusal(value), [400, "idempotency_key_required"]);
  }
  const refused = ["a b", "a\tb", "clé-é", "x".repeat(256), "batch:1:2", "batch:", "key-1, key-2"];
  for (const value of refused) {
    assert.deepEqual(refusal(value), [400, "invalid_idempotency_key"], value);
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

Deno.test("hashOf() does not depend on the order of the fields", async () => {
  assert.match(await hashOf({}), /^[0-9a-f]{64}$/);
  assert.equal(await hashOf(shuffled(LABEL)), await hashOf(LABEL));
  const batch = { labels: [LABEL, { ...LABEL, from: FROM }] };
  assert.equal(await hashOf(shuffled(batch)), await hashOf(batch));
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => {
    assert.equal(await hashOf(shuffled(value)), await hashOf(value));
  }));
});

Deno.test("hashOf() of different requests is different", async () => {
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
  const hashes = await Promise.all(requests.map(hashOf));
  assert.equal(new Set(hashes).size, requests.length);
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const path = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
  const around = fc.dictionary(fc.string(), fc.jsonValue());
  await fc.assert(fc.asyncProperty(around, path, leaf, leaf, async (rest, keys, one, other) => {
    fc.pre(one !== other);
    const wrap = (value: unknown) => keys.reduce((inner, key) => ({ [key]: inner }), value);
    const hash = (value: unknown) => hashOf({ ...rest, changed: wrap(value) });
    assert.notEqual(await hash(one), await hash(other));
  }));
});

Deno.test("what is the same request in other words has one hash", async () => {
  const hash = async (body: unknown) => await hashOf(LabelBody.parse(body));
  const same = [
    LABEL,
    shuffled(LABEL),
    { ...LABEL, label_format: "PDF" },
    { ...LABEL, parcel: { ...PARCEL, length: "9", weight: 1.4 } },
  ];
  assert.equal(new Set(await Promise.all(same.map(hash))).size, 1);
  const sent = { ...LABEL, from: FROM };
  assert.equal(await hash({ ...sent, from: { ...FROM, name: " Ada's Mugs " } }), await hash(sent));
  assert.notEqual(await hash(sent), await hash(LABEL));
});
