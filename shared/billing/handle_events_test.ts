import assert from "node:assert/strict";
import {
  ADA,
  type Answer,
  type Asked,
  BOB,
  CONFIG,
  keys,
  makeDatabase,
  makeSubscription,
  missing,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import type { EventResult } from "../inbox/process_events.ts";
import type { ClaimedEvent } from "../inbox/inbox.ts";
import { createStripeEventHandler } from "./handle_events.ts";
import { hashesOf, sealId } from "./encrypted_ids.ts";

const OURS = await hashesOf(keys, "stripe_customers.stripe_customer_id", "cus_1");

function claimed(event: object | string, event_id = 7): ClaimedEvent {
  const body = typeof event === "string"
    ? event
    : JSON.stringify({ id: "evt_1", livemode: false, ...event });
  return {
    event_id,
    attempt: 1,
    source: "stripe",
    event_type: "as received",
    shop_id: null,
    object_id: null,
    body,
    shop: null,
  };
}

interface World {
  stripe?: Answer;
  secretKey?: string;
  /** Of the customer, by Stripe's id. */
  subscriptions?: string[];
  /** Of each application of a state, in turn; "applied" in the end. */
  outcomes?: { outcome: string; released: number }[];
}

/** What became of an event; what Stripe and the database were asked. */
async function work(event: object | string, world: World = {}) {
  const { subscriptions = [], outcomes = [] } = world;
  const stripe = world.stripe ??
    (({ path }: Asked) => makeSubscription({ id: path.split("/").at(-1) }));
  const { database, calls } = makeDatabase({
    find_stripe_customer: ({ p_hashes }: { p_hashes: string[] }) =>
      p_hashes.some((hash) => OURS.includes(hash)) ? { user_id: ADA, version: 1 } : null,
    apply_subscription: () => outcomes.shift() ?? { outcome: "applied", released: 0 },
    list_stripe_subscriptions: async ({ p_customer_hashes }: { p_customer_hashes: string[] }) => {
      if (!p_customer_hashes.some((hash) => OURS.includes(hash))) return [];
      const sealed = subscriptions.map((id) =>
        sealId(keys, "subscriptions.stripe_subscription_id", id)
      );
      return (await Promise.all(sealed)).map(({ text }) => text);
    },
    record_dispute: () => ({ outcome: "recorded" }),
  });
  let results: EventResult[] = [];
  let paths: string[] = [];
  await withStripe(stripe, async (client, asked) => {
    const config = { ...CONFIG, secretKey: world.secretKey ?? CONFIG.secretKey };
    const handler = createStripeEventHandler({ database, keys, stripe: client, config });
    results = await handler.work([claimed(event)]);
    paths = asked.map(({ method, path }) => `${method} ${path}`);
  });
  assert.equal(results.length, 1);
  const applied = calls.filter(([name]) => name === "apply_subscription").map(([, args]) => args);
  return { result: results[0] as EventResult, paths, calls, applied };
}

const data = (object: object) => ({ data: { object } });

const APPLIED = { outcome: "subscription applied", more: false };

/** Every type that is acted on by reading a subscription, with how it names that. */
const SUBSCRIPTION_EVENTS: [type: string, object: object][] = [
  ...["created", "updated", "deleted", "paused", "resumed", "trial_will_end"].map((
    what,
  ): [string, object] => [`customer.subscription.${what}`, { id: "sub_1", customer: "cus_1" }]),
  ...["paid", "payment_failed"].map((what): [string, object] => [`invoice.${what}`, {
    id: "in_1",
    customer: "cus_1",
    parent: { subscription_details: { subscription: "sub_1" } },
  }]),
  ["checkout.session.completed", {
    id: "cs_1",
    customer: "cus_1",
    subscription: "sub_1",
    client_reference_id: ADA,
  }],
];

Deno.test("every event about a subscription makes it read at Stripe, whatever the event says of it", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const lie = { ...object, status: "canceled", items: { data: [] } };
    const { result, paths, applied } = await work({ type, ...data(lie) });
    assert.deepEqual(result, APPLIED, type);
    assert.deepEqual(paths, ["GET /v1/subscriptions/sub_1"]);
    assert.equal(applied.length, 1);
    assert.equal(applied[0].p_event_id, 7);
    assert.equal(applied[0].p_subscription.status, "active");
  }
});

Deno.test("orders that were released are more to do", async () => {
  const [type, object] = SUBSCRIPTION_EVENTS[0] as [string, object];
  for (const [outcome, released, more] of [["applied", 2, true], ["unchanged", 0, false]]) {
    const { result } = await work({ type, ...data(object) }, {
      outcomes: [{ outcome: outcome as string, released: released as number }],
    });
    assert.deepEqual(result, { outcome: `subscription ${outcome}`, more });
  }
});

Deno.test("an event that the subscription's reading ignores is ignored", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const { result, applied } = await work({ type, ...data(object) }, { stripe: missing });
    assert.deepEqual([(result as { ignored: string }).ignored, applied], [
      "Stripe does not know the subscription",
      [],
    ]);
  }
});

Deno.test("an event without a subscription is ignored", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const without = { ...object, id: null, subscription: null, parent: null };
    const { result, paths } = await work({ type, ...data(without) });
    assert.deepEqual(result, { ignored: `${type} is about no subscription` });
    assert.deepEqual(paths, []);
  }
});

Deno.test("types that nobody acts on are ignored, with the type", async () => {
  for (
    const type of [
      ...["invoice.created", "customer.updated", "customer.subscription.pending_update_applied"],
      ...["checkout.session.expired", "v1.billing.meter.error_report_triggered", "toString"],
    ]
  ) {
    const { result, paths, calls } = await work({
      type,
      ...data({ id: "sub_1", customer: "cus_1" }),
    });
    assert.deepEqual(result, { ignored: `${type} asks for nothing` });
    assert.deepEqual([paths, calls], [[], []]);
  }
});

Deno.test("test events with a live key, and live events with a test key, are ignored", async () => {
  const [type, object] = SUBSCRIPTION_EVENTS[0] as [string, object];
  const ofLive = { ignored: "it is live, and our key is not" };
  const ofTest = { ignored: "it is a test, and our key is not" };
  const cases: [secretKey: string, livemode: boolean | null | undefined, EventResult][] = [
    ["sk_test_x", false, APPLIED],
    ["rk_test_x", false, APPLIED],
    ["sk_live_x", true, APPLIED],
    ["rk_live_x", true, APPLIED],
    ["sk_test_x", true, ofLive],
    ["rk_test_live_", true, ofLive],
    ["sk_live_x", false, ofTest],
    ["rk_live_x", false, ofTest],
    ["sk_live_x", null, APPLIED],
    ["sk_test_x", undefined, APPLIED],
  ];
  for (const [secretKey, livemode, expected] of cases) {
    const { result, paths } = await work({ type, livemode, ...data(object) }, { secretKey });
    assert.deepEqual(result, expected, `${secretKey} ${livemode}`);
    assert.equal(paths.length, expected === APPLIED ? 1 : 0);
  }
});

Deno.test("events of connected accounts are ignored", async () => {
  const others: [string, object][] = [["customer.deleted", { id: "cus_1" }], [
    "charge.dispute.created",
    { id: "dp_1", charge: "ch_1" },
  ]];
  for (const [type, object] of [...SUBSCRIPTION_EVENTS, ...others]) {
    const { result, paths, calls } = await work({ type, account: "acct_1", ...data(object) });
    assert.deepEqual(result, { ignored: "it happened in another account" });
    assert.deepEqual([paths, calls], [[], []]);
  }
});

Deno.test("each event is worked by itself, and what is no event is put back", async () => {
  const dependencies = { ...makeDatabase({}), keys, config: CONFIG };
  // deno-lint-ignore no-explicit-any
  const handler = createStripeEventHandler(dependencies as any);
  assert.notEqual(handler.groupOf(claimed({}, 1)), handler.groupOf(claimed({}, 2)));
  await assert.rejects(handler.work([claimed("no JSON")]), /not JSON/);
});

Deno.test("a checkout counts for the user whose customer it is, if it names that user", async () => {
  const session = { id: "cs_1", customer: "cus_1", subscription: "sub_1" };
  const type = "checkout.session.completed";
  for (const client_reference_id of [BOB, null, undefined, "", 5]) {
    const { result, paths } = await work({ type, ...data({ ...session, client_reference_id }) });
    assert.deepEqual(result, { ignored: "the session names another user than its customer's" });
    assert.deepEqual(paths, []);
  }
  for (const customer of ["cus_2", null, undefined]) {
    const foreign = { ...session, customer, client_reference_id: ADA };
    const { result, paths } = await work({ type, ...data(foreign) });
    assert.deepEqual(result, { ignored: "the customer is nobody's here" });
    assert.deepEqual(paths, []);
  }
});

Deno.test("with a deleted customer every subscription is read; the last one settles the event", async () => {
  const event = { type: "customer.deleted", ...data({ id: "cus_1", deleted: true }) };
  const { result, paths, applied } = await work(event, {
    subscriptions: ["sub_1", "sub_2", "sub_3"],
  });
  assert.deepEqual(result, { outcome: "subscription applied" });
  assert.deepEqual(paths, [1, 2, 3].map((n) => `GET /v1/subscriptions/sub_${n}`));
  assert.deepEqual(applied.map(({ p_event_id }) => p_event_id), [null, null, 7]);

  const none = { ignored: "the customer has no subscription here" };
  assert.deepEqual((await work(event)).result, none);
  for (const object of [{ id: "cus_2" }, {}, { id: 5 }]) {
    const foreign = await work({ type: event.type, ...data(object) }, { subscriptions: ["sub_1"] });
    assert.deepEqual(foreign.result, none);
  }

  const last = await work(event, {
    subscriptions: ["sub_1", "sub_2"],
    stripe: ({ path }) => path.endsWith("sub_2") ? missing() : makeSubscription(),
  });
  assert.equal(
    (last.result as { ignored: string }).ignored,
    "Stripe does not know the subscription",
  );
  assert.equal(last.applied.length, 1);
});

Deno.test("a dispute is noted with what is no secret of it, for whose customer it is", async () => {
  const dispute = {
    id: "dp_1",
    charge: "ch_1",
    amount: 1999,
    currency: "usd",
    reason: "fraudulent",
    evidence: { customer_name: "s3cret", customer_email_address: "s3cret@example.com" },
  };
  const type = "charge.dispute.created";
  const stripe = () => ({ id: "ch_1", customer: "cus_1" });
  for (const charge of ["ch_1", { id: "ch_1", object: "charge", customer: "cus_2" }]) {
    const { result, paths, calls } = await work({ type, ...data({ ...dispute, charge }) }, {
      stripe,
    });
    assert.equal((result as { outcome: string }).outcome, "recorded");
    assert.deepEqual(paths, ["GET /v1/charges/ch_1"]);
    assert.deepEqual(calls, [["record_dispute", {
      p_event_id: 7,
      p_customer_hashes: OURS,
      p_dispute: {
        stripe_event_id: "evt_1",
        reason: "fraudulent",
        amount: 1999,
        currency: "usd",
      },
    }]]);
  }
  const expanded = await work({ type, ...data(dispute) }, {
    stripe: () => ({ id: "ch_1", customer: { id: "cus_1", object: "customer" } }),
  });
  assert.deepEqual(expanded.calls[0]?.[1].p_customer_hashes, OURS);
  const nobodys = await work({
    type,
    ...data({ charge: "ch_1", amount: "much", reason: [], currency: null }),
  }, {
    stripe: () => ({ id: "ch_1", customer: null }),
  });
  const { p_customer_hashes, p_dispute } = nobodys.calls[0]?.[1];
  assert.ok(!p_customer_hashes.some((hash: string) => OURS.includes(hash)));
  assert.deepEqual(p_dispute, {
    stripe_event_id: "evt_1",
    reason: null,
    amount: null,
    currency: null,
  });
});

Deno.test("a dispute without a charge that Stripe has is ignored", async () => {
  const type = "charge.dispute.created";
  for (const charge of [null, undefined, 5, {}]) {
    const { result, paths } = await work({ type, ...data({ id: "dp_1", charge }) });
    assert.deepEqual(result, { ignored: "the dispute names no charge" });
    assert.deepEqual(paths, []);
  }
  const unknown = await work({ type, ...data({ charge: "ch_1" }) }, { stripe: missing });
  assert.deepEqual(unknown.result, { ignored: "Stripe does not know the charge" });
  const refused = () =>
    Response.json({ error: { type: "invalid_request_error" } }, { status: 403 });
  await assert.rejects(work({ type, ...data({ charge: "ch_1" }) }, { stripe: refused }), {
    name: "BillingError",
  });
});
