/** Stripe's checkout and portal: who gets which page, and what stays unchanged if it fails. */
import assert from "node:assert/strict";
import refused from "../fixtures/reported/02-refused-create-pins-the-key.json" with {
  type: "json",
};
import {
  assertNoSecretLogged,
  buy,
  callBilling,
  customerOf,
  payAndSettle,
  payCheckout,
  planOf,
  signUp,
  storedSubscriptions,
  stripeOf,
  subscribeAtStripe,
  subscriptionsOf,
} from "../support/billing.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { runEventWorker, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const LIMITS = { starter: 100, growth: 500, scale: 999999 } as const;
const PLANS = ["starter", "growth", "scale"] as const;

let stack: TestStack;
const step = testOnOneStack(
  "checkout and portal",
  async () => stack = await borrowStack(),
  () => {
    stack.stripe.faults.clear();
    stack.stripe.behaviour.autoSend = true;
    stack.stripe.behaviour.portalConfigured = true;
  },
);

/** Number of objects at Stripe: a refused request adds none. */
function countObjects(): Record<string, number> {
  const { state } = stack.stripe;
  const kinds = ["customers", "subscriptions", "checkoutSessions", "portalSessions"] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, state.all(kind).length]));
}

function sessionsOf(customerId: string) {
  return stack.stripe.state.all("checkoutSessions").filter((s) => s.customer === customerId);
}

step(
  "a checkout of each plan sells its configured price to the seller's own customer",
  async () => {
    for (const plan of PLANS) {
      const seller = await signUp(stack);
      const { status, body } = await callBilling(stack, seller, "/checkout", { plan });
      assert.deepEqual([status, body.kind, Object.keys(body).sort()], [200, "checkout", [
        "kind",
        "url",
      ]]);
      const customer = customerOf(stack, seller);
      assert.equal(customer.email, seller.email);
      const [session, ...others] = sessionsOf(customer.id);
      assert.ok(session);
      assert.equal(others.length, 0);
      assert.deepEqual([session.url, session.client_reference_id], [body.url, seller.id]);
      assert.equal(new URL(session.success_url).origin, new URL(stack.env.APP_URL).origin);
      // An unpaid checkout changes no plan.
      assert.deepEqual(await planOf(stack, seller), {
        status: "trial",
        tier: "starter",
        limit: 10,
      });
      await payAndSettle(stack, body.url);
      const [subscription] = subscriptionsOf(stack, customer.id);
      assert.equal(subscription?.items.data[0]?.price.id, `price_${plan}`);
      assert.equal(subscription?.metadata.user_id, seller.id);
      await settledEvents(stack);
      const bought = { status: "active", tier: plan, limit: LIMITS[plan] };
      assert.deepEqual(await planOf(stack, seller), bought);
    }
  },
);

step(
  "a seller whose e-mail address Stripe refuses can subscribe; a later one reaches the customer",
  async () => {
    const seller = await signUp(stack);
    const rename = async (email: string) => {
      await stack.sql`update auth.users set email = ${email} where id = ${seller.id}`;
    };
    await rename(`${seller.id}@intranet`);
    const opened = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    assert.deepEqual([opened.status, opened.body.kind], [200, "checkout"]);
    assert.equal(customerOf(stack, seller).email, null);
    await payAndSettle(stack, opened.body.url);
    assert.equal((await planOf(stack, seller)).status, "active");

    await rename(`${seller.id}@example.com`);
    await runEventWorker(stack);
    assert.equal(customerOf(stack, seller).email, `${seller.id}@example.com`);
    await rename(`${seller.id}@localhost`);
    await runEventWorker(stack);
    await settledEvents(stack);
    assert.equal(customerOf(stack, seller).email, `${seller.id}@example.com`);
    const tasks = await stack.sql`
      select status, reason from private.inbox_events
      where event_type = 'UPDATE_CUSTOMER_EMAIL' and object_id = ${seller.id} order by id`;
    assert.deepEqual(tasks.map(({ status, reason }) => [status, reason]), [
      ["ignored", "email_refused"],
      ["done", null],
      ["ignored", "email_refused"],
    ]);
  },
);

step(
  "a request with other fields or values is refused, and creates nothing at Stripe",
  async () => {
    const seller = await signUp(stack);
    const before = countObjects();
    const bodies = [
      {},
      { plan: "trial" },
      { plan: "enterprise" },
      { plan: "price_scale" },
      { plan: ["starter"] },
      { plan: "starter", price: "price_other" },
      { plan: "starter", amount: 1 },
      { plan: "starter", quantity: 0 },
      { plan: "starter", trial_period_days: 365 },
      { plan: "starter", customer: "cus_other" },
      { plan: "starter", user_id: crypto.randomUUID() },
      { plan: "starter", success_url: "https://elsewhere.example" },
    ];
    for (const body of bodies) {
      const answer = await callBilling(stack, seller, "/checkout", body);
      assert.deepEqual(
        [answer.status, answer.body.code],
        [400, "invalid_body"],
        JSON.stringify(body),
      );
    }
    const portal = await callBilling(stack, seller, "/portal", { customer: "cus_other" });
    assert.deepEqual([portal.status, portal.body.code], [400, "invalid_body"]);
    assert.deepEqual(countObjects(), before);
  },
);

step(
  "a request without a valid token, or with GET, is refused, and creates nothing at Stripe",
  async () => {
    const seller = await signUp(stack);
    const before = countObjects();
    const get = async (path: string, headers: Record<string, string>) => {
      const url = `${stack.env.SUPABASE_URL}/functions/v1/billing${path}`;
      const response = await fetch(url, { headers });
      await response.body?.cancel();
      return response.status;
    };
    for (const path of ["/checkout", "/portal"]) {
      for (const accessToken of ["", "no-token", stack.env.SUPABASE_PUBLISHABLE_KEY]) {
        const answer = await callBilling(stack, { accessToken }, path, { plan: "starter" });
        assert.equal(answer.status, 401, `${path} ${accessToken}`);
      }
      assert.equal(await get(path, {}), 401);
      assert.equal(await get(path, { authorization: `Bearer ${seller.accessToken}` }), 405);
    }
    assert.deepEqual(countObjects(), before);
  },
);

step("20 concurrent checkouts create one customer and one open session", async () => {
  const seller = await signUp(stack);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => callBilling(stack, seller, "/checkout", { plan: "growth" })),
  );
  assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
  assert.equal(new Set(answers.map(({ body }) => body.url)).size, 1);
  const customers = stack.stripe.state.all("customers")
    .filter(({ metadata }) => metadata?.user_id === seller.id);
  assert.equal(customers.length, 1);
  assert.equal(sessionsOf(customers[0]?.id ?? "").length, 1);
  const [row] = await stack.sql`
    select count(*)::int as rows from private.stripe_customers where user_id = ${seller.id}`;
  assert.equal(row?.rows, 1);
});

step(
  "an unfinished checkout is reused; a checkout of another plan expires it, and its page sells nothing",
  async () => {
    const seller = await signUp(stack);
    const begin = async (plan: string) =>
      (await callBilling(stack, seller, "/checkout", { plan })).body;
    const first = await begin("starter");
    assert.deepEqual(await begin("starter"), first);
    const second = await begin("scale");
    assert.notEqual(second.url, first.url);
    assert.deepEqual(
      sessionsOf(customerOf(stack, seller).id).map(({ status }) => status),
      ["expired", "open"],
    );
    await assert.rejects(payCheckout(first.url), /4\d\d/);
    // Back to the first plan: the expired session is not returned.
    const third = await begin("starter");
    assert.ok(third.url !== first.url && third.url !== second.url);
    await assert.rejects(payCheckout(second.url), /4\d\d/);
    await payAndSettle(stack, third.url);
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).tier, "starter");
  },
);

step("concurrent checkouts of different plans leave one open session", async () => {
  const seller = await signUp(stack);
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      [...PLANS, ...PLANS].map((plan) => callBilling(stack, seller, "/checkout", { plan })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const open = sessionsOf(customerOf(stack, seller).id).filter((s) => s.status === "open");
    assert.equal(open.length, 1);
    assert.ok(answers.some(({ body }) => body.url === open[0]?.url));
  }
});

step(
  "a seller with a subscription gets the portal, even before its webhook arrives, and no session is created",
  async () => {
    const seller = await signUp(stack);
    stack.stripe.behaviour.autoSend = false;
    await buy(stack, seller, "starter");
    const customer = customerOf(stack, seller).id;
    const expectPortal = async () => {
      const { status, body } = await callBilling(stack, seller, "/checkout", { plan: "growth" });
      assert.deepEqual([status, body.kind], [200, "portal"]);
      assert.match(body.url, /portal/);
      assert.equal(sessionsOf(customer).length, 1);
      assert.equal(subscriptionsOf(stack, customer).length, 1);
    };
    assert.deepEqual(await storedSubscriptions(stack, seller), []);
    await expectPortal();
    for (const event of stack.stripe.pendingEvents.splice(0)) await stack.stripe.send(event);
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).status, "active");
    await expectPortal();
    // An unpaid subscription has not ended.
    const [subscription] = subscriptionsOf(stack, customer);
    await stack.stripe.advance(subscription?.id ?? "", "payment_fails");
    await expectPortal();
    await stack.stripe.advance(subscription?.id ?? "", "give_up_unpaid");
    await expectPortal();
    await stack.stripe.advance(subscription?.id ?? "", "cancel");
    const again = await callBilling(stack, seller, "/checkout", { plan: "growth" });
    assert.equal(again.body.kind, "checkout");
    stack.stripe.pendingEvents.splice(0);
  },
);

step("the portal opens for sellers who have subscribed, with their own customer", async () => {
  const seller = await signUp(stack);
  const before = countObjects();
  const refused = await callBilling(stack, seller, "/portal");
  assert.deepEqual([refused.status, refused.body.code], [409, "no_subscription"]);
  assert.deepEqual(countObjects(), before);
  await subscribeAtStripe(stack, seller, "starter");
  const { status, body } = await callBilling(stack, seller, "/portal");
  assert.equal(status, 200);
  const session = stack.stripe.state.all("portalSessions").at(-1);
  assert.deepEqual([session?.url, session?.customer], [body.url, customerOf(stack, seller).id]);
});

step(
  "before the portal's settings were saved at Stripe, a seller reads at once that it refuses",
  async () => {
    const seller = await signUp(stack);
    await subscribeAtStripe(stack, seller, "starter");
    stack.stripe.behaviour.portalConfigured = false;
    const calls = stack.stripe.calls.length;
    const answers = [
      await callBilling(stack, seller, "/checkout", { plan: "growth" }),
      await callBilling(stack, seller, "/portal"),
    ];
    assert.deepEqual(answers.map(({ status, body }) => [status, body.code]), [
      [502, "stripe_refused"],
      [502, "stripe_refused"],
    ]);
    const portals = stack.stripe.calls.slice(calls).filter((call) =>
      call.includes("billing_portal")
    );
    assert.equal(portals.length, 2);
  },
);

step(
  "while Stripe is down a checkout answers 502 without details, and works afterwards",
  async () => {
    const seller = await signUp(stack);
    const known = await signUp(stack);
    await subscribeAtStripe(stack, known, "starter");
    const before = countObjects();
    for (const kind of ["internal", "html", "truncated"] as const) {
      stack.stripe.faults.add({ kind, path: /^\/v1\/|^\/simulators/ });
      const answers = await Promise.all([
        callBilling(stack, seller, "/checkout", { plan: "starter" }),
        callBilling(stack, known, "/checkout", { plan: "starter" }),
        callBilling(stack, known, "/portal"),
      ]);
      stack.stripe.faults.clear();
      for (const { status, body } of answers) {
        assert.deepEqual([status, body.code], [502, "stripe_unavailable"], kind);
        assert.doesNotMatch(JSON.stringify(body), /[sr]k_|cus_|sub_|price_|cs_|127\.0\.0\.1/);
      }
    }
    assert.deepEqual(
      { ...countObjects(), portalSessions: 0 },
      { ...before, portalSessions: 0 },
    );
    const { status, body } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    assert.deepEqual([status, body.kind], [200, "checkout"]);
  },
);

step(
  "if the answer of a created checkout is lost, the next request finds the same session",
  async () => {
    const seller = await signUp(stack);
    stack.stripe.faults.add({ kind: "lost", method: "POST", path: "/v1/" });
    const lost = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    assert.equal(lost.status, 502);
    stack.stripe.faults.clear();
    stack.stripe.faults.add({ kind: "lost", method: "POST", path: "/v1/checkout/" });
    assert.equal((await callBilling(stack, seller, "/checkout", { plan: "starter" })).status, 502);
    stack.stripe.faults.clear();
    const { body } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    const customers = stack.stripe.state.all("customers")
      .filter(({ metadata }) => metadata?.user_id === seller.id);
    assert.equal(customers.length, 1);
    const sessions = sessionsOf(customers[0]?.id ?? "");
    assert.deepEqual(sessions.map(({ url }) => url), [body.url]);
  },
);

step(
  "a customer that was deleted at Stripe is replaced, and its subscriptions have ended",
  async () => {
    const stripe = stripeOf(stack);
    const seller = await signUp(stack);
    await subscribeAtStripe(stack, seller, "growth");
    const deleted = customerOf(stack, seller).id;
    // The events of the deletion are lost.
    stack.stripe.behaviour.autoSend = false;
    await stripe.customers.del(deleted);
    assert.equal((await planOf(stack, seller)).limit, 500);
    const portal = await callBilling(stack, seller, "/portal");
    assert.deepEqual([portal.status, portal.body.code], [409, "no_subscription"]);

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => callBilling(stack, seller, "/checkout", { plan: "starter" })),
    );
    assert.deepEqual(answers.map(({ status }) => status), Array(5).fill(200));
    assert.equal(new Set(answers.map(({ body }) => body.url)).size, 1);
    const customer = customerOf(stack, seller).id;
    assert.notEqual(customer, deleted);
    assert.deepEqual(await planOf(stack, seller), {
      status: "canceled",
      tier: "starter",
      limit: 10,
    });

    // The events arrive late: they change nothing for the new customer.
    stack.stripe.behaviour.autoSend = true;
    await payAndSettle(stack, answers[0]?.body.url);
    for (const event of stack.stripe.pendingEvents.splice(0)) await stack.stripe.send(event);
    await settledEvents(stack);
    assert.deepEqual(await planOf(stack, seller), {
      status: "active",
      tier: "starter",
      limit: 100,
    });
    assert.deepEqual((await storedSubscriptions(stack, seller)).map(({ status }) => status), [
      "canceled",
      "active",
    ]);
    assert.equal((await callBilling(stack, seller, "/portal")).status, 200);
  },
);

step("a page that was open when its customer was deleted is not returned again", async () => {
  const seller = await signUp(stack);
  const first = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  await stripeOf(stack).customers.del(customerOf(stack, seller).id);
  const second = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  assert.deepEqual([second.status, second.body.kind], [200, "checkout"]);
  assert.notEqual(second.body.url, first.body.url);
  await payAndSettle(stack, second.body.url);
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "starter", limit: 100 });
});

step(
  "a create that Stripe refused does not lock the seller out: other clicks work, and eight at once open one session",
  async () => {
    assert.equal(refused.input.steps.length, 5);
    const seller = await signUp(stack);
    const stripe = stripeOf(stack);
    const begin = async (plan: string) => {
      const { status } = await callBilling(stack, seller, "/checkout", { plan });
      return status;
    };
    await stripe.prices.update("price_growth", { active: false });
    const statuses = [await begin("growth"), await begin("starter")];
    await stripe.prices.update("price_growth", { active: true });
    statuses.push(await begin("growth"));
    assert.deepEqual(statuses, refused.right.statuses);

    const other = await signUp(stack);
    stack.stripe.faults.add({ kind: "internal", method: "POST", path: "/v1/customers" });
    const failed = await callBilling(stack, other, "/checkout", { plan: "growth" });
    assert.deepEqual([failed.status, failed.body.code], [502, "stripe_unavailable"]);
    stack.stripe.faults.clear();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => callBilling(stack, other, "/checkout", { plan: "growth" })),
    );
    assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200));
    assert.equal(new Set(answers.map(({ body }) => body.url)).size, 1);
    assert.equal(sessionsOf(customerOf(stack, other).id).length, 1);
  },
);

step("no log line has a key, a Stripe id or an e-mail address", async () => {
  await assertNoSecretLogged(stack);
});
