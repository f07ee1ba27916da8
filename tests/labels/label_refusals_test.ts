/** Requests for labels that are refused: they cost nothing, store nothing and ask nobody. */
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
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

interface Shop {
  stack: TestStack;
  seller: ConnectedSeller;
  order: OrderRow;
}

/** A stack with a seller whose order waits for its label. */
async function openShop(stack: TestStack): Promise<Shop> {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  await settledEvents(stack);
  return { stack, seller, order };
}

/** The request is refused with this, and nobody can tell that it was made. */
async function assertRefused(
  stack: TestStack,
  [status, code]: readonly [number, string],
  what: string,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const before = await sideEffects(stack);
  const answer = await call();
  assertProblem(answer, status, code, what);
  assert.deepEqual(await sideEffects(stack), before, what);
  return answer;
}

const INVALID = [400, "invalid_body"] as const;

test("a body that is not what POST / and POST /rates take is refused before anybody is asked", async (stack) => {
  const { seller, order } = await openShop(stack);
  const [unit] = lineItemIdsOf(stack, order.tiktokId) as [string];
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
    "a side is missing": { ...PARCEL, length: undefined },
    "no unit": { ...PARCEL, weight_unit: undefined },
    "an extra field": { ...PARCEL, volume: 1 },
    null: null,
    list: [9, 6, 5],
    missing: undefined,
  };
  const bodies: Record<string, Record<string, unknown>> = {
    "200 line items": { line_item_ids: Array.from({ length: 200 }, (_, n) => String(n)) },
    "no line items": { line_item_ids: [] },
    "duplicate line items": { line_item_ids: [unit, unit] },
    "a line item that is none": { line_item_ids: ["1; drop table orders"] },
    "an extra field": { insurance: "100.00" },
    "an order id that is none": { order_id: order.tiktokId },
    "a sender without a name": { from: { ...FROM, name: " " } },
    "a sender in no country": { from: { ...FROM, country: "USA" } },
    "a sender with more": { from: { ...FROM, email: "ada@example.com" } },
  };
  for (const [name, parcel] of Object.entries(parcels)) bodies[`parcel: ${name}`] = { parcel };
  for (const [name, fields] of Object.entries(bodies)) {
    await assertRefused(stack, INVALID, name, () => requestLabel(stack, seller, order.id, fields));
    await assertRefused(
      stack,
      INVALID,
      `rates: ${name}`,
      () => requestRates(stack, seller, order.id, fields),
    );
  }
  const labels: Record<string, Record<string, unknown>> = {
    "a rate and a service": { rate_id: crypto.randomUUID() },
    "neither rate nor service": { service: undefined },
    "a rate that is none": { service: undefined, rate_id: "cheapest" },
    "an unknown provider": { provider: "pigeon" },
    "an unknown format": { label_format: "EPL2" },
    "an endless service": { service: "s".repeat(101) },
  };
  for (const [name, fields] of Object.entries(labels)) {
    await assertRefused(stack, INVALID, name, () => requestLabel(stack, seller, order.id, fields));
  }
  const endless = JSON.stringify({ order_id: order.id, parcel: PARCEL, service: "cheapest" })
    .replace('"length":9', '"length":1e400');
  const raw: [name: string, body: string, refusal: readonly [number, string]][] = [
    ["1e400", endless, INVALID],
    ["no JSON", "{order_id:", [400, "invalid_json"]],
    ["nothing", "", INVALID],
    ["a list", "[]", INVALID],
    ["null", "null", INVALID],
    ["more than 64 KiB", `{"x":"${"x".repeat(64 * 1024)}"}`, [413, "body_too_large"]],
  ];
  for (const [name, body, refusal] of raw) {
    for (const path of ["", "/rates"]) {
      const call = () => callShipments(stack, seller, path, { key: crypto.randomUUID(), body });
      await assertRefused(stack, refusal, `${path} ${name}`, call);
    }
  }
  const detail =
    (await requestLabel(stack, seller, order.id, { parcel: { ...PARCEL, weight: -77 } })).body
      .detail;
  assert.match(detail, /parcel\.weight/);
  assert.doesNotMatch(detail, /77/);
  // All that was wrong was what was said to be.
  assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
  await settledEvents(stack);
});

test("what is another seller's, or of another order, is not there; keys and methods are checked", async (stack) => {
  const { seller, order } = await openShop(stack);
  const stranger = await connectSeller(stack);
  const theirs = await receiveOrder(stack, stranger);
  const { body: { id: theirShipment } } = await requestLabel(stack, stranger, theirs.id);
  const theirNext = await receiveOrder(stack, stranger);
  const theirRate = (await requestRates(stack, stranger, theirNext.id)).body.rates[0].rate_id;
  const second = await receiveOrder(stack, seller);
  const secondRate = (await requestRates(stack, seller, second.id)).body.rates[0].rate_id;
  const { body: { rates: [rate] } } = await requestRates(stack, seller, order.id);
  await settledEvents(stack);

  const NO_ORDER = [404, "order_not_found"] as const;
  for (const [name, id] of [["another's", theirs.id], ["unknown", crypto.randomUUID()]] as const) {
    await assertRefused(stack, NO_ORDER, `${name} order`, () => requestLabel(stack, seller, id));
    await assertRefused(stack, NO_ORDER, `${name} order`, () => requestRates(stack, seller, id));
  }
  for (const id of [theirShipment, crypto.randomUUID(), "no-uuid"]) {
    for (
      const [method, path] of [
        ["GET", `/${id}`],
        ["GET", `/${id}/label`],
        ["POST", `/${id}/void`],
      ] as const
    ) {
      await assertRefused(
        stack,
        [404, "shipment_not_found"],
        `${method} ${path}`,
        () => callShipments(stack, seller, path, { method }),
      );
    }
  }

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
    ["GET", `/${theirShipment}`],
    ["GET", `/${theirShipment}/label`],
    ["POST", `/${theirShipment}/void`],
  ] as const;
  for (const [authorization, code] of tokens) {
    for (const [method, path] of routes) {
      const body = { order_id: order.id, parcel: PARCEL, service: "cheapest", from: FROM };
      const options = {
        ...{ method, key: "k", headers: { authorization } },
        ...(method === "POST" && { body }),
      };
      const call = () => callShipments(stack, seller, path, options);
      const { headers } = await assertRefused(stack, [401, code], `${method} ${path}`, call);
      assert.equal(headers.get("www-authenticate"), "Bearer");
    }
  }

  const refusals: [string, Record<string, unknown>][] = [
    ["line_items_unknown", { line_item_ids: lineItemIdsOf(stack, theirs.tiktokId) }],
    ["rate_not_found", { service: undefined, rate_id: theirRate }],
    ["rate_not_found", { service: undefined, rate_id: secondRate }],
    ["rate_not_found", { service: undefined, rate_id: crypto.randomUUID() }],
    ["rate_of_another_parcel", {
      ...{ service: undefined, rate_id: rate.rate_id },
      parcel: { ...PARCEL, weight: "1.3" },
    }],
    ["rate_of_another_provider", {
      ...{ service: undefined, rate_id: rate.rate_id },
      provider: "tiktok_shipping",
    }],
  ];
  for (const [code, label] of refusals) {
    await assertRefused(
      stack,
      [422, code],
      code,
      () => requestLabel(stack, seller, order.id, label),
    );
  }
  const unknown = { line_item_ids: ["1"] };
  await assertRefused(
    stack,
    [422, "line_items_unknown"],
    "rates",
    () => requestRates(stack, seller, order.id, unknown),
  );
  await stack.sql`update private.label_rates set expires_at = now() - interval '1 second'`;
  const old = { service: undefined, rate_id: rate.rate_id };
  await assertRefused(
    stack,
    [422, "rate_expired"],
    "old rate",
    () => requestLabel(stack, seller, order.id, old),
  );

  for (
    const [code, key] of [
      ["idempotency_key_required", ""],
      ["idempotency_key_required", "   "],
      ["invalid_idempotency_key", "k".repeat(256)],
      ["invalid_idempotency_key", "clé"],
      ["invalid_idempotency_key", "two words"],
      ["invalid_idempotency_key", `batch:${crypto.randomUUID()}:1`],
    ] as const
  ) {
    await assertRefused(
      stack,
      [400, code],
      key,
      () => requestLabel(stack, seller, order.id, { key }),
    );
  }
  const methods: [method: string, path: string, allowed: string][] = [
    ...["PUT", "DELETE"].map((m): [string, string, string] => [m, "", "GET, POST"]),
    ["GET", "/rates", "POST"],
    ["GET", "/batch", "POST"],
    ["DELETE", `/batch/${crypto.randomUUID()}`, "GET"],
    ...["POST", "PATCH", "DELETE"].map((m): [string, string, string] => [m, `/${order.id}`, "GET"]),
    ["POST", `/${order.id}/label`, "GET"],
    ["GET", `/${order.id}/void`, "POST"],
  ];
  for (const [method, path, allowed] of methods) {
    const call = () => callShipments(stack, seller, path, { method });
    const answer = await assertRefused(
      stack,
      [405, "method_not_allowed"],
      `${method} ${path}`,
      call,
    );
    assert.equal(answer.headers.get("allow"), allowed);
  }

  const key = "k".repeat(255);
  assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 201);
  await settledEvents(stack);
  const REUSED = [409, "idempotency_key_reused"] as const;
  await assertRefused(
    stack,
    REUSED,
    "another parcel",
    () => requestLabel(stack, seller, order.id, { key, parcel: { ...PARCEL, weight: 2 } }),
  );
  await assertRefused(
    stack,
    REUSED,
    "another order",
    () => requestLabel(stack, seller, second.id, { key }),
  );
  const bought = labelsBought(stack);
  const answers = await Promise.all(
    [second, await receiveOrder(stack, seller)].map(({ id }) =>
      requestLabel(stack, seller, id, { key: "same" })
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 409]);
  assert.equal(labelsBought(stack).easypost, bought.easypost + 1);
  // The key is the seller's own.
  assert.equal((await requestLabel(stack, stranger, theirNext.id, { key })).status, 201);
  await settledEvents(stack);
});
