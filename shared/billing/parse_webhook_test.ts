import assert from "node:assert/strict";
import fc from "fast-check";
import Stripe from "stripe";
import {
  InvalidSignatureError,
  InvalidStripeEventError,
  parseStripeEvent,
  readHint,
  TOLERANCE_SECONDS,
  verifyStripeWebhook,
} from "./parse_webhook.ts";

const SECRET = "whsec_right";
const NOW = 1_790_000_000_000;
const BODY = '{"id":"evt_1","object":"event","type":"invoice.paid"}';

/** As Stripe's own package signs. */
const sign = (body: string, secret = SECRET, timestamp = NOW / 1000) =>
  Stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret, timestamp });

const verify = (header: string | null, body = BODY, secrets = [SECRET], now = NOW) =>
  verifyStripeWebhook(secrets, body, header, now);

async function assertRefused(verified: Promise<void>, why: string): Promise<void> {
  const error = await verified.then(() => undefined, (error) => error);
  assert.ok(error instanceof InvalidSignatureError, `${why}: ${error}`);
  assert.equal(error.message, "");
}

Deno.test("verifyStripeWebhook() accepts what one of the secrets has signed", async () => {
  const header = await sign(BODY);
  await verify(header);
  for (
    const secrets of [[SECRET, "whsec_b"], ["whsec_b", SECRET], ["whsec_b", "whsec_c", SECRET]]
  ) {
    await verify(header, BODY, secrets);
  }
  await assertRefused(verify(header, BODY, ["whsec_b"]), "another secret");
  await assertRefused(verify(header, BODY, ["whsec_b", "whsec_c"]), "other secrets");
  await assertRefused(verify(header, BODY, []), "no secret");
});

Deno.test("verifyStripeWebhook() accepts any of several signatures in the header", async () => {
  const [ours, other] = await Promise.all([sign(BODY), sign(BODY, "whsec_b")]);
  const signatureOf = (header: string) => /v1=\w+/.exec(header)?.[0] as string;
  await verify(`${other},${signatureOf(ours)}`);
  await verify(`${ours},${signatureOf(other)},v0=1234`);
  await assertRefused(verify(other), "only another secret's");
  await assertRefused(verify(ours.replace("v1=", "v0=")), "only of another scheme");
});

Deno.test("verifyStripeWebhook() refuses signatures that are older than five minutes", async () => {
  const header = await sign(BODY);
  assert.equal(TOLERANCE_SECONDS, 300);
  await verify(header, BODY, [SECRET], NOW + 300_999);
  await assertRefused(verify(header, BODY, [SECRET], NOW + 301_000), "too old");
  await assertRefused(verify(header, BODY, ["whsec_b", SECRET], NOW + 3_600_000), "much too old");
  // A clock of ours that is slow.
  await verify(header, BODY, [SECRET], NOW - 3_600_000);
  // Without a time of its own it takes the clock's.
  await verifyStripeWebhook(
    [SECRET],
    BODY,
    await sign(BODY, SECRET, Math.floor(Date.now() / 1000)),
  );
  await assertRefused(
    verifyStripeWebhook([SECRET], BODY, await sign(BODY, SECRET, 1_000_000)),
    "of 1970",
  );
});

Deno.test("verifyStripeWebhook() refuses a missing, spoiled or foreign header", async () => {
  const header = await sign(BODY);
  const [time, signature] = header.split(",") as [string, string];
  const spoiled = [
    null,
    "",
    " ",
    "garbage",
    "t=,v1=",
    "=,=",
    ",,,",
    time,
    signature,
    `t=soon,${signature}`,
    `t=${NOW / 1000 + 1},${signature}`,
    `${time},v1=`,
    `${time},v1=${"0".repeat(64)}`,
    `${time},v1=é✓`,
    `${time},${signature.slice(0, -1)}`,
    `${time},${signature}0`,
    `${time},${signature.toUpperCase()}`,
    `${time};${signature}`,
    header.repeat(2000).slice(1),
  ];
  for (const odd of spoiled) {
    await assertRefused(verify(odd), String(odd).slice(0, 60));
    await assertRefused(verify(odd, "no JSON"), String(odd).slice(0, 60));
  }
});

Deno.test("verifyStripeWebhook() refuses a body that is not the one that was signed, to the character", async () => {
  const header = await sign(BODY);
  const others = [
    "",
    `${BODY} `,
    ` ${BODY}`,
    `\ufeff${BODY}`,
    BODY.replace("evt_1", "evt_2"),
    BODY.replace(":", ": "),
    JSON.stringify(JSON.parse(BODY), null, 2),
    "no JSON",
  ];
  for (const body of others) await assertRefused(verify(header, body), JSON.stringify(body));
  await assertRefused(verify(await sign(""), ""), "an empty body, though signed");
});

Deno.test("verifyStripeWebhook() signs bytes: bodies beyond ASCII are what they are", async () => {
  for (const text of ["café ✓ 東京 😀", "\u0000", "\u2028", "é".normalize("NFD")]) {
    const body = JSON.stringify({ id: "evt_1", type: "invoice.paid", text });
    const header = await sign(body);
    await verify(header, body);
    await assertRefused(verify(header, body.replace("evt_1", "evt_é")), "changed");
  }
  const composed = '{"name":"é"}';
  await assertRefused(verify(await sign(composed), composed.normalize("NFD")), "another form");
});

Deno.test("a thin event is verified like any other, and read", async () => {
  const body = JSON.stringify({
    id: "evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0",
    object: "v2.core.event",
    type: "v1.billing.meter.error_report_triggered",
    livemode: false,
    created: "2026-11-01T00:00:00.000Z",
    related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
  });
  const header = await sign(body);
  await verify(header, body);
  await verify(header, body, ["whsec_b", SECRET]);
  await assertRefused(verify(header, body, ["whsec_b"]), "another secret");
  await assertRefused(verify(header, body, [SECRET], NOW + 301_000), "too old");
  const event = parseStripeEvent(body);
  assert.deepEqual([event.type, event.object], ["v1.billing.meter.error_report_triggered", {}]);
  assert.deepEqual(readHint(event), { customerId: null, subscriptionId: null });
});

Deno.test("whatever the package refuses a body for, one that is not signed is not accepted", async () => {
  const { constructEventAsync } = Stripe.webhooks;
  // As a later version could: before it has verified.
  Stripe.webhooks.constructEventAsync = () => Promise.reject(new Error("no event of mine"));
  try {
    await verify(await sign(BODY));
    await assert.rejects(verify(await sign(BODY, "whsec_b")));
    await assert.rejects(verify(await sign(BODY), BODY, [SECRET], NOW + 301_000));
  } finally {
    Stripe.webhooks.constructEventAsync = constructEventAsync;
  }
});

Deno.test("what is signed and no JSON, or no event, is no forgery and no event", async () => {
  const ID = '"id":"evt_1"';
  const bodies = [
    "no JSON",
    "{",
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
    await verify(await sign(body), body);
    assert.throws(() => parseStripeEvent(body), (error) => {
      assert.ok(error instanceof InvalidStripeEventError, body);
      assert.match(error.message, /^The body is not (JSON|an event with id and type)\.$/);
      return true;
    }, body);
  }
});

Deno.test("parseStripeEvent() reads what every event has", () => {
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
  assert.deepEqual(parseStripeEvent(JSON.stringify(body)), {
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
    assert.deepEqual(parseStripeEvent(text), least, text);
  }
  assert.deepEqual(parseStripeEvent('{"id":"evt_1","type":"x"}'), least);
  // Of thin events about parts of an account.
  const part = "v2.core.account[configuration.customer].capability_status_updated";
  assert.equal(parseStripeEvent(JSON.stringify({ id: "evt_1", type: part })).type, part);
});

const hintOf = (type: string, object: object) =>
  readHint(parseStripeEvent(JSON.stringify({ id: "evt_1", type, data: { object } })));

Deno.test("readHint() finds customer and subscription in every event that is acted on, of any API version", () => {
  const both = { customerId: "cus_1", subscriptionId: "sub_1" };
  const customerOnly = { customerId: "cus_1", subscriptionId: null };
  const subscription = { id: "sub_1", object: "subscription" };
  const customer = { id: "cus_1", object: "customer", deleted: true };
  const parent = (subscription: unknown) => ({
    type: "subscription_details",
    quote_details: null,
    subscription_details: { metadata: {}, subscription },
  });
  for (const what of ["created", "updated", "deleted", "paused", "resumed", "trial_will_end"]) {
    const type = `customer.subscription.${what}`;
    assert.deepEqual(hintOf(type, { id: "sub_1", customer: "cus_1" }), both, type);
    assert.deepEqual(hintOf(type, { id: "sub_1", customer }), both, type);
    // What it was before is none of it.
    assert.deepEqual(hintOf(type, { id: "sub_1", customer, subscription: "sub_2" }), both, type);
  }
  for (const type of ["invoice.paid", "invoice.payment_failed"]) {
    const id = "in_1";
    const shapes: object[] = [
      // Before 2025-03-31.basil.
      { id, customer: "cus_1", subscription: "sub_1" },
      { id, customer, subscription },
      // Since then.
      { id, customer: "cus_1", parent: parent("sub_1") },
      { id, customer, parent: parent(subscription) },
      { id, customer: "cus_1", subscription: null, parent: parent("sub_1") },
      // Of the next invoice.
      { customer: "cus_1", parent: parent("sub_1") },
    ];
    for (const shape of shapes) assert.deepEqual(hintOf(type, shape), both, JSON.stringify(shape));
    const without: object[] = [
      { id, customer: "cus_1" },
      { id, customer: "cus_1", subscription: null, parent: null },
      { id, customer: "cus_1", parent: { type: "quote_details", subscription_details: null } },
      { id, customer: "cus_1", parent: parent(null) },
    ];
    for (const shape of without) assert.deepEqual(hintOf(type, shape), customerOnly);
  }
  const session = "checkout.session.completed";
  assert.deepEqual(hintOf(session, { id: "cs_1", customer: "cus_1", subscription: "sub_1" }), both);
  assert.deepEqual(hintOf(session, { id: "cs_1", customer, subscription }), both);
  assert.deepEqual(hintOf(session, { id: "cs_1", customer, subscription: null }), customerOnly);
  const neither = { customerId: null, subscriptionId: null };
  assert.deepEqual(hintOf(session, { id: "cs_1", customer: null, subscription: null }), neither);
  assert.deepEqual(hintOf("customer.deleted", { id: "cus_1" }), neither);
  assert.deepEqual(hintOf("charge.dispute.created", { id: "dp_1", charge: "ch_1" }), neither);
});

Deno.test("readHint() takes odd members for absent", () => {
  const neither = { customerId: null, subscriptionId: null };
  for (const odd of [5, "", true, [], ["sub_1"], {}, { id: 5 }, { id: "" }, "x".repeat(256)]) {
    const shape = { id: "in_1", customer: odd, subscription: odd };
    assert.deepEqual(hintOf("invoice.paid", shape), neither, JSON.stringify(odd));
    const nested = { parent: { subscription_details: { subscription: odd } } };
    for (const parent of [odd, { subscription_details: odd }, nested.parent]) {
      assert.deepEqual(hintOf("invoice.paid", { parent }), neither, JSON.stringify(parent));
    }
  }
  const longest = "s".repeat(255);
  assert.equal(hintOf("invoice.paid", { subscription: longest }).subscriptionId, longest);
  // One that is odd leaves the other.
  assert.deepEqual(hintOf("invoice.paid", { customer: 5, subscription: "sub_1" }), {
    customerId: null,
    subscriptionId: "sub_1",
  });
});

Deno.test("parseStripeEvent() either reads a body or throws InvalidStripeEventError, and readHint() never throws", () => {
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
      assert.ok(error instanceof InvalidStripeEventError);
      return;
    }
    for (const id of Object.values(readHint(event))) {
      assert.ok(id === null || id.length > 0 && id.length < 256);
    }
  }));
});
