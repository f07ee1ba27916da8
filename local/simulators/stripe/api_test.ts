/** Stripe's client with the simulator: keys, errors, customers, prices, lists and cards. */
import assert from "node:assert/strict";
import { Caller, errorOf, KEY, NOW } from "../../../tests/support/stripe_caller.ts";

const SECONDS = NOW / 1000;

Deno.test("a call needs the key as a Bearer token", async () => {
  await using caller = new Caller();
  for (const authorization of ["", "Bearer sk_test_another000", `Basic ${btoa(`${KEY}:`)}`]) {
    const response = await caller.fetch("POST", "/v1/customers", {}, { authorization });
    const { error } = await response.json();
    assert.deepEqual([response.status, error.type], [401, "invalid_request_error"], authorization);
    assert.ok(!error.message.includes("sk_test_another000"));
    assert.match(response.headers.get("request-id") ?? "", /^req_/);
  }
  assert.deepEqual([caller.simulator.calls, caller.counts().customers], [[], 0]);
  await (await caller.fetch("POST", "/v1/customers", {})).body?.cancel();
  assert.deepEqual(caller.simulator.calls, ["POST /v1/customers"]);
});

Deno.test("unknown objects, paths and parameters are refused as Stripe refuses them", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const missing = await errorOf(client.subscriptions.retrieve("sub_unknown"));
  assert.deepEqual(
    [missing.statusCode, missing.type, missing.code, missing.param],
    [404, "StripeInvalidRequestError", "resource_missing", "id"],
  );
  assert.match(missing.message, /No such subscription: 'sub_unknown'/);
  assert.match(missing.requestId ?? "", /^req_/);
  const path = await errorOf(client.rawRequest("GET", "/v1/unknown") as Promise<unknown>);
  assert.deepEqual([path.statusCode, path.rawType], [404, "invalid_request_error"]);
  const parameter = await errorOf(client.customers.create({ nickname: "Ada" } as never));
  assert.deepEqual(
    [parameter.statusCode, parameter.code, parameter.param],
    [400, "parameter_unknown", "nickname"],
  );
  assert.equal(caller.counts().customers, 0);
});

Deno.test("an unknown parameter inside another one is refused, with its whole name, and nothing is made", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer();
  const { id } = await caller.subscription({ customer });
  const before = caller.counts();
  const session = {
    ...{ mode: "subscription", customer, success_url: "https://app.example/" } as const,
    line_items: [{ price: "price_starter", quantity: 1 }],
  };
  const refused: [param: string, call: Promise<unknown>][] = [
    [
      "subscription_data[trial_period_days]",
      client.checkout.sessions.create({ ...session, subscription_data: { trial_period_days: 14 } }),
    ],
    [
      "line_items[0][tax_rates][0]",
      client.checkout.sessions.create({
        ...session,
        line_items: [{ ...session.line_items[0], tax_rates: ["txr_1"] }],
      }),
    ],
    [
      "invoice_settings[footer]",
      client.customers.update(customer, { invoice_settings: { footer: "Bye" } }),
    ],
    [
      "items[0][quantity]",
      client.subscriptions.update(id, { items: [{ id: "si_1", quantity: 2 }] }),
    ],
    [
      "recurring[interval_count]",
      client.prices.create({
        ...{ product: "prod_starter", currency: "usd", unit_amount: 100 },
        recurring: { interval: "month", interval_count: 3 },
      }),
    ],
  ];
  for (const [param, call] of refused) {
    const error = await errorOf(call);
    assert.deepEqual([error.statusCode, error.code, error.param], [
      ...[400, "parameter_unknown", param],
    ]);
  }
  assert.deepEqual(caller.counts(), before);
});

Deno.test("wrong addresses, metadata over Stripe's limits, and a wrong version are refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer();
  const before = caller.counts();
  const session = (success_url: string) =>
    client.checkout.sessions.create({
      ...{ mode: "subscription", customer, success_url } as const,
      line_items: [{ price: "price_starter", quantity: 1 }],
    });
  const portal = client.billingPortal.sessions.create({ customer, return_url: "app.example" });
  for (const call of [session("/app"), session("app.example/app"), session("ftp://a/"), portal]) {
    const { statusCode, code } = await errorOf(call);
    assert.deepEqual([statusCode, code], [400, "url_invalid"]);
  }
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`key_${n}`, "x"]));
  const metadata = [{ ["k".repeat(41)]: "x" }, { plan: "x".repeat(501) }, many];
  for (const given of metadata) {
    const error = await errorOf(client.customers.update(customer, { metadata: given }));
    assert.deepEqual([error.statusCode, error.type], [400, "StripeInvalidRequestError"]);
  }
  const response = await caller.fetch("POST", "/v1/customers", {}, { "stripe-version": "newest" });
  assert.equal(response.status, 400);
  assert.match((await response.json()).error.message, /Stripe API version/);
  assert.deepEqual(caller.counts(), before);
});

Deno.test("a customer is created and updated; an event has the earlier values", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const made = await client.customers.create({
    email: "a@example.com",
    metadata: { user_id: "1", plan: "none" },
  });
  assert.match(made.id, /^cus_/);
  assert.deepEqual([made.created, made.livemode, made.email], [SECONDS, false, "a@example.com"]);
  const changed = await client.customers.update(made.id, {
    email: "b@example.com",
    metadata: { plan: "", region: "EU" },
  });
  assert.deepEqual(
    [changed.email, changed.metadata],
    ["b@example.com", { user_id: "1", region: "EU" }],
  );
  const event = simulator.pendingEvents.at(-1);
  assert.deepEqual(event?.data.previous_attributes, {
    email: "a@example.com",
    metadata: { plan: "none", region: null },
  });
  await client.customers.update(made.id, { email: "b@example.com" });
  assert.deepEqual(caller.takeTypes(), ["customer.created", "customer.updated"]);
});

Deno.test("an e-mail address that Stripe calls invalid is refused, and an empty one cannot remove it", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id } = await client.customers.create({ email: "ada+shop@mail.example.com" });
  const refused = ["ada", "ada@localhost", "ada@com", " ada@example.com", "adá@example.com"];
  const codes = new Map(refused.map((email) => [email, "email_invalid"]));
  for (const [email, code] of codes.set("", "parameter_invalid_empty")) {
    const create = () => client.customers.create({ email });
    const update = () => client.customers.update(id, { email });
    for (const call of [create, update]) {
      const { statusCode, type, code: found, param } = await errorOf(call());
      assert.deepEqual([statusCode, type], [400, "StripeInvalidRequestError"]);
      assert.deepEqual([found, param], [code, "email"], email);
    }
  }
  assert.equal(
    (await client.customers.retrieve(id) as { email: string }).email,
    "ada+shop@mail.example.com",
  );
  assert.equal(caller.counts().customers, 1);
});

Deno.test("customers are searched by metadata, exactly; other queries are refused", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const made = await client.customers.create({ metadata: { user_id: "u'1" } });
  await client.customers.create({ metadata: { user_id: "2" } });
  const search = async (query: string) =>
    (await client.customers.search({ query })).data.map(({ id }) => id);
  assert.deepEqual(await search("metadata['user_id']:'u\\'1'"), [made.id]);
  assert.deepEqual(await search('metadata["user_id"]:"u\'1"'), [made.id]);
  assert.deepEqual(await search("metadata['user_id']:'u'"), []);
  for (const query of ["metadata[user_id]:'1'", "email:'a'", "metadata['a']:'1' AND", ""]) {
    assert.equal((await errorOf(client.customers.search({ query }))).statusCode, 400, query);
  }
});

Deno.test("a deleted customer answers to its id, and takes no other call", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id } = await client.customers.create({ metadata: { user_id: "1" } });
  assert.equal((await client.customers.del(id)).deleted, true);
  const deleted = await client.customers.retrieve(id);
  assert.deepEqual([deleted.id, deleted.deleted], [id, true]);
  const { data } = await client.customers.search({ query: "metadata['user_id']:'1'" });
  assert.deepEqual(data, []);
  for (const call of [client.customers.update(id, {}), client.customers.del(id)]) {
    assert.equal((await errorOf(call)).code, "resource_missing");
  }
});

Deno.test("with a customer end its subscriptions; those of others stay", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id, customer } = await caller.subscription();
  const other = await caller.subscription();
  caller.takeTypes();
  await client.customers.del(customer as string);
  assert.deepEqual(caller.takeTypes(), [
    "customer.subscription.deleted",
    "payment_method.detached",
    "customer.deleted",
  ]);
  assert.equal((await client.subscriptions.retrieve(id)).status, "canceled");
  assert.equal((await client.subscriptions.retrieve(other.id)).status, "active");
});

Deno.test("the prices of the plans exist from the start, under the given ids", async () => {
  await using caller = new Caller({ prices: { growth: "price_of_growth" } });
  const prices = caller.simulator.state.all("prices");
  assert.deepEqual(
    prices.map(({ id, nickname, unit_amount }) => [id, nickname, unit_amount]),
    [
      ["price_starter", "Starter", 2900],
      ["price_of_growth", "Growth", 7900],
      ["price_scale", "Scale", 19_900],
    ],
  );
  assert.equal((await caller.client.prices.retrieve("price_of_growth")).unit_amount, 7900);
  await assert.rejects(caller.client.prices.retrieve("price_growth"), { code: "resource_missing" });
  assert.deepEqual(caller.takeTypes(), []);
});

Deno.test("products and prices are created; a wrong parameter is named", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: product } = await client.products.create({ name: "Extra" });
  const price = await client.prices.create({
    ...{ product, currency: "USD", unit_amount: 500 },
    recurring: { interval: "month" },
  });
  assert.deepEqual([price.type, price.currency, price.unit_amount], ["recurring", "usd", 500]);
  const before = caller.counts();
  const refused: [Promise<unknown>, string][] = [
    [client.prices.create({ product: "prod_x", currency: "usd", unit_amount: 1 }), "product"],
    [client.prices.create({ product, currency: "usd" }), "unit_amount"],
    [client.prices.create({ product, currency: "dollar", unit_amount: 1 }), "currency"],
    [client.products.create({ name: "" }), "name"],
  ];
  for (const [call, param] of refused) assert.equal((await errorOf(call)).param, param);
  assert.deepEqual(caller.counts(), before);
});

Deno.test("subscriptions are listed by customer and status", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const first = await caller.subscription();
  const customer = first.customer as string;
  const second = await caller.subscription({ customer, items: [{ price: "price_growth" }] });
  const other = await caller.subscription();
  await client.subscriptions.cancel(second.id);
  const list = async (params: Parameters<typeof client.subscriptions.list>[0]) =>
    (await client.subscriptions.list(params)).data.map(({ id }) => id);
  assert.deepEqual(await list({ customer }), [first.id]);
  assert.deepEqual(await list({ customer, status: "all" }), [second.id, first.id]);
  assert.deepEqual(await list({ status: "canceled" }), [second.id]);
  assert.deepEqual(await list({ limit: 1, starting_after: other.id }), [first.id]);
  const unknown = await errorOf(client.subscriptions.list({ customer: "cus_x" }));
  assert.equal(unknown.param, "customer");
});

Deno.test("lists have pages of up to 100, newest first", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer();
  const ids: string[] = [];
  for (let n = 0; n < 25; n++) {
    const items = [{ price: "price_starter" }];
    ids.unshift((await client.subscriptions.create({ customer, items })).id);
  }
  const first = await client.subscriptions.list();
  assert.deepEqual([first.data.length, first.has_more, first.url], [10, true, "/v1/subscriptions"]);
  const all: string[] = [];
  for await (const { id } of client.subscriptions.list({ limit: 7 })) all.push(id);
  assert.deepEqual(all, ids);
  const unknown = await errorOf(client.subscriptions.list({ starting_after: "sub_unknown" }));
  assert.deepEqual([unknown.code, unknown.param], ["resource_missing", "starting_after"]);
  for (const limit of [0, 101]) {
    assert.equal((await errorOf(client.subscriptions.list({ limit }))).param, "limit");
  }
});

Deno.test("a card is attached to one customer, and only its own default", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer(null);
  const method = await client.paymentMethods.attach("pm_card_visa", { customer });
  assert.deepEqual([method.customer, method.card?.last4], [customer, "4242"]);
  const settings = { invoice_settings: { default_payment_method: method.id } };
  const { invoice_settings } = await client.customers.update(customer, settings);
  assert.equal(invoice_settings.default_payment_method, method.id);
  const { id: other } = await caller.customer(null);
  const refused = [
    client.customers.update(other, settings),
    client.paymentMethods.attach(method.id, { customer: other }),
  ];
  const codes = await Promise.all(refused.map(async (call) => (await errorOf(call)).code));
  assert.deepEqual(codes, ["resource_missing", "payment_method_unexpected_state"]);
});

Deno.test("a card that is declined is not attached, and no customer is created with it", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer(null);
  const declined = "pm_card_visa_chargeDeclined";
  const refused = await errorOf(client.paymentMethods.attach(declined, { customer }));
  assert.deepEqual([refused.statusCode, refused.code], [402, "card_declined"]);
  assert.equal((await errorOf(caller.customer(declined))).code, "card_declined");
  assert.equal(caller.counts().customers, 1);
});
