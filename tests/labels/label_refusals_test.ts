/** Requests for labels that are refused: they cost nothing, store nothing and call no carrier. */
import assert from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  callShipments,
  FROM,
  labelsBought,
  lineItemIdsOf,
  type OrderRow,
  PARCEL,
  receiveOrder,
  requestLabel,
  requestRates,
  sideEffects,
} from "../support/labels.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

let stack: TestStack;
let seller: ConnectedSeller;
let stranger: ConnectedSeller;
/** Two orders of the seller, without labels until the last step. */
let order: OrderRow;
let second: OrderRow;
/** Two orders of the stranger; the first one has a label. */
let foreign: OrderRow;
let foreignNext: OrderRow;
let foreignShipment: string;

const step = testOnOneStack("refused requests for labels", async () => {
  stack = await borrowStack();
  seller = await connectSeller(stack);
  stranger = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  order = await receiveOrder(stack, seller, { quantity: 2 });
  second = await receiveOrder(stack, seller);
  foreign = await receiveOrder(stack, stranger);
  foreignNext = await receiveOrder(stack, stranger);
  foreignShipment = (await requestLabel(stack, stranger, foreign.id)).body.id;
  await settledEvents(stack);
  return stack;
});

type Refusal = readonly [status: number, code: string];

const INVALID: Refusal = [400, "invalid_body"];

/** The request is refused with this, and has no side effect. */
async function assertRefused(
  [status, code]: Refusal,
  what: string,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const before = await sideEffects(stack);
  const answer = await call();
  assertProblem(answer, status, code, what);
  assert.deepEqual(await sideEffects(stack), before, what);
  return answer;
}

type Fields = Record<string, unknown>;

async function assertLabelRefused(refusal: Refusal, what: string, label: Fields): Promise<void> {
  await assertRefused(refusal, what, () => requestLabel(stack, seller, order.id, label));
}

async function assertRatesRefused(refusal: Refusal, what: string, wanted: Fields): Promise<void> {
  await assertRefused(refusal, what, () => requestRates(stack, seller, order.id, wanted));
}

step("an invalid parcel is refused, by its field and without its value", async () => {
  const parcels: Record<string, unknown> = {
    negative: { ...PARCEL, weight: -1 },
    zero: { ...PARCEL, length: 0 },
    "almost zero": { ...PARCEL, length: "0.00" },
    "not a number": { ...PARCEL, width: "NaN" },
    "a number in words": { ...PARCEL, width: "nine" },
    exponent: { ...PARCEL, height: "1e1" },
    hexadecimal: { ...PARCEL, height: "0x10" },
    "longer than any parcel": { ...PARCEL, length: 121 },
    "heavier than any parcel": { ...PARCEL, weight: "150.01" },
    "three decimals": { ...PARCEL, weight: "1.401" },
    "mixed units": { ...PARCEL, weight_unit: "kg" },
    "unknown unit": { ...PARCEL, dimension_unit: "ft" },
    "a missing side": { ...PARCEL, length: undefined },
    "no unit": { ...PARCEL, weight_unit: undefined },
    "an extra field": { ...PARCEL, volume: 1 },
    null: null,
    list: [9, 6, 5],
    missing: undefined,
  };
  for (const [name, parcel] of Object.entries(parcels)) {
    await assertLabelRefused(INVALID, name, { parcel });
    await assertRatesRefused(INVALID, `rates: ${name}`, { parcel });
  }
  const label = { parcel: { ...PARCEL, weight: -77 } };
  const { detail } = (await requestLabel(stack, seller, order.id, label)).body;
  assert.match(detail, /parcel\.weight/);
  assert.doesNotMatch(detail, /77/);
});

step("an invalid field of a label or of a request for rates is refused", async () => {
  const [unit] = lineItemIdsOf(stack, order.tiktokId) as [string];
  const both: Record<string, Fields> = {
    "200 line items": { line_item_ids: Array.from({ length: 200 }, (_, n) => String(n)) },
    "no line items": { line_item_ids: [] },
    "duplicate line items": { line_item_ids: [unit, unit] },
    "no orders": { order_ids: [] },
    "duplicate orders": { order_ids: [order.id, order.id] },
    "an order that is not an id": { order_ids: [order.tiktokId] },
    "an invalid line item": { line_item_ids: ["1; drop table orders"] },
    "an extra field": { insurance: "100.00" },
    "an invalid order id": { order_id: order.tiktokId },
    "a sender without a name": { from: { ...FROM, name: " " } },
    "a sender in no country": { from: { ...FROM, country: "USA" } },
    "a sender with an extra field": { from: { ...FROM, email: "ada@example.com" } },
  };
  for (const [name, fields] of Object.entries(both)) {
    await assertLabelRefused(INVALID, name, fields);
    await assertRatesRefused(INVALID, `rates: ${name}`, fields);
  }
  const labels: Record<string, Fields> = {
    "a rate and a service": { rate_id: crypto.randomUUID() },
    "neither rate nor service": { service: undefined },
    "an invalid rate": { service: undefined, rate_id: "cheapest" },
    "an unknown provider": { provider: "pigeon" },
    "an unknown format": { label_format: "EPL2" },
    "a service of 101 characters": { service: "s".repeat(101) },
  };
  for (const [name, fields] of Object.entries(labels)) {
    await assertLabelRefused(INVALID, name, fields);
  }
});

step("a body that is not a JSON object of the right size is refused", async () => {
  const endless = JSON.stringify({ order_id: order.id, parcel: PARCEL, service: "cheapest" })
    .replace('"length":9', '"length":1e400');
  const bodies: [name: string, body: string, refusal: Refusal][] = [
    ["1e400", endless, INVALID],
    ["no JSON", "{order_id:", [400, "invalid_json"]],
    ["nothing", "", INVALID],
    ["a list", "[]", INVALID],
    ["null", "null", INVALID],
    ["more than 64 KiB", `{"x":"${"x".repeat(64 * 1024)}"}`, [413, "body_too_large"]],
  ];
  for (const [name, body, refusal] of bodies) {
    for (const path of ["", "/rates"]) {
      const call = () => callShipments(stack, seller, path, { key: crypto.randomUUID(), body });
      await assertRefused(refusal, `${path} ${name}`, call);
    }
  }
});

step("an order or a shipment of another seller does not exist", async () => {
  const NO_ORDER: Refusal = [404, "order_not_found"];
  for (const id of [foreign.id, crypto.randomUUID()]) {
    await assertRefused(NO_ORDER, `label of ${id}`, () => requestLabel(stack, seller, id));
    await assertRefused(NO_ORDER, `rates of ${id}`, () => requestRates(stack, seller, id));
  }
  for (const id of [foreignShipment, crypto.randomUUID(), "no-uuid"]) {
    const routes = [["GET", `/${id}`], ["GET", `/${id}/label`], ["POST", `/${id}/void`]] as const;
    for (const [method, path] of routes) {
      const call = () => callShipments(stack, seller, path, { method });
      await assertRefused([404, "shipment_not_found"], `${method} ${path}`, call);
    }
  }
});

step("a request without a valid token is refused on every route", async () => {
  const [header, payload] = seller.accessToken.split(".") as [string, string];
  const claims = { ...JSON.parse(atob(payload)), exp: 1 };
  const expired = `${header}.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.AAAA`;
  const tokens: [authorization: string, code: string][] = [
    ["", "user_required"],
    ["Bearer nonsense", "invalid_token"],
    [`Bearer ${header}.${payload}.AAAA`, "invalid_token"],
    [`Bearer ${stack.env.SUPABASE_PUBLISHABLE_KEY}`, "invalid_token"],
    [`Bearer ${expired}`, "token_expired"],
  ];
  const routes = [
    ["POST", ""],
    ["POST", "/rates"],
    ["GET", `/${foreignShipment}`],
    ["GET", `/${foreignShipment}/label`],
    ["POST", `/${foreignShipment}/void`],
  ] as const;
  const body = { order_id: order.id, parcel: PARCEL, service: "cheapest", from: FROM };
  for (const [authorization, code] of tokens) {
    for (const [method, path] of routes) {
      const options = {
        ...{ method, key: "k", headers: { authorization } },
        ...(method === "POST" && { body }),
      };
      const call = () => callShipments(stack, seller, path, options);
      const { headers } = await assertRefused([401, code], `${method} ${path}`, call);
      assert.equal(headers.get("www-authenticate"), "Bearer");
    }
  }
});

step("line items and rates that do not belong to the order are refused", async () => {
  const rateOf = async (owner: ConnectedSeller, { id }: OrderRow) =>
    (await requestRates(stack, owner, id)).body.rates[0].rate_id;
  const rate_id = await rateOf(seller, order);
  const foreignRate = await rateOf(stranger, foreignNext);
  const secondRate = await rateOf(seller, second);
  const byRate = { service: undefined, rate_id };
  const refusals: [string, Fields][] = [
    ["line_items_unknown", { line_item_ids: lineItemIdsOf(stack, foreign.tiktokId) }],
    ["rate_not_found", { service: undefined, rate_id: foreignRate }],
    ["rate_not_found", { service: undefined, rate_id: secondRate }],
    ["rate_not_found", { service: undefined, rate_id: crypto.randomUUID() }],
    ["rate_of_another_parcel", { ...byRate, parcel: { ...PARCEL, weight: "1.3" } }],
    ["rate_of_another_provider", { ...byRate, provider: "tiktok_shipping" }],
  ];
  for (const [code, label] of refusals) await assertLabelRefused([422, code], code, label);
  await assertRatesRefused([422, "line_items_unknown"], "rates", { line_item_ids: ["1"] });
  await stack.sql`update private.label_rates set expires_at = now() - interval '1 second'`;
  await assertLabelRefused([422, "rate_expired"], "old rate", byRate);
});

step("a missing or invalid Idempotency-Key is refused", async () => {
  const keys = [
    ["idempotency_key_required", ""],
    ["idempotency_key_required", "   "],
    ["invalid_idempotency_key", "k".repeat(256)],
    ["invalid_idempotency_key", "clé"],
    ["invalid_idempotency_key", "two words"],
    ["invalid_idempotency_key", `batch:${crypto.randomUUID()}:1`],
  ] as const;
  for (const [code, key] of keys) await assertLabelRefused([400, code], key, { key });
});

step("another method is refused with the allowed ones", async () => {
  const methods: [method: string, path: string, allowed: string][] = [
    ...["PUT", "DELETE"].map((m): [string, string, string] => [m, "", "GET, HEAD, POST"]),
    ["GET", "/rates", "POST"],
    ["GET", "/batch", "POST"],
    ["DELETE", `/batch/${crypto.randomUUID()}`, "GET, HEAD"],
    ...["POST", "PATCH", "DELETE"].map((m): [string, string, string] => [
      m,
      `/${order.id}`,
      "GET, HEAD",
    ]),
    ["POST", `/${order.id}/label`, "GET, HEAD"],
    ["GET", `/${order.id}/void`, "POST"],
  ];
  for (const [method, path, allowed] of methods) {
    const call = () => callShipments(stack, seller, path, { method });
    const refusal: Refusal = [405, "method_not_allowed"];
    const { headers } = await assertRefused(refusal, `${method} ${path}`, call);
    assert.equal(headers.get("allow")?.split(", ").toSorted().join(", "), allowed);
  }
});

step("a key belongs to one request of one seller; the orders above get their labels", async () => {
  const key = "k".repeat(255);
  assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 201);
  await settledEvents(stack);
  const REUSED: Refusal = [409, "idempotency_key_reused"];
  await assertLabelRefused(REUSED, "another parcel", { key, parcel: { ...PARCEL, weight: 2 } });
  const ofSecond = () => requestLabel(stack, seller, second.id, { key });
  await assertRefused(REUSED, "another order", ofSecond);

  const { easypost } = labelsBought(stack);
  const third = await receiveOrder(stack, seller);
  const answers = await Promise.all(
    [second, third].map(({ id }) => requestLabel(stack, seller, id, { key: "same" })),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 409]);
  assert.equal(labelsBought(stack).easypost, easypost + 1);
  assert.equal((await requestLabel(stack, stranger, foreignNext.id, { key })).status, 201);
  await settledEvents(stack);
});
