/** The simulator's events: signed as Stripe signs, in any order, sent again, in two versions. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import Stripe from "stripe";
import { Caller, NOW, SECRET } from "../../../tests/support/stripe_caller.ts";
import type { StripeEvent } from "./objects.ts";

const UPDATED = "customer.subscription.updated";
const { StripeSignatureVerificationError } = Stripe.errors;

interface Received {
  text: string;
  signature: string;
}

/** A webhook endpoint. It answers 200, except for the given statuses of the first requests. */
function startReceiver(statuses: number[] = []) {
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

/** The event, if Stripe's own package accepts its signature. */
function verify(delivery: Received | undefined, secret = SECRET): Promise<Stripe.Event> {
  const { text = "", signature = "" } = delivery ?? {};
  const provider = Stripe.createSubtleCryptoProvider();
  return Stripe.webhooks.constructEventAsync(text, signature, secret, 300, provider, NOW);
}

function firstOf(events: StripeEvent[], type = UPDATED): StripeEvent {
  const event = events.find((candidate) => candidate.type === type);
  assert.ok(event, type);
  return event;
}

Deno.test("Stripe's package accepts the signature, and refuses another secret or body", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller({ ...receiver, autoSend: true });
  await caller.customer(null);
  await caller.simulator.settled();
  const [delivery] = receiver.received;
  assert.equal((await verify(delivery)).type, "customer.created");
  await assert.rejects(verify(delivery, "whsec_other"), StripeSignatureVerificationError);
  const changed = { signature: delivery?.signature ?? "", text: `${delivery?.text} ` };
  await assert.rejects(verify(changed), StripeSignatureVerificationError);
});

Deno.test("the signature is the HMAC-SHA256 of Stripe's documentation", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller({ ...receiver, autoSend: true });
  await caller.customer(null);
  await caller.simulator.settled();
  const [delivery] = receiver.received;
  const timestamp = NOW / 1000;
  const hash = createHmac("sha256", SECRET).update(`${timestamp}.${delivery?.text}`).digest("hex");
  assert.equal(delivery?.signature, `t=${timestamp},v1=${hash}`);
});

Deno.test("an event is a snapshot of its object, with the values before the change", async () => {
  await using caller = new Caller();
  const { simulator } = caller;
  const subscription = await caller.subscription({ metadata: { user_id: "1" } });
  const created = firstOf(simulator.pendingEvents, "customer.subscription.created");
  assert.deepEqual(
    [created.object, created.api_version, created.created, created.livemode],
    ["event", Stripe.API_VERSION, NOW / 1000, false],
  );
  assert.deepEqual(created.data.object, JSON.parse(JSON.stringify(subscription)));
  const { events } = await simulator.advance(subscription.id, "cancel_at_period_end");
  const { previous_attributes: previous } = firstOf(events).data;
  assert.deepEqual(previous, { cancel_at: null, cancel_at_period_end: false, canceled_at: null });
  // The earlier snapshot stays as it was.
  assert.equal(created.data.object.cancel_at_period_end, false);
});

Deno.test("with autoSend a change waits until each of its events is answered", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller({ ...receiver, autoSend: true });
  const { id } = await caller.subscription();
  const { events, answers } = await caller.simulator.advance(id, "renew");
  assert.ok(events.length > 0);
  assert.deepEqual(answers, events.map(() => 200));
});

Deno.test("pending events can be sent in any order and more than once", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller(receiver);
  const { simulator } = caller;
  const { id } = await caller.subscription();
  const { events, answers } = await simulator.advance(id, "payment_fails");
  assert.deepEqual([answers, receiver.received], [[], []]);
  const [older, newer] = events.filter(({ type }) => type === UPDATED);
  assert.ok(older && newer);
  for (const event of [newer, older, newer]) assert.equal(await simulator.send(event), 200);
  const received = await Promise.all(receiver.received.map((delivery) => verify(delivery)));
  assert.deepEqual(received.map((event) => event.id), [newer.id, older.id, newer.id]);
});

Deno.test("an event can have another secret, an old timestamp, another mode or account", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller(receiver);
  const { simulator } = caller;
  await caller.customer(null);
  const event = firstOf(simulator.pendingEvents, "customer.created");
  const last = () => verify(receiver.received.at(-1));
  await simulator.send(event, { secret: "whsec_other" });
  await assert.rejects(last(), /signature/i);
  await simulator.send(event, { timestamp: NOW / 1000 - 301 });
  await assert.rejects(last(), /tolerance/);
  await simulator.send(event, { livemode: true, account: "acct_other" });
  const { id, livemode, account } = await last();
  assert.deepEqual([id, livemode, account], [event.id, true, "acct_other"]);
});

Deno.test("a new event has the present state; a thin one only names the object", async () => {
  await using receiver = startReceiver();
  await using caller = new Caller(receiver);
  const { simulator } = caller;
  const { id } = await caller.subscription();
  await simulator.advance(id, "payment_fails");
  assert.equal(simulator.eventOf(id).data.object.status, "past_due");
  assert.equal(await simulator.sendThin("v1.customer.subscription.updated", id), 200);
  const thin = JSON.parse(receiver.received[0]?.text ?? "");
  assert.deepEqual(
    [thin.object, thin.related_object],
    ["v2.core.event", { id, type: "subscription", url: `/v1/subscriptions/${id}` }],
  );
  assert.throws(() => simulator.eventOf("sub_unknown"), /no subscription/);
  assert.throws(() => simulator.sendThin("v1.customer.deleted", "cus_unknown"), /cus_unknown/);
});

Deno.test("an event is sent again, with the same id, until it is received", async () => {
  await using receiver = startReceiver([500, 503]);
  await using caller = new Caller({ ...receiver, retryDelaysMs: [0, 0, 0] });
  const { simulator } = caller;
  await caller.customer(null);
  const event = firstOf(simulator.pendingEvents, "customer.created");
  assert.equal(await simulator.send(event), 500);
  while (receiver.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const received = await Promise.all(receiver.received.map((delivery) => verify(delivery)));
  assert.deepEqual(received.map(({ id }) => id), [event.id, event.id, event.id]);
});

Deno.test("the status of an unreachable endpoint is 0", async () => {
  await using caller = new Caller();
  await caller.customer(null);
  const event = firstOf(caller.simulator.pendingEvents, "customer.created");
  assert.equal(await caller.simulator.send(event), 0);
});

Deno.test("events have the shape of the API version that is set", async () => {
  await using caller = new Caller();
  const { simulator } = caller;
  const { id } = await caller.subscription();
  simulator.behaviour.apiVersion = "2024-06-20";
  const { events } = await simulator.advance(id, "renew");
  const { api_version, data } = firstOf(events);
  assert.equal(api_version, "2024-06-20");
  assert.equal(typeof data.object.current_period_end, "number");
  assert.equal(typeof data.previous_attributes?.current_period_end, "number");
  // deno-lint-ignore no-explicit-any -- the old shape has no types
  assert.ok(!("current_period_end" in (data.object as any).items.data[0]));
  const invoice = firstOf(events, "invoice.paid").data.object;
  assert.deepEqual([invoice.subscription, invoice.paid, "parent" in invoice], [id, true, false]);
  assert.match(String(invoice.payment_intent), /^pi_/);
});

Deno.test("with a live key objects and events are live", async () => {
  await using caller = new Caller({ secretKey: "sk_live_simulated0" });
  const { livemode } = await caller.subscription();
  assert.equal(livemode, true);
  assert.ok(caller.simulator.pendingEvents.every((event) => event.livemode));
});
