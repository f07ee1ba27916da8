/** Stripe's own client finds in the simulator what it knows of Stripe: objects, lists, refusals. */
import assert from "node:assert/strict";
import { Caller, KEY, NOW, refusalOf } from "../../../tests/support/stripe_caller.ts";

const SECONDS = NOW / 1000;

Deno.test("only the key is let in, as a Bearer token or as Basic's user", async () => {
  await using caller = new Caller();
  const refused = [
    "",
    "Bearer sk_test_another000",
    `Basic ${btoa("sk_test_another000:")}`,
    `Basic ${btoa(`${KEY}:password`)}`,
    "Basic %%%",
  ];
  for (const authorization of refused) {
    const response = await caller.fetch("POST", "/v1/customers", {}, { authorization });
    const { error } = await response.json();
    assert.deepEqual([response.status, error.type], [401, "invalid_request_error"], authorization);
    assert.ok(!error.message.includes("sk_test_another000"));
    assert.match(response.headers.get("request-id") ?? "", /^req_/);
  }
  assert.deepEqual([caller.simulator.calls, caller.counts().customers], [[], 0]);
  const basic = { authorization: `Basic ${btoa(`${KEY}:`)}` };
  const admitted = await caller.fetch("POST", "/v1/customers", {}, basic);
  assert.deepEqual([admitted.status, (await admitted.json()).object], [200, "customer"]);
  await (await caller.fetch("GET", "/v1/customers", undefined, basic)).body?.cancel();
  assert.deepEqual(caller.simulator.calls, ["POST /v1/customers", "GET /v1/customers"]);
});

Deno.test("what is not there is refused as Stripe does", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const missing = await refusalOf(client.subscriptions.retrieve("sub_unknown"));
  assert.deepEqual(
    [missing.statusCode, missing.type, missing.code, missing.param],
    [404, "StripeInvalidRequestError", "resource_missing", "id"],
  );
  assert.match(missing.message, /No such subscription: 'sub_unknown'/);
  assert.match(missing.requestId ?? "", /^req_/);
  const path = await refusalOf(client.rawRequest("GET", "/v1/unknown") as Promise<unknown>);
  assert.deepEqual([path.statusCode, path.rawType], [404, "invalid_request_error"]);
  const version = await caller.fetch("GET", "/v1/prices", undefined, {
    "stripe-version": "latest",
  });
  assert.equal(version.status, 400);
  assert.match((await version.json()).error.message, /Invalid Stripe API version/);
});

Deno.test("a customer is made, changed, found and deleted", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const made = await client.customers.create({
    email: "a@example.com",
    name: "Ada",
    metadata: { user_id: "u'1", plan: "none" },
  });
  assert.match(made.id, /^cus_/);
  assert.deepEqual([made.created, made.livemode, made.email], [SECONDS, false, "a@example.com"]);
  const changed = await client.customers.update(made.id, {
    email: "",
    metadata: { plan: "", region: "EU" },
  });
  assert.deepEqual([changed.email, changed.metadata], [null, { user_id: "u'1", region: "EU" }]);
  const event = simulator.pendingEvents.at(-1);
  assert.deepEqual(
    [event?.type, event?.data.previous_attributes],
    ["customer.updated", { email: "a@example.com", metadata: { plan: "none", region: null } }],
  );
  assert.deepEqual((await client.customers.update(made.id, { name: "Ada" })).name, "Ada");
  assert.deepEqual(caller.taken(), ["customer.created", "customer.updated"]);

  await client.customers.create({ email: "b@example.com", metadata: { user_id: "2" } });
  const search = async (query: string) =>
    (await client.customers.search({ query })).data.map(({ id }) => id);
  assert.deepEqual(await search("metadata['user_id']:'u\\'1'"), [made.id]);
  assert.deepEqual(await search(`metadata["region"]:"EU" AND name~"ad"`), [made.id]);
  assert.deepEqual(await search("metadata['user_id']:'u'"), []);
  assert.deepEqual(await search("email:'B@EXAMPLE.COM' AND -metadata['user_id']:'2'"), []);
  assert.equal((await search("email:'b@example.com' OR metadata['region']:'EU'")).length, 2);
  for (const query of ["metadata[user_id]:'1'", "email:'a' AND", "", "email>'a'"]) {
    assert.equal((await refusalOf(client.customers.search({ query }))).statusCode, 400, query);
  }
  simulator.behaviour.searchLagSeconds = 60;
  assert.deepEqual(await search("metadata['region']:'EU'"), []);
  caller.now += 60_000;
  assert.deepEqual(await search("metadata['region']:'EU'"), [made.id]);
  const listed = await client.customers.list({ email: "b@example.com" });
  assert.deepEqual(listed.data.map(({ email }) => email), ["b@example.com"]);

  assert.deepEqual((await client.customers.del(made.id)).deleted, true);
  const gone = await client.customers.retrieve(made.id);
  assert.deepEqual([gone.id, gone.deleted], [made.id, true]);
  assert.deepEqual(await search("metadata['region']:'EU'"), []);
  assert.equal((await client.customers.list()).data.length, 1);
  const calls = [() => client.customers.update(made.id, {}), () => client.customers.del(made.id)];
  for (const call of calls) assert.equal((await refusalOf(call())).code, "resource_missing");
});

Deno.test("the plans' prices are there from the start, under the ids of their maker", async () => {
  await using caller = new Caller({ prices: { growth: "price_of_growth" } });
  const { client } = caller;
  const { data } = await client.prices.list({ active: true, type: "recurring" });
  assert.deepEqual(
    data.map(({ id, lookup_key }) => [id, lookup_key]).reverse(),
    [["price_starter", "starter"], ["price_of_growth", "growth"], ["price_scale", "scale"]],
  );
  assert.deepEqual(caller.taken(), []);
  const product = await client.products.create({ name: "Extra", metadata: { a: "b" } });
  const price = await client.prices.create({
    product: product.id,
    currency: "USD",
    unit_amount: 500,
    recurring: { interval: "year" },
  });
  assert.deepEqual(
    [price.type, price.currency, price.recurring?.interval, price.recurring?.interval_count],
    ["recurring", "usd", "year", 1],
  );
  assert.equal((await client.prices.update(price.id, { active: false })).active, false);
  const before = caller.counts();
  const refusals: [() => Promise<unknown>, string][] = [
    [() => client.prices.create({ product: "prod_x", currency: "usd", unit_amount: 1 }), "product"],
    [() => client.prices.create({ product: product.id, currency: "usd" }), "unit_amount"],
    [() => client.products.create({ name: "" }), "name"],
    [() => caller.subscription({ items: [{ price: price.id }] }), "items[0][price]"],
    [() => client.prices.list({ limit: 101 }), "limit"],
  ];
  for (const [call, param] of refusals) assert.equal((await refusalOf(call())).param, param);
  const after = caller.counts();
  for (const kind of ["prices", "products", "subscriptions", "invoices"]) {
    assert.equal(after[kind], before[kind], kind);
  }
});

Deno.test("lists come in pages, newest first, both ways", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const ids: string[] = [];
  for (let index = 0; index < 25; index++) {
    ids.unshift((await client.customers.create({ name: `${index}` })).id);
    caller.now += 1000;
  }
  const first = await client.customers.list();
  assert.deepEqual([first.data.length, first.has_more, first.url], [10, true, "/v1/customers"]);
  const all: string[] = [];
  for await (const { id } of client.customers.list({ limit: 7 })) all.push(id);
  assert.deepEqual(all, ids);
  const back = await client.customers.list({ limit: 3, ending_before: ids[5] as string });
  assert.deepEqual([back.data.map(({ id }) => id), back.has_more], [ids.slice(2, 5), true]);
  const late = await client.customers.list({ created: { gte: SECONDS + 23 } });
  assert.deepEqual(late.data.map(({ id }) => id), ids.slice(0, 2));
  const exact = await client.customers.list({ created: SECONDS + 3 });
  assert.deepEqual(exact.data.map(({ name }) => name), ["3"]);
  const unknown = await refusalOf(client.customers.list({ starting_after: "cus_unknown" }));
  assert.deepEqual([unknown.code, unknown.param], ["resource_missing", "starting_after"]);
  const found = await client.customers.search({ query: "created>0", limit: 20 });
  assert.deepEqual([found.data.length, found.has_more], [20, true]);
  const rest = await client.customers.search({
    query: "created>0",
    limit: 20,
    page: found.next_page as string,
  });
  assert.deepEqual([...found.data, ...rest.data].map(({ id }) => id), ids);
});

Deno.test("cards are attached, made the default, and refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const customer = await caller.customer(null);
  const method = await client.paymentMethods.attach("pm_card_mastercard", {
    customer: customer.id,
  });
  assert.deepEqual([method.customer, method.card?.last4], [customer.id, "4444"]);
  const settings = { default_payment_method: method.id };
  const { invoice_settings } = await client.customers.update(customer.id, {
    invoice_settings: settings,
  });
  assert.equal(invoice_settings.default_payment_method, method.id);
  const other = await caller.customer(null);
  const stolen = await refusalOf(
    client.customers.update(other.id, { invoice_settings: settings }),
  );
  assert.equal(stolen.code, "resource_missing");
  const declined = await refusalOf(
    client.paymentMethods.attach("pm_card_visa_chargeDeclined", { customer: other.id }),
  );
  assert.deepEqual([declined.statusCode, declined.code], [402, "card_declined"]);
  assert.equal((await client.paymentMethods.list({ customer: other.id })).data.length, 0);
  assert.equal((await client.paymentMethods.list({ customer: customer.id })).data.length, 1);
  assert.equal((await client.paymentMethods.detach(method.id)).customer, null);
});

Deno.test("what is asked for is expanded, and what cannot be is refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const subscription = await caller.subscription({
    expand: ["latest_invoice.payments", "customer", "items.data.price.product"],
  });
  const invoice = subscription.latest_invoice;
  assert.ok(invoice && typeof invoice === "object");
  assert.equal(invoice.payments?.data[0]?.payment.type, "payment_intent");
  assert.ok(typeof subscription.customer === "object" && !subscription.customer.deleted);
  const product = subscription.items.data[0]?.price.product;
  assert.ok(typeof product === "object" && !product.deleted);
  assert.equal(product.name, "Starter");
  const plain = await client.subscriptions.retrieve(subscription.id);
  assert.deepEqual([typeof plain.customer, typeof plain.latest_invoice], ["string", "string"]);
  const customer = await client.customers.retrieve(plain.customer as string, {
    expand: ["subscriptions"],
  });
  assert.ok(!customer.deleted);
  assert.deepEqual(customer.subscriptions?.data.map(({ id }) => id), [subscription.id]);
  const list = await client.subscriptions.list({ expand: ["data.customer"] });
  assert.equal(typeof list.data[0]?.customer, "object");
  const unknown = client.subscriptions.retrieve(subscription.id, { expand: ["status"] });
  assert.match((await refusalOf(unknown)).message, /cannot be expanded \(status\)/);
});
