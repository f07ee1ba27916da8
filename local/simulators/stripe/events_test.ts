/** The simulator's events: signed by Stripe's own package, in any order, shape and number; and `/control`. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { Caller, KEY, NOW, SECRET } from "../../../tests/support/stripe_caller.ts";

const OLD_VERSION = "2024-06-20";

interface Received {
  text: string;
  signature: string;
}

/** Takes events, and answers them with 200 unless `statuses` has others. */
function receiver(statuses: number[] = []) {
  const received: Received[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const signature = request.headers.get("stripe-signature") ?? "";
      received.push({ signature, text: await request.text() });
      return new Response(null, { status: statuses.shift() ?? 200 });
    },
  );
  const webhookUrl = `http://127.0.0.1:${server.addr.port}/`;
  return { received, webhookUrl, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What our backend makes of an event. */
function verified(
  delivery: Received | undefined,
  secret = SECRET,
  at = NOW,
): Promise<Stripe.Event> {
  assert.ok(delivery);
  return Stripe.webhooks.constructEventAsync(
    delivery.text,
    delivery.signature,
    secret,
    300,
    Stripe.createSubtleCryptoProvider(),
    at,
  );
}

Deno.test("each change is sent by itself, signed, and can be read again", async () => {
  await using hooks = receiver();
  await using caller = new Caller({ ...hooks, autoSend: true });
  const { client, simulator } = caller;
  const subscription = await caller.subscription({ metadata: { user_id: "1" } });
  await simulator.settled();
  const events = await Promise.all(hooks.received.map((delivery) => verified(delivery)));
  const created = events.find(({ type }) => type === "customer.subscription.created");
  assert.ok(created);
  assert.deepEqual(
    [created.object, created.api_version, created.created, created.livemode],
    ["event", Stripe.API_VERSION, NOW / 1000, false],
  );
  assert.deepEqual(created.data.object, JSON.parse(JSON.stringify(subscription)));
  assert.match(created.request?.id ?? "", /^req_/);
  assert.equal(created.pending_webhooks, 1);
  assert.deepEqual(await client.events.retrieve(created.id), created);
  const listed = await client.events.list({ types: ["customer.subscription.*"] });
  assert.deepEqual(listed.data.map(({ id }) => id), [created.id]);

  const { events: renewal, answers } = await simulator.advance(subscription.id, "renew");
  assert.deepEqual(answers, renewal.map(() => 200));
  const last = hooks.received.at(-1);
  await assert.rejects(
    verified(last, "whsec_other"),
    Stripe.errors.StripeSignatureVerificationError,
  );
  await assert.rejects(
    verified(
      last && { ...last, text: `${last.text} ` },
    ),
    Stripe.errors.StripeSignatureVerificationError,
  );
});

Deno.test("held back events come in any order, twice, late, spoiled, or never", async () => {
  await using hooks = receiver();
  await using caller = new Caller(hooks);
  const { simulator } = caller;
  const { id } = await caller.subscription();
  const { events, answers } = await simulator.advance(id, "payment_fails");
  assert.deepEqual([answers, hooks.received], [[], []]);
  const [older, newer] = events.filter(({ type }) => type === "customer.subscription.updated");
  assert.ok(older && newer);
  assert.deepEqual(
    [await simulator.send(newer), await simulator.send(older), await simulator.send(newer)],
    [200, 200, 200],
  );
  const seen = await Promise.all(hooks.received.map((delivery) => verified(delivery)));
  assert.deepEqual(seen.map((event) => event.id), [newer.id, older.id, newer.id]);
  assert.deepEqual(newer.data.previous_attributes, { status: "active" });

  await simulator.send(newer, { secret: "whsec_other" });
  await assert.rejects(verified(hooks.received.at(-1)), /signature/i);
  await simulator.send(newer, { timestamp: NOW / 1000 - 301 });
  await assert.rejects(verified(hooks.received.at(-1)), /tolerance/);
  await simulator.send(newer, { livemode: true, account: "acct_other" });
  const foreign = await verified(hooks.received.at(-1));
  assert.deepEqual([foreign.livemode, foreign.account, foreign.id], [true, "acct_other", newer.id]);

  const present = simulator.eventOf(id);
  assert.notEqual(present.id, newer.id);
  assert.equal(present.data.object.status, "past_due");
  assert.equal(await simulator.sendThin("v1.customer.subscription.updated", id), 200);
  const thin = JSON.parse(hooks.received.at(-1)?.text ?? "");
  assert.deepEqual(
    [thin.object, thin.related_object],
    ["v2.core.event", { id, type: "subscription", url: `/v1/subscriptions/${id}` }],
  );
  assert.throws(() => simulator.eventOf("sub_unknown"), /no subscription/);
  assert.throws(() => simulator.sendThin("v1.customer.deleted", "cus_unknown"), /cus_unknown/);
});

Deno.test("what was not received is sent again, with the same id, until it is", async () => {
  await using hooks = receiver([500, 503]);
  await using caller = new Caller({ ...hooks, retryDelaysMs: [0, 0, 0] });
  const { simulator } = caller;
  await caller.customer(null);
  const [event] = simulator.pendingEvents;
  assert.ok(event);
  assert.equal(await simulator.send(event), 500);
  while (hooks.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const seen = await Promise.all(hooks.received.map((delivery) => verified(delivery)));
  assert.deepEqual(seen.map(({ id }) => id), [event.id, event.id, event.id]);
  await using nobody = new Caller();
  assert.equal(await nobody.simulator.send(event), 0);
});

Deno.test("endpoints that are added get what they want, with their own secret", async () => {
  await using own = receiver();
  await using other = receiver();
  await using caller = new Caller({ ...own, autoSend: true, enabledEvents: ["customer.deleted"] });
  const { client, simulator } = caller;
  const { id, secret } = await client.webhookEndpoints.create({
    url: other.webhookUrl,
    enabled_events: ["customer.created"],
  });
  assert.ok(secret);
  const customer = await caller.customer(null);
  await client.customers.del(customer.id);
  await simulator.settled();
  assert.equal((await verified(other.received[0], secret)).type, "customer.created");
  assert.equal((await verified(own.received[0])).type, "customer.deleted");
  assert.deepEqual([own.received.length, other.received.length], [1, 1]);
  assert.equal((await client.webhookEndpoints.retrieve(id)).secret, undefined);
  assert.equal((await client.webhookEndpoints.del(id)).deleted, true);
  assert.equal((await client.webhookEndpoints.list()).data.length, 0);
});

Deno.test("objects and events have the shape of the version that is asked for", async () => {
  await using caller = new Caller({ secretKey: "sk_live_simulated0" });
  const { simulator } = caller;
  const old = caller.clientWith({ key: "sk_live_simulated0", apiVersion: OLD_VERSION } as never);
  const made = await caller.subscription();
  assert.ok(made.livemode);
  // deno-lint-ignore no-explicit-any -- the old shape has no types any more
  const before = await old.subscriptions.retrieve(made.id, { expand: ["latest_invoice"] }) as any;
  assert.equal(before.current_period_end, made.items.data[0]?.current_period_end);
  assert.ok(!("current_period_end" in before.items.data[0]));
  assert.deepEqual(
    [
      before.latest_invoice.subscription,
      before.latest_invoice.paid,
      "parent" in before.latest_invoice,
    ],
    [made.id, true, false],
  );
  assert.match(before.latest_invoice.charge, /^ch_/);
  assert.match(before.latest_invoice.payment_intent, /^pi_/);

  const { events } = await simulator.advance(made.id, "renew");
  assert.ok(
    events.every(({ livemode, api_version }) => livemode && api_version === Stripe.API_VERSION),
  );
  simulator.behaviour.apiVersion = OLD_VERSION;
  const { events: older } = await simulator.advance(made.id, "renew");
  const updated = older.find(({ type }) => type === "customer.subscription.updated");
  assert.equal(updated?.api_version, OLD_VERSION);
  assert.equal(typeof updated?.data.object.current_period_end, "number");
  assert.equal(typeof updated?.data.previous_attributes?.current_period_end, "number");
  const paid = older.find(({ type }) => type === "invoice.paid");
  assert.equal(paid?.data.object.subscription, made.id);
  // A call that names no version gets the account's.
  const headers = { authorization: "Bearer sk_live_simulated0" };
  const plain = await caller.fetch("GET", `/v1/subscriptions/${made.id}`, undefined, headers);
  assert.equal(typeof (await plain.json()).current_period_end, "number");
});

Deno.test("the journal survives a restart: subscriptions, events, answers", async () => {
  const journalPath = await Deno.makeTempFile();
  const key = { idempotencyKey: "key-1" };
  const live = async () => {
    await using caller = new Caller({ journalPath });
    const { id, customer } = await caller.subscription();
    await caller.client.customers.update(String(customer), { name: "Ada" }, key);
    await caller.simulator.advance(id, "renew");
    return { id, customer: String(customer) };
  };
  const { id, customer } = await live();
  await Deno.writeTextFile(journalPath, `["subscriptions","${id}`, { append: true });
  await using caller = new Caller({ journalPath });
  const { client, simulator } = caller;
  const subscription = await client.subscriptions.retrieve(id);
  assert.equal(subscription.status, "active");
  const again = await client.customers.update(customer, { name: "Ada" }, key);
  assert.equal(again.name, "Ada");
  assert.deepEqual(caller.taken(), []);
  assert.equal((await client.invoices.list({ subscription: id })).data.length, 2);
  assert.equal((await client.prices.list()).data.length, 3);
  assert.ok((await client.events.list({ type: "invoice.paid" })).data.length === 2);
  const { subscription: renewed } = await simulator.advance(id, "renew");
  const [item] = subscription.items.data;
  assert.equal(renewed.items.data[0]?.current_period_start, item?.current_period_end);
  await Deno.remove(journalPath);
});

Deno.test("/control changes subscriptions, events, behaviour and faults, and refuses clearly what it cannot", async () => {
  await using hooks = receiver();
  await using caller = new Caller({ ...hooks, autoSend: true });
  const { simulator } = caller;
  const { id, customer } = await caller.subscription();
  const control = async (path: string, body: unknown = {}, method = "POST") => {
    const response = await fetch(`${caller.url}/control${path}`, {
      method,
      ...(method === "POST" && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  const { body: help } = await control("", undefined, "GET");
  assert.ok("POST /control/subscriptions/:id" in help.control && "renew" in help.changes);
  assert.deepEqual(help.subscriptions.map((entry: { id: string }) => entry.id), [id]);
  assert.deepEqual(help.customers.map((entry: { id: string }) => entry.id), [customer]);

  const changed = await control(`/subscriptions/${id}`, {
    change: "change_price",
    price: "price_scale",
  });
  assert.deepEqual(changed.body.subscription.prices, ["price_scale"]);
  assert.deepEqual(new Set(changed.body.answers), new Set([200]));
  const failed = await control(`/subscriptions/${id}`, { change: "payment_fails" });
  assert.equal(failed.body.subscription.status, "past_due");
  const event = failed.body.events.at(-1);
  assert.equal(event.type, "customer.subscription.updated");
  const sent = await control(`/events/${event.id}/send`, { deliveries: 2 });
  assert.deepEqual(sent.body, { event_id: event.id, answers: [200, 200] });
  await control(`/events/${event.id}/send`, { secret: "whsec_other" });
  await assert.rejects(verified(hooks.received.at(-1)), /signature/i);
  const present = await control(`/subscriptions/${id}/event`);
  assert.equal((await verified(hooks.received.at(-1))).id, present.body.event_id);
  const behaviour = { auto_send: false, api_version: OLD_VERSION, search_lag_seconds: 1 };
  assert.deepEqual((await control("/behaviour", behaviour)).body, {
    autoSend: false,
    apiVersion: OLD_VERSION,
    searchLagSeconds: 1,
  });
  assert.equal((await control("/faults", { kind: "internal", path: "/v1/" })).status, 201);
  const spoiled = await caller.fetch("GET", "/v1/prices");
  assert.deepEqual([spoiled.status, (await spoiled.json()).error.type], [500, "api_error"]);
  assert.equal((await control("/faults", undefined, "DELETE")).status, 204);
  const right = await caller.fetch("GET", "/v1/prices", undefined, {
    authorization: `Bearer ${KEY}`,
  });
  await right.body?.cancel();
  assert.equal(right.status, 200);

  const before = caller.counts();
  const refused: [string, unknown, number][] = [
    ["/subscriptions/sub_unknown", { change: "renew" }, 404],
    ["/subscriptions/sub_unknown/event", {}, 404],
    ["/events/evt_unknown/send", {}, 404],
    [`/subscriptions/${id}`, { change: "explode" }, 400],
    [`/subscriptions/${id}`, { change: "resume" }, 400],
    [`/subscriptions/${id}`, { change: "change_price" }, 400],
    [`/subscriptions/${id}`, { change: "change_price", price: "price_x" }, 400],
    ["/behaviour", { api_version: "latest" }, 400],
    ["/faults", { kind: "later" }, 400],
  ];
  for (const [path, body, status] of refused) {
    const answer = await control(path, body);
    assert.equal(answer.status, status, path);
    assert.ok(answer.body.error, path);
  }
  assert.deepEqual(caller.counts(), before);
  assert.equal(simulator.state.get("subscriptions", id)?.status, "past_due");
});
