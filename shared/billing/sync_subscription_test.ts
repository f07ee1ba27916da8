import assert from "node:assert/strict";
import {
  ADA,
  type Answer,
  BOB,
  CONFIG,
  keys,
  makeDatabase,
  makeItem,
  makeSubscription,
  missing,
  RefusedByDatabase,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { DatabaseError } from "../database/errors.ts";
import { hashesOf, openId } from "./encrypted_ids.ts";
import { BillingError } from "./stripe.ts";
import type { SubscriptionState } from "./map_subscription.ts";
import { type SyncResult, syncSubscription } from "./sync_subscription.ts";

const hashesOfCustomer = (id: string) => hashesOf(keys, "stripe_customers.stripe_customer_id", id);

interface Applied {
  p_event_id: number | null;
  p_customer_hashes: string[];
  p_version: number;
  p_subscription: SubscriptionState;
}

/** Customers by id, and what the applications of a state answer, in turn. */
interface World {
  customers?: Record<string, string>;
  outcomes?: (string | RefusedByDatabase)[];
  stripe?: Answer;
}

/** Every call of both sides in one list, and the states that were to be stored. */
async function sync(
  { customers = { cus_1: ADA }, outcomes = ["applied"], stripe = () => makeSubscription() }: World,
  about: { customerId: string | null; eventId?: number | null },
): Promise<{ result: SyncResult | Error; steps: string[]; applied: Applied[] }> {
  const steps: string[] = [];
  const applied: Applied[] = [];
  const byHash = new Map<string, string>();
  for (const [id, user] of Object.entries(customers)) {
    // Stored under the older key.
    byHash.set((await hashesOfCustomer(id))[1] as string, user);
  }
  // As if another worker stored a state after each conflict.
  let version = 1;
  const { database } = makeDatabase({
    find_stripe_customer: ({ p_hashes }: { p_hashes: string[] }) => {
      const user_id = p_hashes.map((hash) => byHash.get(hash)).find(Boolean);
      steps.push(`find ${user_id === undefined ? "nobody" : version}`);
      return user_id === undefined ? null : { user_id, version };
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
  await withStripe((asked) => {
    steps.push(`${asked.method} ${asked.path.replace("/v1/subscriptions/", "")}`);
    return stripe(asked);
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

Deno.test("syncSubscription() reads the version, then Stripe, then stores what Stripe says", async () => {
  const { result, steps, applied } = await sync({}, { customerId: "cus_1" });
  assert.deepEqual(result, { outcome: "applied", released: 3 });
  assert.deepEqual(steps, ["find 1", "GET sub_1", "apply 1"]);
  const [{ p_event_id, p_customer_hashes, p_version, p_subscription }] = applied as [Applied];
  assert.deepEqual([p_event_id, p_version], [7, 1]);
  assert.deepEqual(p_customer_hashes, await hashesOfCustomer("cus_1"));
  assert.deepEqual([p_subscription.plan_name, p_subscription.status], ["growth", "active"]);
  const { stripe_subscription_id: text } = p_subscription;
  assert.equal(await openId(keys, "subscriptions.stripe_subscription_id", text), "sub_1");
});

Deno.test("syncSubscription() passes on that it was unchanged or settled, and whether an event is settled", async () => {
  for (const outcome of ["unchanged", "settled"]) {
    const { result, applied } = await sync({ outcomes: [outcome] }, {
      customerId: "cus_1",
      eventId: null,
    });
    assert.deepEqual(result, { outcome, released: 0 });
    assert.equal(applied[0]?.p_event_id, null);
  }
});

Deno.test("syncSubscription() finds the customer by the subscription where the event names none, or another", async () => {
  const found = ["GET sub_1", "find 1", "GET sub_1", "apply 1"];
  const cases: [customerId: string | null, steps: string[]][] = [
    [null, found],
    ["cus_other", ["find nobody", ...found]],
    ["cus_of_bob", ["find 1", ...found]],
  ];
  for (const [customerId, steps] of cases) {
    const world = { customers: { cus_1: ADA, cus_of_bob: BOB } };
    const outcome = await sync(world, { customerId });
    assert.deepEqual(outcome.result, { outcome: "applied", released: 3 }, String(customerId));
    assert.deepEqual(outcome.steps, steps);
    assert.deepEqual(outcome.applied[0]?.p_customer_hashes, await hashesOfCustomer("cus_1"));
  }
  const expanded = () => makeSubscription({ customer: { id: "cus_1", object: "customer" } });
  const { steps } = await sync({ stripe: expanded }, { customerId: "cus_1" });
  assert.deepEqual(steps, ["find 1", "GET sub_1", "apply 1"]);
});

Deno.test("after a conflict it reads both again, and stores what Stripe says by then", async () => {
  const statuses = ["incomplete", "active", "past_due"];
  const { result, steps, applied } = await sync({
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

Deno.test("after ten conflicts it gives up, so that the event comes again", async () => {
  const { result, applied } = await sync({ outcomes: ["conflict"] }, { customerId: "cus_1" });
  assert.ok(result instanceof Error);
  assert.match(result.message, /keep changing/);
  assert.equal(applied.length, 10);
  const nine = Array(9).fill("conflict");
  const last = await sync({ outcomes: [...nine, "applied"] }, { customerId: "cus_1" });
  assert.deepEqual(last.result, { outcome: "applied", released: 3 });
  // A subscription that is somebody else's every time it is read.
  let n = 0;
  const restless = () => makeSubscription({ customer: `cus_${n++}` });
  const moving = await sync({ stripe: restless }, { customerId: null });
  assert.match(String(moving.result), /keep changing/);
  assert.deepEqual(moving.applied, []);
});

Deno.test("what asks for nothing is ignored, with the reason, and stores nothing", async () => {
  const cases: [World, SyncResult][] = [
    [{ stripe: missing }, {
      ignored: "Stripe does not know the subscription",
      isMissing: true,
    }],
    [{ customers: {} }, { ignored: "the customer is nobody's here" }],
    [
      { stripe: () => makeSubscription({ customer: null }) },
      { ignored: "the customer is nobody's here" },
    ],
    [
      { stripe: () => makeSubscription({ metadata: { user_id: BOB } }) },
      { ignored: "the subscription names another user than its customer's" },
    ],
  ];
  for (const [world, expected] of cases) {
    for (const customerId of ["cus_1", null]) {
      const { result, applied } = await sync(world, { customerId });
      assert.deepEqual(result, expected);
      assert.deepEqual(applied, []);
    }
  }
  const { result } = await sync({ outcomes: ["price_unknown"] }, { customerId: "cus_1" });
  assert.deepEqual(result, { ignored: "the price is none of ours" });
});

Deno.test("a subscription that names its customer's user, or none, is stored; whose price is unknown too", async () => {
  for (const metadata of [{ user_id: ADA }, {}, { note: BOB }]) {
    const { result } = await sync({ stripe: () => makeSubscription({ metadata }) }, {
      customerId: "cus_1",
    });
    assert.deepEqual(result, { outcome: "applied", released: 3 });
  }
  const foreign = makeSubscription({ items: { data: [makeItem("price_x")] } });
  const { applied } = await sync({ stripe: () => foreign }, { customerId: "cus_1" });
  // The database knows whether it had another plan before.
  assert.equal(applied[0]?.p_subscription.plan_name, null);
});

Deno.test("what fails is thrown: the event comes again", async () => {
  const down = () =>
    Response.json({ error: { type: "api_error" } }, {
      status: 500,
      headers: { "stripe-should-retry": "false" },
    });
  const failed = await sync({ stripe: down }, { customerId: "cus_1" });
  assert.ok(failed.result instanceof BillingError);
  assert.deepEqual(failed.applied, []);
  // What stands before Stripe answers with JSON of its own.
  const gateway = () => Response.json({ message: "not now" }, { status: 403 });
  for (const customerId of ["cus_1", null]) {
    assert.ok((await sync({ stripe: gateway }, { customerId })).result instanceof BillingError);
  }
  for (const code of ["PT404", "PT409", "40001"]) {
    const { result } = await sync({ outcomes: [new RefusedByDatabase(code)] }, {
      customerId: "cus_1",
    });
    assert.ok(result instanceof DatabaseError);
    assert.deepEqual([result.code, result.message], [
      code,
      `apply_subscription failed with ${code}`,
    ]);
  }
});
