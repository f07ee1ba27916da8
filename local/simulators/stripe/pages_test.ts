/** Checkout and the billing portal in the simulator: what calls open, and what people do there. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, NOW, refusalOf } from "../../../tests/support/stripe_caller.ts";

const SECONDS = NOW / 1000;

function checkoutOf(
  fields: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Stripe.Checkout.SessionCreateParams {
  return {
    mode: "subscription",
    line_items: [{ price: "price_growth", quantity: 1 }],
    success_url: "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
    cancel_url: "https://app.example.com/plans",
    ...fields,
  };
}

/** Where the forms of a page lead, with their fields. */
function formsOf(html: string, pageUrl: string): { url: string; form: Record<string, string> }[] {
  return [...html.matchAll(/<form method="post" action="([^"]+)">(.*?)<\/form>/g)].map((match) => ({
    url: new URL(match[1] as string, pageUrl).pathname,
    form: Object.fromEntries(
      [...(match[2] ?? "").matchAll(/name="([^"]+)" value="([^"]+)"/g)].map((field) =>
        [field[1] as string, field[2] as string] as const
      ),
    ),
  }));
}

async function formAt(caller: Caller, url: string, action: string, more = "") {
  const response = await caller.fetch("GET", new URL(url).pathname);
  assert.equal(response.status, 200);
  const forms = formsOf(await response.text(), url);
  const found = forms.find((entry) =>
    entry.url.endsWith(`/${action}`) && Object.values(entry.form).join().includes(more)
  );
  assert.ok(found, `${action} ${more}`);
  return found;
}

Deno.test("a checkout that is paid makes the subscription, its invoice and its payment", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const customer = await caller.customer(null);
  const session = await client.checkout.sessions.create(checkoutOf({
    customer: customer.id,
    client_reference_id: "user-1",
    metadata: { user_id: "1" },
    subscription_data: { metadata: { user_id: "1" } },
  }));
  assert.match(session.id, /^cs_test_/);
  assert.equal(session.url, `${caller.url}/pay/${session.id}`);
  assert.deepEqual(
    [session.status, session.payment_status, session.subscription, session.amount_total],
    ["open", "unpaid", null, 7900],
  );
  caller.taken();

  const declined = await formAt(caller, session.url as string, "pay", "Declined");
  const refused = await caller.fetch("POST", declined.url, declined.form);
  assert.equal(refused.status, 402);
  assert.match(await refused.text(), /declined/);
  assert.deepEqual([caller.counts().subscriptions, caller.taken()], [0, []]);

  const pay = await formAt(caller, session.url as string, "pay", "pm_card_visa");
  const paid = await caller.fetch("POST", pay.url, pay.form);
  await paid.body?.cancel();
  assert.deepEqual(
    [paid.status, paid.headers.get("location")],
    [303, `https://app.example.com/done?session=${session.id}`],
  );
  const complete = await client.checkout.sessions.retrieve(session.id, {
    expand: ["subscription.latest_invoice", "line_items"],
  });
  assert.deepEqual(
    [complete.status, complete.payment_status, complete.url],
    ["complete", "paid", null],
  );
  assert.equal(complete.line_items?.data[0]?.price?.id, "price_growth");
  assert.equal(complete.metadata?.user_id, "1");
  const subscription = complete.subscription as Stripe.Subscription;
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  assert.deepEqual(
    [subscription.status, subscription.metadata, subscription.customer],
    ["active", { user_id: "1" }, customer.id],
  );
  assert.deepEqual([invoice.status, invoice.amount_paid], ["paid", 7900]);
  const created = simulator.pendingEvents.find(({ type }) => type.endsWith("subscription.created"));
  // As with Stripe, it is told before it is paid.
  assert.equal(created?.data.object.status, "incomplete");
  const types = caller.taken();
  assert.equal(types.at(-1), "checkout.session.completed");
  assert.ok(types.includes("customer.subscription.updated") && types.includes("invoice.paid"));

  const again = await caller.fetch("POST", pay.url, pay.form);
  await again.body?.cancel();
  assert.deepEqual([again.status, caller.counts().subscriptions, caller.taken()], [410, 1, []]);
});

Deno.test("a checkout that is left stays open, and expires", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const session = await client.checkout.sessions.create(checkoutOf());
  const cancel = await formAt(caller, session.url as string, "cancel");
  const left = await caller.fetch("POST", cancel.url, {});
  await left.body?.cancel();
  assert.deepEqual([left.status, left.headers.get("location")], [
    303,
    "https://app.example.com/plans",
  ]);
  assert.equal((await client.checkout.sessions.retrieve(session.id)).status, "open");
  caller.now += 24 * 3600 * 1000;
  assert.equal((await client.checkout.sessions.retrieve(session.id)).status, "expired");
  const other = await client.checkout.sessions.create(checkoutOf());
  assert.equal((await client.checkout.sessions.expire(other.id)).status, "expired");
  assert.equal((await refusalOf(client.checkout.sessions.expire(other.id))).statusCode, 400);
  const page = await caller.fetch("POST", `/pay/${other.id}/pay`, {});
  await page.body?.cancel();
  assert.deepEqual([page.status, caller.counts().subscriptions], [410, 0]);
  assert.deepEqual(caller.taken(), ["checkout.session.expired", "checkout.session.expired"]);
});

Deno.test("a checkout with a trial, and one of a buyer who is no customer yet", async () => {
  await using caller = new Caller({ publicUrl: "http://127.0.0.1:54321/simulators/stripe" });
  const { client } = caller;
  const session = await client.checkout.sessions.create(checkoutOf({
    customer_email: "new@example.com",
    subscription_data: { trial_period_days: 14 },
  }));
  assert.equal(session.url, `http://127.0.0.1:54321/simulators/stripe/pay/${session.id}`);
  const pay = await caller.fetch("POST", `/pay/${session.id}/pay`, {});
  await pay.body?.cancel();
  const done = await client.checkout.sessions.retrieve(session.id, {
    expand: ["subscription", "customer"],
  });
  const subscription = done.subscription as Stripe.Subscription;
  const customer = done.customer as Stripe.Customer;
  assert.deepEqual(
    [subscription.status, subscription.trial_end, customer.email, done.payment_status],
    ["trialing", SECONDS + 14 * 86_400, "new@example.com", "no_payment_required"],
  );
  const listed = await client.checkout.sessions.list({ customer: customer.id, status: "complete" });
  assert.deepEqual(listed.data.map(({ id }) => id), [session.id]);
  assert.equal((await client.checkout.sessions.list({ status: "open" })).data.length, 0);
  assert.equal(
    (await caller.simulator.advance(subscription.id, "trial_ends")).subscription.status,
    "active",
  );
});

Deno.test("a checkout of what is not there is refused, and none is opened", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const before = caller.counts();
  const refused: [Partial<Stripe.Checkout.SessionCreateParams>, string | undefined][] = [
    [{ line_items: [{ price: "price_x", quantity: 1 }] }, "line_items[0][price]"],
    [{ customer: "cus_x" }, "customer"],
    [{ line_items: [] }, "line_items"],
    [{ mode: "setup" }, "mode"],
    [{ mode: "payment" }, undefined],
    [{ success_url: "" }, "success_url"],
    [{ expires_at: SECONDS + 60 }, "expires_at"],
    [{ subscription_data: { trial_end: SECONDS - 1 } }, "subscription_data[trial_end]"],
  ];
  for (const [fields, param] of refused) {
    const error = await refusalOf(client.checkout.sessions.create(checkoutOf(fields)));
    assert.deepEqual([error.statusCode, error.param], [400, param], JSON.stringify(fields));
  }
  assert.deepEqual(caller.counts(), before);
  const page = await caller.fetch("GET", "/pay/cs_test_unknown");
  assert.deepEqual([page.status, page.headers.get("content-type")], [
    404,
    "text/html; charset=utf-8",
  ]);
  await page.body?.cancel();
});

Deno.test("the portal changes the plan, lets it end, keeps it; only the customer's own", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id, customer } = await caller.subscription();
  const stranger = await caller.subscription();
  const session = await client.billingPortal.sessions.create({
    customer: customer as string,
    return_url: "https://app.example.com/?a=1&b=<2>",
  });
  assert.match(session.id, /^bps_/);
  const page = await (await caller.fetch("GET", new URL(session.url).pathname)).text();
  assert.ok(
    page.includes("https://app.example.com/?a=1&#38;b=&#60;2&#62;") && !page.includes("<2>"),
  );
  caller.taken();
  const press = async (action: string, more = "") => {
    const form = await formAt(caller, session.url, action, more);
    const response = await caller.fetch("POST", form.url, form.form);
    await response.body?.cancel();
    assert.equal(response.status, 303);
    const target = new URL(response.headers.get("location") as string, `${caller.url}${form.url}`);
    assert.equal(target.href, session.url);
    return await client.subscriptions.retrieve(id);
  };
  assert.equal((await press("change", "price_scale")).items.data[0]?.price.id, "price_scale");
  assert.equal((await press("cancel")).cancel_at_period_end, true);
  assert.equal((await press("keep")).cancel_at_period_end, false);
  const updated = caller.taken().filter((type) => type === "customer.subscription.updated");
  assert.equal(updated.length, 3);

  const path = `/portal/${session.id}`;
  const refused: [string, Record<string, string>, number][] = [
    [`${path}/cancel`, { subscription: stranger.id }, 400],
    [`${path}/change`, { subscription: id, price: "price_x" }, 400],
    [`${path}/change`, { subscription: id }, 400],
    [`${path}/delete`, { subscription: id }, 404],
    ["/portal/bps_unknown/cancel", { subscription: id }, 404],
  ];
  for (const [url, form, status] of refused) {
    const response = await caller.fetch("POST", url, form);
    await response.body?.cancel();
    assert.equal(response.status, status, url);
  }
  assert.deepEqual(caller.taken(), []);
  const unknown = await refusalOf(client.billingPortal.sessions.create({ customer: "cus_x" }));
  assert.deepEqual([unknown.code, unknown.param], ["resource_missing", "customer"]);
});
