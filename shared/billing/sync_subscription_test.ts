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
import { BillingError } from "./errors.ts";
import { syncSubscription } from "./sync_subscription.ts";
import { type SyncOutcome, type SyncResult, syncSubscriptions } from "./sync_subscriptions.ts";

const customerHashes = (id: string) => idHashes(keys, "stripe_customers.stripe_customer_id", id);

interface Applied {
  event_ids: number[];
  customer_hashes: string[];
  version: number;
  subscription: SubscriptionState;
}

interface World {
  /** Users by customer id. */
  customers?: Record<string, string>;
  /** The outcomes of apply_subscriptions, in their order; the last one repeats. */
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
    find_stripe_customers: ({ p_hashes }: { p_hashes: string[] }) => {
      const found = p_hashes.filter((hash) => byHash.has(hash));
      steps.push(`find ${found.length === 0 ? "none" : version}`);
      return found.map((hash) => ({
        ...{ hash, user_id: byHash.get(hash), version, deletion_requested: false },
      }));
    },
    apply_subscriptions: ({ p_items: [item] }: { p_items: [Applied] }) => {
      applied.push(item);
      steps.push(`apply ${item.version}`);
      const outcome = outcomes[Math.min(applied.length, outcomes.length) - 1];
      if (outcome instanceof RefusedByDatabase) throw outcome;
      if (outcome === "conflict") version++;
      return [{ outcome, released: outcome === "applied" ? 3 : 0 }];
    },
  });
  let result: SyncResult | Error = new Error("not run");
  await withStripe((request) => {
    steps.push(`${request.method} ${request.path.replace("/v1/subscriptions/", "")}`);
    return stripe(request);
  }, async (client) => {
    const dependencies = {
      database,
      keys,
      loadStripe: () => Promise.resolve(client),
      config: CONFIG,
    };
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
  const [{ event_ids, customer_hashes, version, subscription }] = applied as [Applied];
  assert.deepEqual([event_ids, version], [[7], 1]);
  assert.deepEqual(customer_hashes, customerHashes("cus_1"));
  assert.deepEqual([subscription.plan_name, subscription.status], ["growth", "active"]);
  const { stripe_subscription_id: text } = subscription;
  assert.equal(await decryptId(keys, "subscriptions.stripe_subscription_id", text), "sub_1");
});

Deno.test("syncSubscription() returns unchanged and settled, and settles no event without an id", async () => {
  for (const outcome of ["unchanged", "settled"]) {
    const { result, applied } = await syncWith({ outcomes: [outcome] }, {
      customerId: "cus_1",
      eventId: null,
    });
    assert.deepEqual(result, { outcome, released: 0 });
    assert.deepEqual(applied[0]?.event_ids, []);
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
    assert.deepEqual(outcome.applied[0]?.customer_hashes, customerHashes("cus_1"));
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
    applied.map(({ version, subscription }) => [version, subscription.status]),
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
  assert.equal(applied[0]?.subscription.plan_name, null);
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
      `apply_subscriptions failed with ${code}`,
    ]);
  }
});

/** Syncs subscriptions of customers with the same number; `refused`: SQL takes those with such a number only alone, or not at all. */
async function syncSeveral(numbers: number[], stripe: StripeAnswer, refused: number[] = []) {
  const calls: string[] = [];
  const numberOf = (hashes: string[]) =>
    numbers.find((n) => hashes.includes(customerHashes(`cus_${n}`)[0] as string));
  const { database } = makeDatabase({
    find_stripe_customers: ({ p_hashes }: { p_hashes: string[] }) => {
      const found = numbers.filter((n) =>
        p_hashes.includes(customerHashes(`cus_${n}`)[1] as string)
      );
      calls.push(`find ${found}`);
      return found.map((n) => ({
        ...{
          hash: customerHashes(`cus_${n}`)[1],
          user_id: ADA,
          version: n,
          deletion_requested: false,
        },
      }));
    },
    apply_subscriptions: ({ p_items }: { p_items: Applied[] }) => {
      calls.push(`apply ${p_items.map(({ version, event_ids }) => `${version}:${event_ids}`)}`);
      if (p_items.some(({ customer_hashes }) => refused.includes(numberOf(customer_hashes) ?? 0))) {
        throw new RefusedByDatabase("PT409");
      }
      return p_items.map(({ version }) => ({
        outcome: version === 2 ? "unchanged" : "applied",
        released: 0,
      }));
    },
  });
  let outcomes: SyncOutcome[] = [];
  await withStripe(stripe, async (client) => {
    const named = numbers.map((n) => ({
      ...{ subscriptionId: `sub_${n}`, customerId: `cus_${n}`, eventIds: [n * 10, n * 10 + 1] },
    }));
    const dependencies = {
      database,
      keys,
      loadStripe: () => Promise.resolve(client),
      config: CONFIG,
    };
    outcomes = await syncSubscriptions(dependencies, named);
  });
  return { outcomes, calls };
}

const ofNumber = ({ path }: { path: string }) => {
  const [, n] = /sub_(\d+)$/.exec(path) ?? [];
  return makeSubscription({ id: `sub_${n}`, customer: `cus_${n}` });
};

Deno.test("syncSubscriptions() reads all customers with one call, and stores all states with one", async () => {
  const { outcomes, calls } = await syncSeveral([1, 2, 3], ofNumber);
  assert.deepEqual(calls, ["find 1,2,3", "apply 1:10,11,2:20,21,3:30,31"]);
  const applied = { outcome: "applied", released: 0 };
  assert.deepEqual(outcomes, [applied, { outcome: "unchanged", released: 0 }, applied]);
});

Deno.test("one subscription that Stripe does not answer, or that the database refuses, stops no other", async () => {
  const stripe: StripeAnswer = (request) =>
    request.path.endsWith("sub_1")
      ? Response.json({ error: { type: "card_error" } }, { status: 402 })
      : ofNumber(request);
  const { outcomes, calls } = await syncSeveral([1, 2, 3], stripe, [3]);
  const [unread, stored, refused] = outcomes as [
    { error: unknown },
    SyncResult,
    { error: unknown },
  ];
  assert.ok(unread.error instanceof BillingError);
  assert.deepEqual(stored, { outcome: "unchanged", released: 0 });
  assert.equal((refused.error as DatabaseError).code, "PT409");
  assert.deepEqual(calls.slice(1), ["apply 2:20,21,3:30,31", "apply 2:20,21", "apply 3:30,31"]);
});
