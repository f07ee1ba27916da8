import assert from "node:assert/strict";
import type Stripe from "stripe";
import {
  ADA,
  CONFIG,
  keys,
  makeDatabase,
  makeSubscription,
  missing,
  RefusedByDatabase,
  type StripeRequest,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { encryptId, idHashes } from "./encrypted_ids.ts";
import type { SubscriptionState } from "./map_subscription.ts";
import { compareNextPage } from "./reconciliation.ts";
import { requestSubscriptionSync } from "./request_sync.ts";

// Every page writes a log line.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

const STARTED = "2026-11-01T00:00:00.123456+00:00";
const BEGIN = {
  started_at: STARTED,
  checked: 0,
  repaired: 0,
  failed: 0,
  unreadable: 0,
  orphaned: 0,
};
/** Encrypted with a key that the ring does not have. */
const UNREADABLE = `v1.otherkey.${"A".repeat(16)}.${"A".repeat(32)}`;

interface World {
  /** Stripe's list, in its order. */
  listed?: Stripe.Subscription[];
  /** Ids that Stripe knows, but does not list. */
  unlisted?: string[];
  /** Places in the page of subscriptions that differ from ours. */
  differing?: number[];
  /** Places in the page of subscriptions without an account. */
  orphaned?: number[];
  /** Places in the page of subscriptions whose user has lost the customer. */
  unbound?: number[];
  /** The user that the customer names at Stripe. @default {the customer is deleted} */
  namedUser?: string;
  /** Ids of stored subscriptions that the list did not contain. */
  unseen?: string[];
  /** The outcomes of apply_subscriptions, in their order; "applied" after the last. */
  outcomes?: string[];
  hasCustomer?: boolean;
  /** Whether our keys decrypt the id of the seller's customer. @default {true} */
  readsCustomer?: boolean;
  /** Whether Stripe knows the customers of `unseen`. @default {true} */
  knowsCustomers?: boolean;
  userId?: string;
}

type Compared = SubscriptionState & { place: number; stripe_customer_id_hashes: string[] };

/** Our id of the row of the nth subscription. */
const rowOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Compares one page. */
async function comparePage(progress: object, world: World = {}) {
  const { listed = [], unlisted = [], differing = [], unseen = [], outcomes = [] } = world;
  const { database, calls } = makeDatabase({
    get_stripe_customer: async () => ({
      email: "ada@example.com",
      attempt: 0,
      stripe_customer_id: world.readsCustomer === false
        ? UNREADABLE
        : world.hasCustomer === false
        ? null
        : (await encryptId(keys, "stripe_customers.stripe_customer_id", "cus_1")).text,
    }),
    compare_subscriptions: () => ({
      differing,
      orphaned: world.orphaned ?? [],
      unbound: world.unbound ?? [],
    }),
    store_stripe_customer: ({ p_stripe_customer_id }) => p_stripe_customer_id,
    find_stripe_customers: ({ p_hashes: [hash] }) => [
      { hash, user_id: ADA, version: 1, deletion_requested: false },
    ],
    apply_subscriptions: () => {
      const outcome = outcomes.shift() ?? "applied";
      if (outcome === "refused") throw new RefusedByDatabase("PT409");
      return [{ outcome, released: 0 }];
    },
    list_unseen_subscriptions: () =>
      Promise.all(unseen.map(async (id, n) => ({
        id: rowOf(n),
        stripe_subscription_id: id === "unreadable"
          ? UNREADABLE
          : (await encryptId(keys, "subscriptions.stripe_subscription_id", id)).text,
        stripe_customer_id:
          (await encryptId(keys, "subscriptions.stripe_customer_id", "cus_1")).text,
      }))),
    log_orphaned_subscription: () => true,
    end_subscription: ({ p_hashes }) => p_hashes.length === 2,
    continue_subscription_sync: ({ p_progress }) => ({
      outcome: "finished" in p_progress ? "reconciled" : "continued",
    }),
  });
  let result: EventResult = { error: "not run" };
  let requests: StripeRequest[] = [];
  await withStripe(({ path, parameters }) => {
    if (path.startsWith("/v1/customers/")) {
      const { namedUser } = world;
      if (namedUser) return { id: "cus_1", metadata: { user_id: namedUser } };
      return world.knowsCustomers === false ? missing() : { id: "cus_1", deleted: true };
    }
    if (path !== "/v1/subscriptions") {
      const id = path.split("/").at(-1) as string;
      const found = listed.find((subscription) => subscription.id === id);
      return found ?? (unlisted.includes(id) ? makeSubscription({ id }) : missing());
    }
    const from = listed.findIndex(({ id }) => id === parameters.starting_after) + 1;
    const data = listed.slice(from, from + Number(parameters.limit));
    return { object: "list", data, has_more: from + data.length < listed.length };
  }, async (stripe, all) => {
    const loadStripe = () => Promise.resolve(stripe);
    const dependencies = { database, keys, loadStripe, config: CONFIG };
    const event = {
      event_id: 7,
      event_type: "SYNC_SUBSCRIPTIONS",
      object_id: world.userId ?? null,
      body: JSON.stringify(progress),
    } as ClaimedEvent;
    result = await compareNextPage(dependencies, event);
    requests = all;
  });
  const argsOf = (name: string) => calls.filter(([call]) => call === name).map(([, args]) => args);
  const [settled, ...more] = argsOf("continue_subscription_sync");
  assert.deepEqual(more, []);
  assert.equal(settled.p_event_id, 7);
  assert.equal(calls.at(-1)?.[0], "continue_subscription_sync");
  const paths = requests.map(({ path }) => path.replace("/v1/subscriptions", ""));
  return { result, requests, paths, argsOf, next: settled.p_progress };
}

const CONTINUED = { outcome: "continued", more: true };

const many = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => makeSubscription({ id: `sub_${n}`, customer: `cus_${n}` }),
  );

Deno.test("requestSubscriptionSync() enqueues a comparison of all sellers, or of one", async () => {
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

Deno.test("a page of Stripe's list is compared; the next page begins behind it", async () => {
  const listed = many(150);
  const first = await comparePage(BEGIN, { listed });
  assert.deepEqual(first.result, CONTINUED);
  assert.deepEqual(first.requests.map(({ parameters }) => parameters), [{
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
  const [customer, subscription] = [
    idHashes(keys, "stripe_customers.stripe_customer_id", "cus_3"),
    idHashes(keys, "subscriptions.stripe_subscription_id", "sub_3"),
  ];
  assert.deepEqual(third.stripe_customer_id_hashes, customer);
  assert.deepEqual(third.stripe_subscription_id_hashes, subscription);

  const second = await comparePage(first.next, { listed });
  assert.deepEqual(second.requests[0]?.parameters.starting_after, "sub_99");
  assert.deepEqual(second.next, { ...BEGIN, checked: 150, listed: true });
  assert.deepEqual(second.result, CONTINUED);
});

Deno.test("an empty list, and a list of exactly one page, end without another page", async () => {
  for (const count of [0, 100]) {
    const { next } = await comparePage(BEGIN, { listed: many(count) });
    assert.deepEqual(next, { ...BEGIN, checked: count, listed: true });
  }
});

Deno.test("a subscription that differs is read from Stripe again and stored; only a changed row is a repair", async () => {
  const { paths, next, argsOf } = await comparePage({ ...BEGIN, checked: 10, repaired: 4 }, {
    listed: many(5).map((subscription) => ({ ...subscription, customer: "cus_1" })),
    differing: [1, 3, 4],
    outcomes: ["applied", "unchanged", "price_unknown"],
  });
  assert.deepEqual(paths, ["", "/sub_1", "/sub_3", "/sub_4"]);
  assert.deepEqual(next, { ...BEGIN, checked: 15, repaired: 5, listed: true });
  assert.deepEqual(argsOf("apply_subscriptions").map(({ p_items: [{ event_ids }] }) => event_ids), [
    [],
    [],
    [],
  ]);
});

Deno.test("a customer whose row was lost is bound to its user again, and to no other", async () => {
  const listed = many(1).map((subscription) => ({
    ...{ ...subscription, customer: "cus_1" },
    metadata: { user_id: ADA },
  }));
  const ours = await comparePage(BEGIN, { listed, unbound: [0], namedUser: ADA });
  assert.deepEqual(ours.argsOf("store_stripe_customer").map(({ p_user_id }) => p_user_id), [ADA]);
  assert.equal(ours.next.repaired, 1);
  const namedUser = crypto.randomUUID();
  for (const other of [{ namedUser }, {}]) {
    const { argsOf, next } = await comparePage(BEGIN, { listed, unbound: [0], ...other });
    assert.deepEqual(argsOf("store_stripe_customer"), []);
    assert.equal(next.repaired, 0);
  }
});

Deno.test("for one seller Stripe lists the customer's subscriptions; without a customer there are none", async () => {
  const one = await comparePage(BEGIN, { listed: many(1), userId: ADA });
  assert.deepEqual(one.requests[0]?.parameters, { status: "all", limit: "100", customer: "cus_1" });
  const none = await comparePage(BEGIN, { listed: many(1), userId: ADA, hasCustomer: false });
  assert.deepEqual([none.paths, none.next], [[], { ...BEGIN, listed: true }]);
});

Deno.test("stored subscriptions that Stripe did not list are read one by one; those that Stripe lacks have ended", async () => {
  const progress = { ...BEGIN, checked: 150, repaired: 2, listed: true };
  const { result, paths, argsOf, next } = await comparePage(progress, {
    unseen: ["sub_a", "sub_gone", "sub_b"],
    unlisted: ["sub_a", "sub_b"],
    outcomes: ["applied", "unchanged"],
  });
  assert.deepEqual(paths, [
    ...["/sub_a", "/sub_a", "/sub_gone", "/v1/customers/cus_1", "/sub_b", "/sub_b"],
  ]);
  assert.deepEqual(argsOf("list_unseen_subscriptions"), [
    { p_started_at: STARTED, p_user_id: null },
  ]);
  assert.deepEqual(argsOf("end_subscription"), [{
    p_hashes: idHashes(keys, "subscriptions.stripe_subscription_id", "sub_gone"),
  }]);
  assert.deepEqual(next, { ...progress, checked: 153, repaired: 4, finished: true });
  assert.deepEqual(result, { outcome: "reconciled", more: false });
});

Deno.test("a subscription whose customer Stripe does not know has not ended: the key is of another account", async () => {
  const { argsOf, next } = await comparePage({ ...BEGIN, listed: true }, {
    unseen: ["sub_a", "sub_b"],
    knowsCustomers: false,
  });
  assert.deepEqual(argsOf("end_subscription"), []);
  assert.deepEqual([next.failed, next.repaired], [2, 0]);
});

Deno.test("attack: a stored id that cannot be decrypted stops no comparison, and does not count as a failed one", async () => {
  const { paths, next, result } = await comparePage({ ...BEGIN, listed: true }, {
    unseen: ["unreadable", "sub_b"],
    unlisted: ["sub_b"],
  });
  assert.ok(paths.length > 0 && paths.every((path) => path.endsWith("sub_b")));
  assert.deepEqual([next.checked, next.unreadable, next.failed, next.repaired], [2, 1, 0, 1]);
  assert.deepEqual(result, { outcome: "reconciled", more: false });
});

Deno.test("attack: a customer's id that cannot be decrypted does not stop the comparison of its seller", async () => {
  const { paths, next } = await comparePage(BEGIN, { userId: ADA, readsCustomer: false });
  assert.deepEqual(paths, []);
  assert.deepEqual(next, { ...BEGIN, unreadable: 1, listed: true });
});

Deno.test("unlisted subscriptions are checked page by page, behind the last row", async () => {
  const unseen = Array.from({ length: 100 }, (_, n) => `sub_${n}`);
  const progress = { ...BEGIN, listed: true };
  const first = await comparePage(progress, { unseen, userId: ADA });
  assert.deepEqual(first.next, { ...progress, checked: 100, repaired: 100, after: rowOf(99) });
  assert.deepEqual(first.result, CONTINUED);
  const last = await comparePage(first.next, { unseen: [], userId: ADA });
  assert.deepEqual(last.argsOf("list_unseen_subscriptions"), [{
    p_started_at: STARTED,
    p_user_id: ADA,
    p_after: rowOf(99),
  }]);
  assert.deepEqual(last.next, { ...first.next, finished: true });
});

Deno.test("a state that the database refuses counts as failed, and the page goes on", async () => {
  const listed = many(2).map((subscription) => ({ ...subscription, customer: "cus_1" }));
  const { next } = await comparePage(BEGIN, {
    listed,
    differing: [0, 1],
    outcomes: ["refused", "applied"],
  });
  assert.deepEqual(next, { ...BEGIN, checked: 2, repaired: 1, failed: 1, listed: true });
});
