import assert from "node:assert/strict";
import {
  ADA,
  BOB,
  KEYS,
  keys,
  makeDatabase,
  makeSubscription,
  missing,
  type StripeAnswer,
  type StripeRequest,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import type { DatabaseClient } from "../database/client.ts";
import { createEventRoutes } from "../event_routes.ts";
import type { ClaimedEvent, EventHandler, EventResult } from "../inbox/events.ts";
import { encryptId, idHashes } from "./encrypted_ids.ts";

const HASHES = idHashes(keys, "stripe_customers.stripe_customer_id", "cus_1");

function claimedEvent(event: object | string, event_id = 7): ClaimedEvent {
  const body = typeof event === "string"
    ? event
    : JSON.stringify({ id: "evt_1", livemode: false, ...event });
  return {
    event_id,
    claim: 1,
    claimed_at: "2026-11-01T00:00:00Z",
    attempt: 1,
    failing: false,
    source: "stripe",
    event_type: "as received",
    shop_id: null,
    object_id: null,
    body,
    shop: null,
    request_id: null,
    traceparent: null,
  };
}

/** The handlers of Stripe events, by type. */
function handlersOf(
  database: DatabaseClient,
  variables: Record<string, string> = {},
): Record<string, EventHandler> {
  return createEventRoutes(database, "", (name) => variables[name]).stripe ?? {};
}

const VARIABLES = {
  ENCRYPTION_KEYS: KEYS,
  STRIPE_SECRET_KEY: "sk_test_s3cret",
  STRIPE_PRICE_STARTER: "price_starter",
  STRIPE_PRICE_GROWTH: "price_growth",
  STRIPE_PRICE_SCALE: "price_scale",
};

const noDatabase = makeDatabase({}).database;

interface World {
  stripe?: StripeAnswer;
  secretKey?: string;
  /** Stripe ids of the customer's stored subscriptions. */
  subscriptions?: string[];
  /** The results of apply_subscriptions, in their order; "applied" after the last. */
  outcomes?: { outcome: string; released: number }[];
}

interface StripeEventBody {
  type: string;
  [field: string]: unknown;
}

/** Handles an event. Returns its result, and the calls of Stripe and of the database. */
async function handleEvent(event: StripeEventBody, world: World = {}) {
  const { results, ...rest } = await handleEvents([event], world);
  assert.equal(results.length, 1);
  return { result: results[0] as EventResult, ...rest };
}

/** Handles events of one group, numbered from 7. */
async function handleEvents(events: StripeEventBody[], world: World = {}) {
  const { subscriptions = [], outcomes = [] } = world;
  const stripe = world.stripe ??
    (({ path }: StripeRequest) => makeSubscription({ id: path.split("/").at(-1) }));
  const { database, calls } = makeDatabase({
    find_stripe_customers: ({ p_hashes }: { p_hashes: string[] }) =>
      p_hashes.filter((hash) => hash === HASHES[0])
        .map((hash) => ({ hash, user_id: ADA, version: 1, deletion_requested: false })),
    apply_subscriptions: ({ p_items }: { p_items: unknown[] }) =>
      p_items.map(() => outcomes.shift() ?? { outcome: "applied", released: 0 }),
    list_stripe_subscriptions: async ({ p_customer_hashes }: { p_customer_hashes: string[] }) => {
      if (!p_customer_hashes.some((hash) => HASHES.includes(hash))) return [];
      return await Promise.all(
        subscriptions.map(async (id) =>
          id === "unreadable"
            ? `v1.otherkey.${"A".repeat(16)}.${"A".repeat(32)}`
            : (await encryptId(keys, "subscriptions.stripe_subscription_id", id)).text
        ),
      );
    },
    record_dispute: () => ({ outcome: "recorded" }),
  });
  let results: EventResult[] = [];
  let paths: string[] = [];
  await withStripe(stripe, async (_, requests, apiUrl) => {
    const handlers = handlersOf(database, {
      ...VARIABLES,
      STRIPE_API_URL: apiUrl,
      STRIPE_SECRET_KEY: world.secretKey ?? "sk_test_s3cret",
    });
    const [{ type }] = events as [StripeEventBody];
    const claimed = events.map((event, n) => claimedEvent(event, 7 + n));
    results = await (handlers[type] as EventHandler).handle(claimed);
    paths = requests.map(({ method, path }) => `${method} ${path}`);
  });
  const applied = calls.filter(([name]) => name === "apply_subscriptions")
    .flatMap(([, { p_items }]) => p_items);
  return { results, paths, calls, applied };
}

const data = (object: object) => ({ data: { object } });

const APPLIED = { outcome: "subscription_applied", more: false };

const CHECKOUT = {
  ...{ id: "cs_1", customer: "cus_1", subscription: "sub_1", client_reference_id: ADA },
};

/** Every type that syncs the subscription that it names, with an object that names one. */
const SUBSCRIPTION_EVENTS: [type: string, object: object][] = [
  ...["created", "updated", "deleted", "paused", "resumed", "trial_will_end"].map((
    change,
  ): [string, object] => [`customer.subscription.${change}`, { id: "sub_1", customer: "cus_1" }]),
  ...["paid", "payment_failed"].map((change): [string, object] => [`invoice.${change}`, {
    id: "in_1",
    customer: "cus_1",
    parent: { subscription_details: { subscription: "sub_1" } },
  }]),
  ["checkout.session.completed", CHECKOUT],
];

const [TYPE, OBJECT] = SUBSCRIPTION_EVENTS[0] as [string, object];

Deno.test("handlers exist for these types of Stripe events, and for no others", () => {
  const types = SUBSCRIPTION_EVENTS.map(([type]) => type);
  assert.deepEqual(
    Object.keys(handlersOf(noDatabase)).toSorted(),
    [...types, "customer.deleted", "charge.dispute.created"].toSorted(),
  );
});

Deno.test("every event about a subscription reads it from Stripe, whatever the event says", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const lie = { ...object, status: "canceled", items: { data: [] } };
    const { result, paths, applied } = await handleEvent({ type, ...data(lie) });
    assert.deepEqual(result, APPLIED, type);
    assert.deepEqual(paths, ["GET /v1/subscriptions/sub_1"]);
    assert.equal(applied.length, 1);
    assert.deepEqual(applied[0].event_ids, [7]);
    assert.equal(applied[0].subscription.status, "active");
  }
});

Deno.test("released orders make the worker claim again", async () => {
  for (const [outcome, released, more] of [["applied", 2, true], ["unchanged", 0, false]]) {
    const { result } = await handleEvent({ type: TYPE, ...data(OBJECT) }, {
      outcomes: [{ outcome: outcome as string, released: released as number }],
    });
    assert.deepEqual(result, { outcome: `subscription_${outcome}`, more });
  }
});

Deno.test("an event about a subscription that Stripe does not know is ignored", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const { result, applied } = await handleEvent({ type, ...data(object) }, { stripe: missing });
    assert.deepEqual([result, applied], [{ ignored: "unknown_subscription" }, []]);
  }
});

Deno.test("an event that names no subscription is ignored", async () => {
  for (const [type, object] of SUBSCRIPTION_EVENTS) {
    const without = { ...object, id: null, subscription: null, parent: null };
    const { result, paths } = await handleEvent({ type, ...data(without) });
    assert.deepEqual(result, { ignored: "no_subscription_named" });
    assert.deepEqual(paths, []);
  }
});

Deno.test("test events with a live key, and live events with a test key, are ignored", async () => {
  const mismatch = { ignored: "mode_mismatch" } as const;
  const cases: [secretKey: string, livemode: boolean | null | undefined, EventResult][] = [
    ["sk_test_x", false, APPLIED],
    ["rk_test_x", false, APPLIED],
    ["sk_live_x", true, APPLIED],
    ["rk_live_x", true, APPLIED],
    ["sk_test_x", true, mismatch],
    ["rk_test_live_", true, mismatch],
    ["sk_live_x", false, mismatch],
    ["rk_live_x", false, mismatch],
    ["sk_live_x", null, APPLIED],
    ["sk_test_x", undefined, APPLIED],
  ];
  for (const [secretKey, livemode, expected] of cases) {
    const event = { type: TYPE, livemode, ...data(OBJECT) };
    const { result, paths } = await handleEvent(event, { secretKey });
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
    const event = { type, account: "acct_1", ...data(object) };
    const { result, paths, calls } = await handleEvent(event);
    assert.deepEqual(result, { ignored: "other_account" });
    assert.deepEqual([paths, calls], [[], []]);
  }
});

Deno.test("events about subscriptions are one group, each other event is alone, and a body that is not an event fails", async () => {
  const handlers = handlersOf(noDatabase, VARIABLES);
  for (const [type, handler] of Object.entries(handlers)) {
    const groups = await Promise.all([1, 2].map((id) => handler.groupOf(claimedEvent({}, id))));
    const isGrouped = SUBSCRIPTION_EVENTS.some(([grouped]) => grouped === type);
    assert.equal(groups[0] === groups[1], isGrouped, type);
    const [result] = await handler.handle([claimedEvent("no JSON")]).catch((error) => [{ error }]);
    assert.match(String((result as { error: unknown }).error), /not JSON/);
  }
});

Deno.test("the events of one subscription read it once and are settled together, in one call with those of others", async () => {
  const foreign = { id: "sub_1", customer: "cus_1", account: "acct_1" };
  const unpaid = { id: "in_1", customer: null, subscription: "sub_1" };
  const { results, paths, applied, calls } = await handleEvents([
    { type: "customer.subscription.created", ...data(OBJECT) },
    { type: "customer.subscription.updated", account: "acct_1", ...data(foreign) },
    { type: "customer.subscription.updated", ...data({ id: "sub_2", customer: "cus_1" }) },
    { type: "invoice.payment_failed", ...data(unpaid) },
    { type: "invoice.paid", ...data({ id: "in_2", customer: "cus_1" }) },
    { type: "checkout.session.completed", ...data({ ...CHECKOUT, client_reference_id: BOB }) },
    { type: "checkout.session.completed", ...data(CHECKOUT) },
  ]);
  assert.deepEqual(results, [
    APPLIED,
    { ignored: "other_account" },
    APPLIED,
    APPLIED,
    { ignored: "no_subscription_named" },
    { ignored: "user_mismatch" },
    APPLIED,
  ]);
  assert.deepEqual(paths.toSorted(), [
    "GET /v1/subscriptions/sub_1",
    "GET /v1/subscriptions/sub_2",
  ]);
  assert.deepEqual(applied.map(({ event_ids }) => event_ids), [[7, 10, 13], [9]]);
  const names = calls.map(([name]) => name);
  assert.deepEqual(names, [
    "find_stripe_customers",
    "find_stripe_customers",
    "apply_subscriptions",
  ]);
});

Deno.test("a checkout counts for the user of its customer, if the session names that user", async () => {
  const session = { id: "cs_1", customer: "cus_1", subscription: "sub_1" };
  const type = "checkout.session.completed";
  for (const client_reference_id of [BOB, null, undefined, "", 5]) {
    const { result, paths } = await handleEvent({
      type,
      ...data({ ...session, client_reference_id }),
    });
    assert.deepEqual(result, { ignored: "user_mismatch" });
    assert.deepEqual(paths, []);
  }
  for (const customer of ["cus_2", null, undefined]) {
    const foreign = { ...session, customer, client_reference_id: ADA };
    const { result, paths } = await handleEvent({ type, ...data(foreign) });
    assert.deepEqual(result, { ignored: "unknown_customer" });
    assert.deepEqual(paths, []);
  }
});

Deno.test("a deleted customer: every subscription is read, and the last one settles the event", async () => {
  const event = { type: "customer.deleted", ...data({ id: "cus_1", deleted: true }) };
  const { result, paths, applied } = await handleEvent(event, {
    subscriptions: ["sub_1", "sub_2", "sub_3"],
  });
  assert.deepEqual(result, { outcome: "subscription_applied" });
  assert.deepEqual(paths, [1, 2, 3].map((n) => `GET /v1/subscriptions/sub_${n}`));
  assert.deepEqual(applied.map(({ event_ids }) => event_ids), [[], [], [7]]);

  const last = await handleEvent(event, {
    subscriptions: ["sub_1", "sub_2"],
    stripe: ({ path }) => path.endsWith("sub_2") ? missing() : makeSubscription(),
  });
  assert.deepEqual(last.result, { ignored: "unknown_subscription" });
  assert.equal(last.applied.length, 1);
});

Deno.test("attack: a stored id that cannot be decrypted keeps the event of a deleted customer open, and stops no other", async () => {
  const event = { type: "customer.deleted", ...data({ id: "cus_1", deleted: true }) };
  const outcomes = Array(3).fill({ outcome: "applied", released: 0 });
  const subscriptions = ["sub_1", "unreadable", "sub_3"];
  await assert.rejects(handleEvent(event, { subscriptions, outcomes }), {
    name: "DecryptionError",
  });
  assert.equal(outcomes.length, 1, "the two others were not applied");
});

Deno.test("a deleted customer without stored subscriptions, or an unknown one, is ignored", async () => {
  const type = "customer.deleted";
  const none = { ignored: "no_subscription_named" };
  assert.deepEqual((await handleEvent({ type, ...data({ id: "cus_1" }) })).result, none);
  for (const object of [{ id: "cus_2" }, {}, { id: 5 }]) {
    const foreign = await handleEvent({ type, ...data(object) }, { subscriptions: ["sub_1"] });
    assert.deepEqual(foreign.result, none);
  }
});

const DISPUTE = {
  id: "dp_1",
  charge: "ch_1",
  amount: 1999,
  currency: "usd",
  reason: "fraudulent",
  evidence: { customer_name: "s3cret", customer_email_address: "s3cret@example.com" },
};

Deno.test("a dispute is recorded for the customer of its charge, without secrets", async () => {
  const type = "charge.dispute.created";
  const stripe = () => ({ id: "ch_1", customer: "cus_1" });
  for (const charge of ["ch_1", { id: "ch_1", object: "charge", customer: "cus_2" }]) {
    const event = { type, ...data({ ...DISPUTE, charge }) };
    const { result, paths, calls } = await handleEvent(event, { stripe });
    assert.equal((result as { outcome: string }).outcome, "recorded");
    assert.deepEqual(paths, ["GET /v1/charges/ch_1"]);
    const p_dispute = {
      stripe_event_id: "evt_1",
      reason: "fraudulent",
      amount: 1999,
      currency: "usd",
    };
    assert.deepEqual(calls, [["record_dispute", {
      p_event_id: 7,
      p_customer_hashes: HASHES,
      p_dispute,
    }]]);
  }
  const expanded = await handleEvent({ type, ...data(DISPUTE) }, {
    stripe: () => ({ id: "ch_1", customer: { id: "cus_1", object: "customer" } }),
  });
  assert.deepEqual(expanded.calls[0]?.[1].p_customer_hashes, HASHES);
});

Deno.test("a dispute with odd fields, of a charge without a customer, is recorded without them", async () => {
  const object = { charge: "ch_1", amount: "much", reason: [], currency: null };
  const { calls } = await handleEvent({ type: "charge.dispute.created", ...data(object) }, {
    stripe: () => ({ id: "ch_1", customer: null }),
  });
  const { p_customer_hashes, p_dispute } = calls[0]?.[1];
  assert.ok(!p_customer_hashes.some((hash: string) => HASHES.includes(hash)));
  assert.deepEqual(p_dispute, {
    stripe_event_id: "evt_1",
    reason: null,
    amount: null,
    currency: null,
  });
});

Deno.test("a dispute is ignored if it names no charge, or one that Stripe does not know", async () => {
  const type = "charge.dispute.created";
  for (const charge of [null, undefined, 5, {}]) {
    const { result, paths } = await handleEvent({ type, ...data({ id: "dp_1", charge }) });
    assert.deepEqual(result, { ignored: "no_charge_named" });
    assert.deepEqual(paths, []);
  }
  const unknown = await handleEvent({ type, ...data({ charge: "ch_1" }) }, { stripe: missing });
  assert.deepEqual(unknown.result, { ignored: "unknown_charge" });
  const refused = () =>
    Response.json({ error: { type: "invalid_request_error" } }, { status: 403 });
  await assert.rejects(handleEvent({ type, ...data({ charge: "ch_1" }) }, { stripe: refused }), {
    name: "BillingError",
  });
});
