import assert from "node:assert/strict";
import type Stripe from "stripe";
import {
  ADA,
  type Asked,
  CONFIG,
  keys,
  makeDatabase,
  makeSubscription,
  missing,
  RefusedByDatabase,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import type { EventResult } from "../inbox/process_events.ts";
import type { ClaimedEvent } from "../inbox/inbox.ts";
import { hashesOf, sealId } from "./encrypted_ids.ts";
import { createSubscriptionSyncHandler, requestSubscriptionSync } from "./reconciliation.ts";
import type { SubscriptionState } from "./map_subscription.ts";

// Every page is logged; here nobody reads that.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

const STARTED = "2026-11-01T00:00:00.123456+00:00";
const BEGIN = { started_at: STARTED, checked: 0, repaired: 0, failed: 0 };

interface World {
  /** Stripe's list, in its order; what it has besides can be read by id. */
  listed?: Stripe.Subscription[];
  besides?: string[];
  differing?: number[];
  /** Stripe's ids of the rows that the comparison did not meet. */
  unseen?: string[];
  /** Of each application of a state; "applied" in the end. */
  outcomes?: string[];
  hasCustomer?: boolean;
  /** Whether Stripe knows the customers of the unseen. @default {true} */
  knowsCustomers?: boolean;
  userId?: string;
}

type Compared = SubscriptionState & { place: number; stripe_customer_id_hashes: string[] };

/** Our id of the row of a subscription. */
const rowOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Works one page. */
async function work(progress: object, world: World = {}) {
  const { listed = [], besides = [], differing = [], unseen = [], outcomes = [] } = world;
  const { database, calls } = makeDatabase({
    get_stripe_customer: async () => ({
      email: "ada@example.com",
      stripe_customer_id: world.hasCustomer === false
        ? null
        : (await sealId(keys, "stripe_customers.stripe_customer_id", "cus_1")).text,
    }),
    compare_subscriptions: () => differing,
    find_stripe_customer: () => ({ user_id: ADA, version: 1 }),
    apply_subscription: () => ({ outcome: outcomes.shift() ?? "applied", released: 0 }),
    list_unseen_subscriptions: () =>
      Promise.all(unseen.map(async (id, n) => ({
        id: rowOf(n),
        stripe_subscription_id:
          (await sealId(keys, "subscriptions.stripe_subscription_id", id)).text,
        stripe_customer_id: (await sealId(keys, "subscriptions.stripe_customer_id", "cus_1")).text,
      }))),
    end_subscription: ({ p_hashes }) => p_hashes.length === 2,
    continue_subscription_sync: ({ p_progress }) => ({
      outcome: "finished" in p_progress ? "reconciled" : "continued",
    }),
  });
  let result: EventResult = { error: "not run" };
  let asked: Asked[] = [];
  await withStripe(({ path, parameters }) => {
    if (path.startsWith("/v1/customers/")) {
      return world.knowsCustomers === false ? missing() : { id: "cus_1", deleted: true };
    }
    if (path !== "/v1/subscriptions") {
      const id = path.split("/").at(-1) as string;
      const found = listed.find((subscription) => subscription.id === id);
      return found ?? (besides.includes(id) ? makeSubscription({ id }) : missing());
    }
    const from = listed.findIndex(({ id }) => id === parameters.starting_after) + 1;
    const data = listed.slice(from, from + Number(parameters.limit));
    return { object: "list", data, has_more: from + data.length < listed.length };
  }, async (stripe, all) => {
    const handler = createSubscriptionSyncHandler({ database, keys, stripe, config: CONFIG });
    const event = {
      event_id: 7,
      event_type: "SYNC_SUBSCRIPTIONS",
      object_id: world.userId ?? null,
      body: JSON.stringify(progress),
    } as ClaimedEvent;
    assert.equal(handler.groupOf(event), "event 7");
    [result] = await handler.work([event]) as [EventResult];
    asked = all;
  });
  const argsOf = (name: string) => calls.filter(([call]) => call === name).map(([, args]) => args);
  const [settled, ...more] = argsOf("continue_subscription_sync");
  assert.deepEqual(more, []);
  assert.equal(settled.p_event_id, 7);
  assert.equal(calls.at(-1)?.[0], "continue_subscription_sync");
  const paths = asked.map(({ path }) => path.replace("/v1/subscriptions", ""));
  return { result, asked, paths, argsOf, next: settled.p_progress };
}

const CONTINUED = { outcome: "continued", more: true };

const many = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => makeSubscription({ id: `sub_${n}`, customer: `cus_${n}` }),
  );

Deno.test("requestSubscriptionSync() asks for one of all, or of one seller", async () => {
  const { database, calls } = makeDatabase({ request_subscription_sync: () => ({ event_id: 5 }) });
  assert.equal(await requestSubscriptionSync(database), 5);
  assert.equal(await requestSubscriptionSync(database, ADA), 5);
  assert.deepEqual(calls.map(([, args]) => args), [{}, { p_user_id: ADA }]);
  const refusing = makeDatabase({
    request_subscription_sync: () => {
      throw new RefusedByDatabase("PT404");
    },
  });
  await assert.rejects(requestSubscriptionSync(refusing.database, ADA), { code: "PT404" });
});

Deno.test("a page of Stripe's list is compared; the next one begins behind it", async () => {
  const listed = many(150);
  const first = await work(BEGIN, { listed });
  assert.deepEqual(first.result, CONTINUED);
  assert.deepEqual(first.asked.map(({ parameters }) => parameters), [{
    status: "all",
    limit: "100",
  }]);
  assert.deepEqual(first.next, { ...BEGIN, checked: 100, after: "sub_99" });
  const [{ p_subscriptions }] = first.argsOf("compare_subscriptions") as [
    { p_subscriptions: Compared[] },
  ];
  assert.deepEqual(p_subscriptions.map(({ place }) => place), [...Array(100).keys()]);
  const third = p_subscriptions[3] as Compared;
  assert.deepEqual([third.plan_name, third.status], ["growth", "active"]);
  const [customer, subscription] = await Promise.all([
    hashesOf(keys, "stripe_customers.stripe_customer_id", "cus_3"),
    hashesOf(keys, "subscriptions.stripe_subscription_id", "sub_3"),
  ]);
  assert.deepEqual(third.stripe_customer_id_hashes, customer);
  assert.deepEqual(third.stripe_subscription_id_hashes, subscription);

  const second = await work(first.next, { listed });
  assert.deepEqual(second.asked[0]?.parameters.starting_after, "sub_99");
  assert.deepEqual(second.next, { ...BEGIN, checked: 150, listed: true });
  assert.deepEqual(second.result, CONTINUED);
});

Deno.test("an empty list, and one that fills its page, end without another page of it", async () => {
  for (const count of [0, 100]) {
    const { next } = await work(BEGIN, { listed: many(count) });
    assert.deepEqual(next, { ...BEGIN, checked: count, listed: true });
  }
});

Deno.test("what differs is read again at Stripe and stored; what was stored in the meantime is no repair", async () => {
  const { paths, next, argsOf } = await work({ ...BEGIN, checked: 10, repaired: 4 }, {
    listed: many(5).map((subscription) => ({ ...subscription, customer: "cus_1" })),
    differing: [1, 3, 4],
    outcomes: ["applied", "unchanged", "price_unknown"],
  });
  assert.deepEqual(paths, ["", "/sub_1", "/sub_3", "/sub_4"]);
  assert.deepEqual(next, { ...BEGIN, checked: 15, repaired: 5, listed: true });
  assert.deepEqual(argsOf("apply_subscription").map(({ p_event_id }) => p_event_id), [
    null,
    null,
    null,
  ]);
});

Deno.test("of one seller the list is that of the customer; without a customer it is empty", async () => {
  const one = await work(BEGIN, { listed: many(1), userId: ADA });
  assert.deepEqual(one.asked[0]?.parameters, { status: "all", limit: "100", customer: "cus_1" });
  const none = await work(BEGIN, { listed: many(1), userId: ADA, hasCustomer: false });
  assert.deepEqual([none.paths, none.next], [[], { ...BEGIN, listed: true }]);
});

Deno.test("what Stripe's list did not have is asked for one by one; what Stripe does not have has ended", async () => {
  const progress = { ...BEGIN, checked: 150, repaired: 2, listed: true };
  const { result, paths, argsOf, next } = await work(progress, {
    unseen: ["sub_a", "sub_gone", "sub_b"],
    besides: ["sub_a", "sub_b"],
    outcomes: ["applied", "unchanged"],
  });
  assert.deepEqual(paths, [
    ...["/sub_a", "/sub_a", "/sub_gone", "/v1/customers/cus_1", "/sub_b", "/sub_b"],
  ]);
  assert.deepEqual(argsOf("list_unseen_subscriptions"), [{ p_started_at: STARTED }]);
  assert.deepEqual(argsOf("end_subscription"), [{
    p_hashes: await hashesOf(keys, "subscriptions.stripe_subscription_id", "sub_gone"),
  }]);
  assert.deepEqual(next, { ...progress, checked: 153, repaired: 4, finished: true });
  assert.deepEqual(result, { outcome: "reconciled", more: false });
});

Deno.test("what another account's key does not show has not ended", async () => {
  const { argsOf, next } = await work({ ...BEGIN, listed: true }, {
    unseen: ["sub_a", "sub_b"],
    knowsCustomers: false,
  });
  assert.deepEqual(argsOf("end_subscription"), []);
  assert.deepEqual([next.failed, next.repaired], [2, 0]);
});

Deno.test("the unseen come in pages too, behind the last row", async () => {
  const unseen = Array.from({ length: 100 }, (_, n) => `sub_${n}`);
  const progress = { ...BEGIN, listed: true };
  const first = await work(progress, { unseen, userId: ADA });
  assert.deepEqual(first.next, { ...progress, checked: 100, repaired: 100, after: rowOf(99) });
  assert.deepEqual(first.result, CONTINUED);
  const last = await work(first.next, { unseen: [], userId: ADA });
  assert.deepEqual(last.argsOf("list_unseen_subscriptions"), [{
    p_started_at: STARTED,
    p_user_id: ADA,
    p_after: rowOf(99),
  }]);
  assert.deepEqual(last.next, { ...first.next, finished: true });
});
