import assert from "node:assert/strict";
import {
  ADA,
  BOB,
  CONFIG,
  keys,
  makeDatabase,
  makeItem,
  makeSubscription,
  missing,
  RefusedByDatabase,
  type StripeAnswer,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { DatabaseError } from "../database/errors.ts";
import { decryptId, idHashes } from "./encrypted_ids.ts";
import type { SubscriptionState } from "./map_subscription.ts";
import { BillingError } from "./stripe.ts";
import { type SyncResult, syncSubscription } from "./sync_subscription.ts";

const customerHashes = (id: string) => idHashes(keys, "stripe_customers.stripe_customer_id", id);

interface Applied {
  p_event_id: number | null;
  p_customer_hashes: string[];
  p_version: number;
  p_subscription: SubscriptionState;
}

interface World {
  /** Users by customer id. */
  customers?: Record<string, string>;
  /** The outcomes of apply_subscription, in their order; the last one repeats. */
  outcomes?: (string | RefusedByDatabase)[];
  stripe?: StripeAnswer;
}

/** Syncs sub_1. `steps`: calls of Stripe and the database in one list; `applied`: the states to store. */
async function syncWith(
  { customers = { cus_1: ADA }, outcomes = ["applied"], stripe = () => makeSubscription() }: World,
  about: { customerId: string | null; eventId?: number | null },
): Promise<{ result: SyncResult | Error; steps: string[]; applied: Applied[] }> {
  const steps: string[] = [];
  const applied: Applied[] = [];
  const byHash = new Map<string, string>();
  for (const [id, user] of Object.entries(customers)) {
    // The row still has the hash of the older key.
    byHash.set(customerHashes(id)[1] as string, user);
  }
  // Another worker stores a state with each conflict.
  let version = 1;
  const { database } = makeDatabase({
    find_stripe_customer: ({ p_hashes }: { p_hashes: string[] }) => {
      const user_id = p_hashes.map((hash) => byHash.get(hash)).find(Boolean);
      steps.push(`find ${user_id === undefined ? "none" : version}`);
      return user_id === undefined ? null : { user_id, version, deletion_requested: false };
    },
    apply_subscription: (args: Applied) => {
      applied.push(args);
      steps.push(`apply ${args.p_version}`);
      const outcome = outcomes[Math.min(applied.length, outcomes.length) - 1];
      if (outcome instanceof RefusedByDatabase) throw outcome;
      if (outcome === "conflict") version++;
      return { outcome, released: outcome === "applied" ? 3 : 0 };
    },
  });
  let result: SyncResult | Error = new Error("not run");
  await withStripe((request) => {
    steps.push(`${request.method} ${request.path.replace("/v1/subscriptions/", "")}`);
    return stripe(request);
  }, async (client) => {
    const dependencies = { database, keys, stripe: client, config: CONFIG };
    const { customerId, eventId = 7 } = about;
    result = await syncSubscription(
      dependencies,
      { subscriptionId: "sub_1", customerId },
      eventId,
    ).catch((error) => error);
  });
  return { result, steps, applied };
}

Deno.test("syncSubscription() reads the version, then Stripe, then stores the state", async () => {
  const { result, steps, applied } = await syncWith({}, { customerId: "cus_1" });
  assert.deepEqual(result, { outcome: "applied", released: 3 });
  assert.deepEqual(steps, ["find 1", "GET sub_1", "apply 1"]);
  const [{ p_event_id, p_customer_hashes, p_version, p_subscription }] = applied as [Applied];
  assert.deepEqual([p_event_id, p_version], [7, 1]);
  assert.deepEqual(p_customer_hashes, customerHashes("cus_1"));
  assert.deepEqual([p_subscription.plan_name, p_subscription.status], ["growth", "active"]);
  const { stripe_subscription_id: text } = p_subscription;
  assert.equal(await decryptId(keys, "subscriptions.stripe_subscription_id", text), "sub_1");
});

Deno.test("syncSubscription() returns unchanged and settled, and settles no event without an id", async () => {
  for (const outcome of ["unchanged", "settled"]) {
    const { result, applied } = await syncWith({ outcomes: [outcome] }, {
      customerId: "cus_1",
      eventId: null,
    });
    assert.deepEqual(result, { outcome, released: 0 });
    assert.equal(applied[0]?.p_event_id, null);
  }
});

Deno.test("syncSubscription() takes the customer of the subscription if the event names none, or another", async () => {
  const found = ["GET sub_1", "find 1", "GET sub_1", "apply 1"];
  const cases: [customerId: string | null, steps: string[]][] = [
    [null, found],
    ["cus_other", ["find none", ...found]],
    ["cus_of_bob", ["find 1", ...found]],
  ];
  for (const [customerId, steps] of cases) {
    const world = { customers: { cus_1: ADA, cus_of_bob: BOB } };
    const outcome = await syncWith(world, { customerId });
    assert.deepEqual(outcome.result, { outcome: "applied", released: 3 }, String(customerId));
    assert.deepEqual(outcome.steps, steps);
    assert.deepEqual(outcome.applied[0]?.p_customer_hashes, customerHashes("cus_1"));
  }
  const expanded = () => makeSubscription({ customer: { id: "cus_1", object: "customer" } });
  const { steps } = await syncWith({ stripe: expanded }, { customerId: "cus_1" });
  assert.deepEqual(steps, ["find 1", "GET sub_1", "apply 1"]);
});

Deno.test("after a conflict syncSubscription() reads both again, and stores the newer state", async () => {
  const statuses = ["incomplete", "active", "past_due"];
  const { result, steps, applied } = await syncWith({
    outcomes: ["conflict", "conflict", "applied"],
    stripe: () => makeSubscription({ status: statuses.shift() }),
  }, { customerId: "cus_1" });
  assert.deepEqual(result, { outcome: "applied", released: 3 });
  const round = (version: number) => [`find ${version}`, "GET sub_1", `apply ${version}`];
  assert.deepEqual(steps, [...round(1), ...round(2), ...round(3)]);
  assert.deepEqual(
    applied.map(({ p_version, p_subscription }) => [p_version, p_subscription.status]),
    [[1, "incomplete"], [2, "active"], [3, "past_due"]],
  );
});

Deno.test("after ten conflicts syncSubscription() throws, so the event is tried again", async () => {
  const { result, applied } = await syncWith({ outcomes: ["conflict"] }, { customerId: "cus_1" });
  assert.ok(result instanceof Error);
  assert.match(result.message, /changed 10 times/);
  assert.equal(applied.length, 10);
  const nine = Array(9).fill("conflict");
  const last = await syncWith({ outcomes: [...nine, "applied"] }, { customerId: "cus_1" });
  assert.deepEqual(last.result, { outcome: "applied", released: 3 });
  // The subscription has another customer each time it is read.
  let n = 0;
  const changing = () => makeSubscription({ customer: `cus_${n++}` });
  const moving = await syncWith({ stripe: changing }, { customerId: null });
  assert.match(String(moving.result), /changed 10 times/);
  assert.deepEqual(moving.applied, []);
});

Deno.test("subscriptions that cannot be stored are ignored with the reason", async () => {
  const cases: [World, SyncResult][] = [
    [{ stripe: missing }, { ignored: "unknown_subscription" }],
    [{ customers: {} }, { ignored: "unknown_customer" }],
    [
      { stripe: () => makeSubscription({ customer: null }) },
      { ignored: "unknown_customer" },
    ],
    [
      { stripe: () => makeSubscription({ metadata: { user_id: BOB } }) },
      { ignored: "user_mismatch" },
    ],
  ];
  for (const [world, expected] of cases) {
    for (const customerId of ["cus_1", null]) {
      const { result, applied } = await syncWith(world, { customerId });
      assert.deepEqual(result, expected);
      assert.deepEqual(applied, []);
    }
  }
  const { result } = await syncWith({ outcomes: ["price_unknown"] }, { customerId: "cus_1" });
  assert.deepEqual(result, { ignored: "unknown_price" });
});

Deno.test("a subscription is stored if it names its customer's user or none, even with an unknown price", async () => {
  for (const metadata of [{ user_id: ADA }, {}, { note: BOB }]) {
    const { result } = await syncWith({ stripe: () => makeSubscription({ metadata }) }, {
      customerId: "cus_1",
    });
    assert.deepEqual(result, { outcome: "applied", released: 3 });
  }
  const foreign = makeSubscription({ items: { data: [makeItem("price_x")] } });
  const { applied } = await syncWith({ stripe: () => foreign }, { customerId: "cus_1" });
  // The database knows the earlier plan.
  assert.equal(applied[0]?.p_subscription.plan_name, null);
});

Deno.test("failures are thrown, so the event is tried again", async () => {
  const down = () =>
    Response.json({ error: { type: "api_error" } }, {
      status: 500,
      headers: { "stripe-should-retry": "false" },
    });
  const failed = await syncWith({ stripe: down }, { customerId: "cus_1" });
  assert.ok(failed.result instanceof BillingError);
  assert.deepEqual(failed.applied, []);
  // A proxy in front of Stripe may answer with its own JSON.
  const gateway = () => Response.json({ message: "not now" }, { status: 403 });
  for (const customerId of ["cus_1", null]) {
    assert.ok((await syncWith({ stripe: gateway }, { customerId })).result instanceof BillingError);
  }
  for (const code of ["PT404", "PT409", "40001"]) {
    const { result } = await syncWith({ outcomes: [new RefusedByDatabase(code)] }, {
      customerId: "cus_1",
    });
    assert.ok(result instanceof DatabaseError);
    assert.deepEqual([result.code, result.message], [
      code,
      `apply_subscription failed with ${code}`,
    ]);
  }
});
