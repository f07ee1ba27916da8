/** Idempotency-Key: one execution and one answer for a key, whatever happens to the answer. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, errorOf } from "../../../tests/support/stripe_caller.ts";
import { until } from "../../../tests/support/until.ts";

const DAY_MS = 24 * 3600 * 1000;

function headerOf({ lastResponse }: Stripe.Response<unknown>, name: string): string | null {
  return new Headers(lastResponse.headers).get(name);
}

function replayed(response: Stripe.Response<unknown>): string | null {
  return headerOf(response, "idempotent-replayed");
}

Deno.test("the same key and parameters repeat the answer for 24 hours", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const key = { idempotencyKey: "key-1" };
  const first = await client.customers.create({ name: "Ada" }, key);
  caller.now += DAY_MS - 1;
  const again = await client.customers.create({ name: "Ada" }, key);
  assert.equal(again.id, first.id);
  assert.deepEqual([first, again].map(replayed), [null, "true"]);
  assert.equal(headerOf(again, "original-request"), first.lastResponse.requestId);
  assert.deepEqual([caller.counts().customers, caller.takeTypes()], [1, ["customer.created"]]);
  caller.now += 1;
  assert.notEqual((await client.customers.create({ name: "Bob" }, key)).id, first.id);
});

Deno.test("the same key with other parameters or another endpoint is refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const key = { idempotencyKey: "key-1" };
  await client.customers.create({ name: "Ada" }, key);
  const other = await errorOf(client.customers.create({ name: "Bob" }, key));
  assert.deepEqual([other.statusCode, other.type], [400, "StripeIdempotencyError"]);
  const path = await errorOf(client.products.create({ name: "Ada" }, key));
  assert.equal(path.rawType, "idempotency_error");
  assert.equal(caller.counts().customers, 1);
});

Deno.test("a 4xx of the execution is repeated", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const attach = () =>
    errorOf(client.paymentMethods.attach("pm_card_visa", { customer: "cus_unknown" }, {
      idempotencyKey: "key-1",
    }));
  const [first, again] = [await attach(), await attach()];
  assert.deepEqual([first.code, again.code], ["resource_missing", "resource_missing"]);
  assert.equal(again.headers?.["idempotent-replayed"], "true");
});

Deno.test("the refusal of a parameter is not saved: the key can be used again", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const key = { idempotencyKey: "key-1" };
  const refused = await errorOf(client.products.create({ name: "" }, key));
  assert.equal(refused.code, "parameter_missing");
  assert.equal((await client.products.create({ name: "Extra" }, key)).name, "Extra");
});

Deno.test("a key has at most 255 characters", async () => {
  await using caller = new Caller();
  const create = (length: number) =>
    caller.client.customers.create({}, { idempotencyKey: "k".repeat(length) });
  assert.equal((await create(255)).object, "customer");
  assert.equal((await errorOf(create(256))).statusCode, 400);
  assert.equal(caller.counts().customers, 1);
});

Deno.test("while a call runs, another one with its key is refused", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const { faults } = simulator;
  faults.add({ kind: "delay", delayMs: 60_000, count: 1 });
  const key = { idempotencyKey: "key-1" };
  const slow = client.customers.create({ name: "Ada" }, key);
  await until("the call runs", () => Promise.resolve(faults.spoiled.get("delay") === 1));
  const early = await errorOf(client.customers.create({ name: "Ada" }, key));
  assert.deepEqual([early.statusCode, early.code], [409, "idempotency_key_in_use"]);
  faults.close();
  const { id } = await slow;
  assert.equal((await client.customers.create({ name: "Ada" }, key)).id, id);
  assert.equal(caller.counts().customers, 1);
});

Deno.test("20 calls at once with one key create one customer, and each gets it", async () => {
  await using caller = new Caller();
  const client = caller.clientWith({ maxNetworkRetries: 10 });
  const key = { idempotencyKey: "key-1" };
  const made = await Promise.all(
    Array.from({ length: 20 }, () => client.customers.create({ name: "Ada" }, key)),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  assert.deepEqual([caller.counts().customers, caller.takeTypes()], [1, ["customer.created"]]);
});

Deno.test("an internal error is repeated for 24 hours: only another key works", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  simulator.faults.add({ method: "POST", path: "/v1/customers", kind: "internal", count: 1 });
  const create = (idempotencyKey: string) =>
    client.customers.create({ name: "Ada" }, { idempotencyKey });
  const first = await errorOf(create("key-1"));
  caller.now += DAY_MS - 1;
  const again = await errorOf(create("key-1"));
  assert.deepEqual([first.statusCode, again.statusCode], [500, 500]);
  assert.deepEqual(
    [first, again].map(({ headers }) => headers?.["idempotent-replayed"]),
    [undefined, "true"],
  );
  assert.equal(caller.counts().customers ?? 0, 0);
  await create("key-2");
  caller.now += 1;
  await create("key-1");
  assert.equal(caller.counts().customers, 2);
});

Deno.test("the refusal of an inactive price is repeated for 24 hours, and the price sells again afterwards", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const customer = await caller.customer();
  const open = (idempotencyKey: string) =>
    client.checkout.sessions.create({
      mode: "subscription",
      customer: customer.id,
      line_items: [{ price: "price_growth", quantity: 1 }],
      success_url: "https://app.example/",
    }, { idempotencyKey });
  await client.prices.update("price_growth", { active: false });
  assert.match((await errorOf(open("key-1"))).message, /^The price specified is inactive/);
  await client.prices.update("price_growth", { active: true });
  assert.match((await errorOf(open("key-1"))).message, /^The price specified is inactive/);
  assert.equal((await open("key-2")).status, "open");
});

Deno.test("a lost answer comes with the next call of the same key", async () => {
  for (const kind of ["lost", "not_json", "truncated", "html", "rate_limit"] as const) {
    await using caller = new Caller();
    const { client, simulator } = caller;
    simulator.faults.add({ method: "POST", path: "/v1/customers", kind, count: 1 });
    const key = { idempotencyKey: "key-1" };
    await assert.rejects(client.customers.create({ name: "Ada" }, key), kind);
    const isCreated = ["lost", "not_json", "truncated"].includes(kind);
    assert.equal(caller.counts().customers, isCreated ? 1 : 0, kind);
    const again = await client.customers.create({ name: "Ada" }, key);
    assert.equal(replayed(again), isCreated ? "true" : null, kind);
    assert.deepEqual([caller.counts().customers, simulator.faults.spoiled.get(kind)], [1, 1]);
  }
});

Deno.test("an observer runs before and after the execution, and can replace both answers", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const observed: [string, number | undefined][] = [];
  simulator.faults.observe = ({ method, path, phase }) => {
    observed.push([`${method} ${path} ${phase}`, caller.counts().customers]);
    if (phase === "executed" && observed.length === 2) throw new Error("killed");
  };
  const key = { idempotencyKey: "key-1" };
  const killed = await errorOf(client.customers.create({}, key));
  assert.deepEqual([killed.statusCode, killed.type], [500, "StripeAPIError"]);
  await client.customers.create({}, key);
  const call = "POST /v1/customers";
  assert.deepEqual(observed, [
    [`${call} arrived`, 0],
    [`${call} executed`, 1],
    [`${call} arrived`, 1],
    [`${call} executed`, 1],
  ]);
});
