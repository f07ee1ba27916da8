import assert from "node:assert/strict";
import { CONFIG, keys, makeItem, makeSubscription } from "../../tests/support/stripe_stand_in.ts";
import { decryptId, idHashes } from "./encrypted_ids.ts";
import { idOf, mapSubscription } from "./map_subscription.ts";

const map = (changes: object = {}) =>
  mapSubscription(keys, CONFIG.prices, makeSubscription(changes));

const items = (...data: object[]) => ({ items: { object: "list", data } });

const START = 1_793_491_200;
const END = 1_796_083_200;

Deno.test("mapSubscription() copies the state, with encrypted ids", async () => {
  const {
    stripe_customer_id,
    stripe_customer_id_hash,
    stripe_subscription_id,
    stripe_subscription_id_hash,
    stripe_subscription_id_hashes,
    ...state
  } = await map();
  assert.deepEqual(state, {
    plan_name: "growth",
    status: "active",
    current_period_start: "2026-11-01T00:00:00.000Z",
    current_period_end: "2026-12-01T00:00:00.000Z",
    cancel_at_period_end: false,
  });
  const [CUSTOMER, SUBSCRIPTION] = [
    "subscriptions.stripe_customer_id",
    "subscriptions.stripe_subscription_id",
  ] as const;
  assert.equal(await decryptId(keys, CUSTOMER, stripe_customer_id), "cus_1");
  assert.equal(stripe_customer_id_hash, idHashes(keys, CUSTOMER, "cus_1")[0]);
  assert.equal(await decryptId(keys, SUBSCRIPTION, stripe_subscription_id), "sub_1");
  assert.deepEqual(stripe_subscription_id_hashes, idHashes(keys, SUBSCRIPTION, "sub_1"));
  assert.equal(stripe_subscription_id_hash, stripe_subscription_id_hashes[0]);
});

Deno.test("mapSubscription() keeps every status, even one that Stripe adds later", async () => {
  for (
    const status of [
      ...["active", "trialing", "past_due", "unpaid", "canceled", "incomplete"],
      ...["incomplete_expired", "paused", "brand_new"],
    ]
  ) {
    assert.equal((await map({ status })).status, status);
  }
});

Deno.test("mapSubscription() takes the customer as an id or expanded", async () => {
  for (
    const customer of ["cus_2", { id: "cus_2", object: "customer" }, { id: "cus_2", deleted: true }]
  ) {
    const { stripe_customer_id: text } = await map({ customer });
    assert.equal(await decryptId(keys, "subscriptions.stripe_customer_id", text), "cus_2");
  }
});

Deno.test("mapSubscription() finds the plan by the price", async () => {
  for (const plan of ["starter", "growth", "scale"]) {
    assert.equal((await map(items(makeItem(`price_${plan}`)))).plan_name, plan);
  }
  const foreign = await map(items(makeItem("price_of_something_else")));
  assert.equal(foreign.plan_name, null);
  assert.equal(foreign.current_period_end, "2026-12-01T00:00:00.000Z");
});

Deno.test("mapSubscription() takes plan and period from the item whose price is a plan, at any place", async () => {
  const other = makeItem("price_of_support", START + 60, END + 60);
  for (const list of [[makeItem("price_scale"), other], [other, makeItem("price_scale")]]) {
    const state = await map(items(...list));
    assert.deepEqual(
      [state.plan_name, state.current_period_start, state.current_period_end],
      ["scale", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    );
  }
  const none = await map(items(other, makeItem("price_of_stickers")));
  assert.deepEqual([none.plan_name, none.current_period_start], [null, "2026-11-01T00:01:00.000Z"]);
});

Deno.test("mapSubscription() returns neither plan nor period without items", async () => {
  for (const cancel_at of [null, END]) {
    const state = await map({ ...items(), cancel_at });
    assert.deepEqual(
      [
        state.plan_name,
        state.current_period_start,
        state.current_period_end,
        state.cancel_at_period_end,
      ],
      [null, null, null, false],
    );
  }
  assert.equal((await map({ ...items(), cancel_at_period_end: true })).cancel_at_period_end, true);
});

Deno.test("a live subscription whose collection is paused pays nothing: it is stored as paused", async () => {
  const pause_collection = { behavior: "keep_as_draft", resumes_at: null };
  for (const status of ["active", "trialing"]) {
    assert.equal((await map({ status, pause_collection })).status, "paused");
    assert.equal((await map({ status, pause_collection: null })).status, status);
  }
  for (const status of ["past_due", "unpaid", "canceled", "incomplete"]) {
    assert.equal((await map({ status, pause_collection })).status, status);
  }
});

Deno.test("mapSubscription() reads both ways in which Stripe ends a subscription with its period", async () => {
  const cases: [cancel_at_period_end: boolean, cancel_at: number | null, ends: boolean][] = [
    [false, null, false],
    [true, null, true],
    [true, END, true],
    // The portal with flexible billing sets only the time.
    [false, END, true],
    [false, END - 1, true],
    [false, START, true],
    // Later: another period follows.
    [false, END + 1, false],
    [true, END + 1, true],
  ];
  for (const [cancel_at_period_end, cancel_at, ends] of cases) {
    const state = await map({ cancel_at_period_end, cancel_at });
    assert.equal(state.cancel_at_period_end, ends, `${cancel_at_period_end} ${cancel_at}`);
  }
  // Some API versions do not have the field.
  assert.equal((await map({ cancel_at: undefined })).cancel_at_period_end, false);
});

Deno.test("idOf() takes an id, or the id of an object", () => {
  const cases: [Parameters<typeof idOf>[0], string | null][] = [
    ["cus_1", "cus_1"],
    [{ id: "cus_1" }, "cus_1"],
    [null, null],
    [undefined, null],
  ];
  for (const [value, id] of cases) assert.equal(idOf(value), id);
});
