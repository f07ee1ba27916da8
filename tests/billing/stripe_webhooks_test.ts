/** The webhook of Stripe: signed events are stored once, processed once, and all others are refused. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import { buy, planOf, signUp, storedSubscriptions, usageOf } from "../support/billing.ts";
import { startObservedHost } from "../support/observed_host.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import {
  connectSeller,
  countEvents,
  letTimePass,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { countPlanChanges, deliver, storedEvent, takeEvent } from "../support/stripe_events.ts";
import { until } from "../support/until.ts";

const SECRETS = ["whsec_new", "whsec_old"] as const;
const TRIAL = { status: "trial", tier: "starter", limit: 10 };
const STARTER = { status: "active", tier: "starter", limit: 100 };

let stack: TestStack;
const step = testOnOneStack("the webhook of Stripe", async () => {
  const environment = { STRIPE_WEBHOOK_SECRET: SECRETS.join(",") };
  stack = await startTestStack({ environment });
  stack.stripe.behaviour.autoSend = false;
  return stack;
}, () => {
  stack.stripe.faults.clear();
  stack.stripe.pendingEvents.splice(0);
});

/** Headers with Stripe's signature of a body. */
async function signed(
  payload: string,
  { secret = SECRETS[0] as string, age = 0 } = {},
): Promise<Record<string, string>> {
  const timestamp = Math.floor(Date.now() / 1000) - age;
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
    ...{ payload, secret, timestamp },
  });
  return { "content-type": "application/json", "stripe-signature": signature };
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
  method = "POST",
): Promise<number> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/stripe-webhooks`, {
    ...{ method, headers },
    ...(method !== "GET" && { body }),
  });
  const text = await response.text();
  assert.doesNotMatch(text, /whsec_|sub_|cus_/);
  return response.status;
}

step(
  "50 concurrent deliveries of one event: one row, one subscription, one release of held orders",
  async () => {
    const seller = await connectSeller(stack);
    for (let n = 0; n < 12; n++) {
      const order = stack.tiktok.addOrder({ shopId: seller.shopId });
      await stack.tiktok.send(stack.tiktok.notificationOf(order));
    }
    await settledEvents(stack);
    assert.equal((await usageOf(seller)).held, 2);
    const before = await countEvents(stack);
    await buy(stack, seller, "starter");
    const event = takeEvent(stack, "checkout.session.completed");
    const answers = await Promise.all(Array.from({ length: 50 }, () => stack.stripe.send(event)));
    assert.deepEqual(new Set(answers), new Set([200]));
    await until("the held orders are stored", async () => (await usageOf(seller)).used === 12);
    await settledEvents(stack);
    assert.equal(await countEvents(stack), before + 1);
    assert.deepEqual(await storedEvent(stack, event.id), {
      status: "done",
      reason: null,
      claims: 1,
    });
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    assert.equal(await countPlanChanges(stack, seller.id), 1);
    const [orders] = await stack.sql`
    select count(*)::int as rows, count(distinct tiktok_order_id)::int as orders
    from public.orders where user_id = ${seller.id}`;
    assert.deepEqual({ ...orders }, { rows: 12, orders: 12 });
    const [received] = await stack.sql`
    select count(*)::int as events from public.analytics_events
    where user_id = ${seller.id} and event_type = 'order_received'`;
    assert.equal(received?.events, 12);
  },
);

step("a handler that is killed before or after the commit: the effect happens once", async () => {
  await using host = await startObservedHost(stack);
  for (const phase of ["arrived", "executed"] as const) {
    const seller = await signUp(stack);
    await buy(stack, seller, "starter");
    const event = takeEvent(stack, "customer.subscription.created");
    let killed = false;
    host.observe = (call) => {
      if (killed || call.phase !== phase || !call.path.endsWith("/rpc/apply_subscriptions")) return;
      killed = true;
      host.kill();
      throw new Error("The caller was killed");
    };
    const body = JSON.stringify(event);
    const send = async () => {
      const init = { method: "POST", headers: await signed(body), body };
      const response = await host.fetch("/stripe-webhooks", init);
      await response.body?.cancel();
      return response.status;
    };
    await until("the host has stored the event", async () => await send() === 200);
    await until(`the host has reached "${phase}"`, () => Promise.resolve(killed));
    const isStored = phase === "executed";
    assert.deepEqual(await planOf(stack, seller), isStored ? STARTER : TRIAL);
    assert.equal((await storedEvent(stack, event.id)).status, isStored ? "done" : "processing");
    await host.restarted();
    // The lease of the killed handler has not ended.
    await runEventWorker(stack);
    assert.equal((await storedEvent(stack, event.id)).status, isStored ? "done" : "processing");
    await letTimePass(stack);
    await runEventWorker(stack);
    assert.equal((await storedEvent(stack, event.id)).status, "done");
    assert.deepEqual(await planOf(stack, seller), STARTER);
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    assert.equal(await countPlanChanges(stack, seller.id), 1);
  }
});

step("a webhook without a recent signature of Stripe is refused and not stored", async () => {
  const seller = await signUp(stack);
  await buy(stack, seller, "scale");
  const body = JSON.stringify(takeEvent(stack, "customer.subscription.created"));
  const before = await countEvents(stack);
  const good = await signed(body);
  const json = { "content-type": "application/json" };
  const [timestamp, hash] = (good["stripe-signature"] ?? "").split(",");
  const refused: [string, string, Record<string, string>][] = [
    ["another secret", body, await signed(body, { secret: "whsec_other" })],
    ["the secret without its prefix", body, await signed(body, { secret: "new" })],
    ["no header", body, json],
    ["an empty header", body, { ...json, "stripe-signature": "" }],
    ["no signature", body, { ...json, "stripe-signature": timestamp ?? "" }],
    ["no timestamp", body, { ...json, "stripe-signature": hash ?? "" }],
    ["another scheme", body, { ...json, "stripe-signature": `${timestamp},v0=${hash?.slice(3)}` }],
    ["another timestamp", body, { ...json, "stripe-signature": `t=1,${hash}` }],
    ["301 seconds", body, await signed(body, { age: 301 })],
    ["a changed body", body.replace("price_scale", "price_other"), good],
    ["a space more", `${body} `, good],
    ["nothing", "", good],
  ];
  for (const [name, text, headers] of refused) {
    assert.equal(await post(text, headers), 400, name);
  }
  const latin = Uint8Array.of(0x7b, 0xff, 0x7d);
  assert.equal(await post(latin, await signed("{\u{fffd}}")), 400, "no UTF-8");
  assert.equal(await countEvents(stack), before);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  // A signature is valid for 300 seconds: the same event is accepted.
  assert.equal(await post(body, await signed(body, { age: 290 })), 200);
  await settledEvents(stack);
  assert.equal((await planOf(stack, seller)).tier, "scale");
});

step(
  "a signed body that is not an event, or too long, or not a POST, is refused and not stored",
  async () => {
    const before = await countEvents(stack);
    const bodies = [
      "not json",
      "",
      "null",
      "[]",
      '"evt_1"',
      "{}",
      '{"id":"evt_1"}',
      '{"type":"invoice.paid"}',
      '{"id":1,"type":"invoice.paid"}',
      '{"id":"evt 1","type":"invoice.paid"}',
      `{"id":"${"e".repeat(256)}","type":"invoice.paid"}`,
      '{"id":"evt_1","type":"<b>"}',
    ];
    for (const body of bodies) assert.equal(await post(body, await signed(body)), 400, body);
    const long = JSON.stringify({ id: "evt_1", type: "invoice.paid", x: "x".repeat(1024 * 1024) });
    assert.equal(await post(long, await signed(long)), 413);
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      assert.equal(await post("{}", await signed("{}"), method), 405, method);
    }
    assert.equal(await countEvents(stack), before);
    // An event with odd data is accepted: Stripe need not send it again.
    const odd = '{"id":"evt_odd","type":"invoice.paid","data":{"object":{"id":7,"customer":[]}}}';
    assert.equal(await post(odd, await signed(odd)), 200);
    await settledEvents(stack);
    assert.equal((await storedEvent(stack, "evt_odd")).reason, "no_subscription_named");
  },
);

step("while the secret is being changed both secrets are accepted", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "starter");
  assert.equal(
    (await deliver(stack, stack.stripe.eventOf(id), { secret: SECRETS[1] })).status,
    "done",
  );
  assert.deepEqual(await planOf(stack, seller), STARTER);
  assert.equal(
    (await deliver(stack, stack.stripe.eventOf(id), { secret: SECRETS[0] })).status,
    "done",
  );
});
