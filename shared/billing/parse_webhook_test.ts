import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidWebhookError } from "../inbox/new_event.ts";
import { parseStripeEvent, readStripeIds } from "./parse_webhook.ts";

function withoutDigest(text: string) {
  const { contentDigest: _, ...event } = parseStripeEvent(text);
  return event;
}

Deno.test("deliveries of one Stripe event have one content digest", () => {
  const digest = (fields: object) =>
    parseStripeEvent(JSON.stringify({ id: "evt_1", type: "x", ...fields })).contentDigest;
  assert.equal(digest({ pending_webhooks: 1 }), digest({ pending_webhooks: 0 }));
  assert.notEqual(digest({ created: 1 }), digest({ created: 2 }));
});

Deno.test("parseStripeEvent() refuses a body that is not JSON, or has no id and type", () => {
  const ID = '"id":"evt_1"';
  const bodies = [
    "no JSON",
    "{",
    `{"id":"evt_1","type":"invoice.paid","data":${"[".repeat(4000)}${"]".repeat(4000)}}`,
    "\ufeff{}",
    "null",
    "1",
    '"evt_1"',
    "[]",
    "{}",
    `{${ID}}`,
    '{"type":"invoice.paid"}',
    `{${ID},"type":""}`,
    `{${ID},"type":5}`,
    `{${ID},"type":"invoice paid"}`,
    `{${ID},"type":"${"x".repeat(256)}"}`,
    '{"id":"","type":"invoice.paid"}',
    '{"id":5,"type":"invoice.paid"}',
    '{"id":"evt 1","type":"invoice.paid"}',
    '{"id":"evt_1\\n","type":"invoice.paid"}',
    `{"id":"${"e".repeat(256)}","type":"invoice.paid"}`,
    `{${ID},"type":"invoice.paid","livemode":"no"}`,
    `{${ID},"type":"invoice.paid","account":5}`,
  ];
  for (const body of bodies) {
    assert.throws(() => parseStripeEvent(body), (error) => {
      assert.ok(error instanceof InvalidWebhookError, body);
      assert.match(error.message, /^The body is not (JSON|an event with id and type)\.$/);
      return true;
    }, body);
  }
});

Deno.test("parseStripeEvent() reads the fields that every event has", () => {
  const body = {
    id: "evt_1",
    object: "event",
    type: "invoice.paid",
    livemode: true,
    account: "acct_1",
    api_version: "2099-01-01.dahlia",
    data: { object: { id: "in_1", customer: "cus_1", new_member: [1] }, previous_attributes: {} },
  };
  const { id, type, livemode, account, data } = body;
  assert.deepEqual(withoutDigest(JSON.stringify(body)), {
    id,
    type,
    livemode,
    account,
    object: data.object,
  });
  const least = { id: "evt_1", type: "x", livemode: null, account: null, object: {} };
  for (
    const odd of [undefined, null, 5, "x", [], {}, { object: null }, { object: [] }, {
      object: { id: 5 },
    }]
  ) {
    const text = JSON.stringify({
      id: "evt_1",
      type: "x",
      livemode: null,
      account: null,
      data: odd,
    });
    assert.deepEqual(withoutDigest(text), least, text);
  }
  assert.deepEqual(withoutDigest('{"id":"evt_1","type":"x"}'), least);
  // The type of a thin event about a part of an account.
  const part = "v2.core.account[configuration.customer].capability_status_updated";
  assert.equal(parseStripeEvent(JSON.stringify({ id: "evt_1", type: part })).type, part);
});

Deno.test("parseStripeEvent() reads a thin event, which names no object", () => {
  const body = JSON.stringify({
    id: "evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0",
    object: "v2.core.event",
    type: "v1.billing.meter.error_report_triggered",
    livemode: false,
    created: "2026-11-01T00:00:00.000Z",
    related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
  });
  const event = parseStripeEvent(body);
  assert.deepEqual([event.type, event.object], ["v1.billing.meter.error_report_triggered", {}]);
  assert.deepEqual(readStripeIds(event), { customerId: null, subscriptionId: null });
});

const hintOf = (type: string, object: object) =>
  readStripeIds(parseStripeEvent(JSON.stringify({ id: "evt_1", type, data: { object } })));

const CUSTOMER = { id: "cus_1", object: "customer", deleted: true };
const SUBSCRIPTION = { id: "sub_1", object: "subscription" };
const BOTH = { customerId: "cus_1", subscriptionId: "sub_1" };
const CUSTOMER_ONLY = { customerId: "cus_1", subscriptionId: null };
const NEITHER = { customerId: null, subscriptionId: null };

Deno.test("readStripeIds() takes the id of a customer.subscription event", () => {
  for (const change of ["created", "updated", "deleted", "paused", "resumed", "trial_will_end"]) {
    const type = `customer.subscription.${change}`;
    assert.deepEqual(hintOf(type, { id: "sub_1", customer: "cus_1" }), BOTH, type);
    assert.deepEqual(hintOf(type, { id: "sub_1", customer: CUSTOMER }), BOTH, type);
    const odd = { id: "sub_1", customer: CUSTOMER, subscription: "sub_2" };
    assert.deepEqual(hintOf(type, odd), BOTH, type);
  }
});

Deno.test("readStripeIds() finds the subscription of an invoice of any API version", () => {
  const parent = (subscription: unknown) => ({
    type: "subscription_details",
    quote_details: null,
    subscription_details: { metadata: {}, subscription },
  });
  for (const type of ["invoice.paid", "invoice.payment_failed"]) {
    const id = "in_1";
    const shapes: object[] = [
      // Before API version 2025-03-31.basil.
      { id, customer: "cus_1", subscription: "sub_1" },
      { id, customer: CUSTOMER, subscription: SUBSCRIPTION },
      // Since that version.
      { id, customer: "cus_1", parent: parent("sub_1") },
      { id, customer: CUSTOMER, parent: parent(SUBSCRIPTION) },
      { id, customer: "cus_1", subscription: null, parent: parent("sub_1") },
      // The preview of the next invoice has no id.
      { customer: "cus_1", parent: parent("sub_1") },
    ];
    for (const shape of shapes) assert.deepEqual(hintOf(type, shape), BOTH, JSON.stringify(shape));
    const without: object[] = [
      { id, customer: "cus_1" },
      { id, customer: "cus_1", subscription: null, parent: null },
      { id, customer: "cus_1", parent: { type: "quote_details", subscription_details: null } },
      { id, customer: "cus_1", parent: parent(null) },
    ];
    for (const shape of without) assert.deepEqual(hintOf(type, shape), CUSTOMER_ONLY);
  }
});

Deno.test("readStripeIds() finds the subscription of a checkout session, and none in other objects", () => {
  const type = "checkout.session.completed";
  const id = "cs_1";
  assert.deepEqual(hintOf(type, { id, customer: "cus_1", subscription: "sub_1" }), BOTH);
  assert.deepEqual(hintOf(type, { id, customer: CUSTOMER, subscription: SUBSCRIPTION }), BOTH);
  assert.deepEqual(hintOf(type, { id, customer: CUSTOMER, subscription: null }), CUSTOMER_ONLY);
  assert.deepEqual(hintOf(type, { id, customer: null, subscription: null }), NEITHER);
  assert.deepEqual(hintOf("customer.deleted", { id: "cus_1" }), NEITHER);
  assert.deepEqual(hintOf("charge.dispute.created", { id: "dp_1", charge: "ch_1" }), NEITHER);
});

Deno.test("readStripeIds() treats odd fields as absent", () => {
  for (
    const odd of [5, "", true, [], ["sub_1"], {}, { id: 5 }, { id: "" }, "x".repeat(256), "sub_\0"]
  ) {
    const shape = { id: "in_1", customer: odd, subscription: odd };
    assert.deepEqual(hintOf("invoice.paid", shape), NEITHER, JSON.stringify(odd));
    const nested = { parent: { subscription_details: { subscription: odd } } };
    for (const parent of [odd, { subscription_details: odd }, nested.parent]) {
      assert.deepEqual(hintOf("invoice.paid", { parent }), NEITHER, JSON.stringify(parent));
    }
  }
  assert.deepEqual(hintOf("customer.subscription.updated", { id: "sub_\0" }), NEITHER);
  const longest = "s".repeat(255);
  assert.equal(hintOf("invoice.paid", { subscription: longest }).subscriptionId, longest);
  // An odd field leaves the other one.
  assert.deepEqual(hintOf("invoice.paid", { customer: 5, subscription: "sub_1" }), {
    customerId: null,
    subscriptionId: "sub_1",
  });
});

Deno.test("parseStripeEvent() reads a body or throws InvalidWebhookError, and readStripeIds() never throws", () => {
  const anything = fc.jsonValue();
  const object = fc.record({
    id: anything,
    customer: anything,
    subscription: anything,
    parent: fc.oneof(anything, fc.record({ subscription_details: anything })),
  }, { requiredKeys: [] });
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({
      id: fc.oneof(fc.constant("evt_1"), anything),
      type: fc.constantFrom("invoice.paid", "customer.subscription.updated", "x", 5),
      livemode: fc.constantFrom(true, null, 0),
      data: fc.oneof(anything, fc.record({ object })),
    }, { requiredKeys: ["id", "type"] }).map((event) => JSON.stringify(event)),
  );
  fc.assert(fc.property(body, (text) => {
    let event;
    try {
      event = parseStripeEvent(text);
    } catch (error) {
      assert.ok(error instanceof InvalidWebhookError);
      return;
    }
    for (const id of Object.values(readStripeIds(event))) {
      assert.ok(id === null || id.length > 0 && id.length < 256);
    }
  }));
});
