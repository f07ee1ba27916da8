/** One idempotency key is one piece of work, however often and however wrong its call is answered. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, refusalOf } from "../../../tests/support/stripe_caller.ts";

function headerOf({ lastResponse }: Stripe.Response<unknown>, name: string): string | null {
  return new Headers(lastResponse.headers).get(name);
}

function replayed(response: Stripe.Response<unknown>): string | null {
  return headerOf(response, "idempotent-replayed");
}

Deno.test("the same key and parameters replay the answer; others are refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const key = { idempotencyKey: "key-1" };
  const first = await client.customers.create({ name: "Ada" }, key);
  const again = await client.customers.create({ name: "Ada" }, key);
  assert.equal(again.id, first.id);
  assert.deepEqual([first, again].map(replayed), [null, "true"]);
  assert.equal(headerOf(again, "original-request"), first.lastResponse.requestId);
  const other = await refusalOf(client.customers.create({ name: "Bob" }, key));
  assert.deepEqual([other.statusCode, other.type], [400, "StripeIdempotencyError"]);
  const path = await refusalOf(client.products.create({ name: "Ada" }, key));
  assert.equal(path.rawType, "idempotency_error");
  assert.deepEqual([caller.counts().customers, caller.taken()], [1, ["customer.created"]]);
  caller.now += 24 * 3600 * 1000;
  assert.notEqual((await client.customers.create({ name: "Bob" }, key)).id, first.id);
});

Deno.test("a refusal is replayed, unless the work had not begun", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const declined = () =>
    refusalOf(
      client.paymentMethods.attach("pm_card_chargeDeclined", { customer: "cus_unknown" }, {
        idempotencyKey: "key-1",
      }),
    );
  const [first, again] = [await declined(), await declined()];
  assert.deepEqual([first.code, again.code], ["resource_missing", "resource_missing"]);
  assert.equal(again.headers?.["idempotent-replayed"], "true");
  const key = { idempotencyKey: "key-2" };
  assert.equal(
    (await refusalOf(client.products.create({ name: "" }, key))).code,
    "parameter_missing",
  );
  assert.equal((await client.products.create({ name: "Extra" }, key)).name, "Extra");
  assert.equal(
    (await client.products.create({ name: "Extra" }, { idempotencyKey: "k".repeat(255) })).object,
    "product",
  );
  const long = client.products.create({ name: "Extra" }, { idempotencyKey: "k".repeat(256) });
  assert.equal((await refusalOf(long)).statusCode, 400);
});

Deno.test("while a call is on its way, others with its key are refused", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  simulator.faults.add({ kind: "delay", delayMs: 200, count: 1 });
  const key = { idempotencyKey: "key-1" };
  const slow = client.customers.create({ name: "Ada" }, key);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const early = await refusalOf(client.customers.create({ name: "Ada" }, key));
  assert.deepEqual([early.statusCode, early.code], [409, "idempotency_key_in_use"]);
  const { id } = await slow;
  assert.equal((await client.customers.create({ name: "Ada" }, key)).id, id);
  assert.equal(caller.counts().customers, 1);
});

Deno.test("20 calls at once with one key make one customer, and each gets it in the end", async () => {
  await using caller = new Caller();
  const client = caller.clientWith({ maxNetworkRetries: 10 });
  const key = { idempotencyKey: "key-1" };
  const made = await Promise.all(
    Array.from({ length: 20 }, () => client.customers.create({ name: "Ada" }, key)),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  assert.deepEqual([caller.counts().customers, caller.taken()], [1, ["customer.created"]]);
});

Deno.test("an answer that got lost is had by asking again with the same key", async () => {
  for (const kind of ["lost", "not_json", "truncated", "internal", "html", "rate_limit"] as const) {
    await using caller = new Caller();
    const { client, simulator } = caller;
    simulator.faults.add({ method: "POST", path: "/v1/customers", kind, count: 1 });
    const key = { idempotencyKey: "key-1" };
    await assert.rejects(client.customers.create({ name: "Ada" }, key), kind);
    const isMade = ["lost", "not_json", "truncated"].includes(kind);
    assert.equal(caller.counts().customers, isMade ? 1 : 0, kind);
    const again = await client.customers.create({ name: "Ada" }, key);
    assert.equal(replayed(again), isMade ? "true" : null, kind);
    assert.deepEqual([caller.counts().customers, simulator.faults.spoiled.get(kind)], [1, 1]);
  }
});

Deno.test("an observer hears of each call before and after its work, and can spoil both", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const heard: [string, number | undefined][] = [];
  simulator.faults.observe = ({ method, path, phase }) => {
    heard.push([`${method} ${path} ${phase}`, caller.counts().customers]);
    if (phase === "worked" && heard.length === 2) throw new Error("killed");
  };
  const key = { idempotencyKey: "key-1" };
  const killed = await refusalOf(client.customers.create({}, key));
  assert.deepEqual([killed.statusCode, killed.type], [500, "StripeAPIError"]);
  await client.customers.create({}, key);
  const call = "POST /v1/customers";
  assert.deepEqual(heard, [
    [`${call} arrived`, 0],
    [`${call} worked`, 1],
    [`${call} arrived`, 1],
    [`${call} worked`, 1],
  ]);
});
