/** Checkout and the customer portal: the sessions that calls create, and their pages. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, errorOf } from "../../../tests/support/stripe_caller.ts";

const DAY_MS = 24 * 3600 * 1000;

/** A session of a new customer. */
async function createCheckout(
  caller: Caller,
  fields: Partial<Stripe.Checkout.SessionCreateParams> = {},
) {
  return await caller.client.checkout.sessions.create({
    mode: "subscription",
    customer: (await caller.customer(null)).id,
    line_items: [{ price: "price_growth", quantity: 1 }],
    success_url: "https://app.example.com/?billing=subscribed",
    cancel_url: "https://app.example.com/?billing=cancelled",
    ...fields,
  });
}

/** The paths of the forms of a page, with their fields. */
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

/** Presses a button of a page: that of an action, with a certain field value. */
async function press(
  caller: Caller,
  url: string,
  action: string,
  value = "",
): Promise<{ status: number; text: string; location: string | null; path: string }> {
  const page = await caller.fetch("GET", new URL(url).pathname);
  assert.equal(page.status, 200);
  const found = formsOf(await page.text(), url).find((entry) =>
    entry.url.endsWith(`/${action}`) && Object.values(entry.form).join().includes(value)
  );
  assert.ok(found, `${action} ${value}`);
  const response = await caller.fetch("POST", found.url, found.form);
  const location = response.headers.get("location");
  return { status: response.status, text: await response.text(), location, path: found.url };
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { body, status } = await response;
  await body?.cancel();
  return status;
}

Deno.test("an open session has the address of its page, the total and our metadata", async () => {
  await using caller = new Caller({ publicUrl: "http://127.0.0.1:54321/simulators/stripe" });
  const session = await createCheckout(caller, { metadata: { user_id: "1" } });
  assert.match(session.id, /^cs_test_/);
  assert.equal(session.url, `http://127.0.0.1:54321/simulators/stripe/pay/${session.id}`);
  assert.deepEqual(
    [session.status, session.payment_status, session.subscription, session.amount_total],
    ["open", "unpaid", null, 7900],
  );
  assert.equal(session.metadata?.user_id, "1");
});

Deno.test("a paid checkout creates the subscription, and returns the buyer", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const metadata = { user_id: "1" };
  const session = await createCheckout(caller, { subscription_data: { metadata } });
  const paid = await press(caller, session.url as string, "pay", "pm_card_visa");
  assert.deepEqual([paid.status, paid.location], [303, session.success_url]);
  const complete = await client.checkout.sessions.retrieve(session.id);
  assert.deepEqual(
    [complete.status, complete.payment_status, complete.url],
    ["complete", "paid", null],
  );
  const subscription = await client.subscriptions.retrieve(complete.subscription as string);
  assert.deepEqual(
    [subscription.status, subscription.metadata, subscription.customer],
    ["active", metadata, session.customer],
  );
  const { status, amount_paid } = caller.invoiceOf(subscription);
  assert.deepEqual([status, amount_paid], ["paid", 7900]);
});

Deno.test("a checkout reports the subscription before it is paid, and itself last", async () => {
  await using caller = new Caller();
  const session = await createCheckout(caller);
  caller.takeTypes();
  await press(caller, session.url as string, "pay");
  const { pendingEvents } = caller.simulator;
  const created = pendingEvents.find(({ type }) => type === "customer.subscription.created");
  assert.equal(created?.data.object.status, "incomplete");
  const types = caller.takeTypes();
  assert.equal(types.at(-1), "checkout.session.completed");
  assert.ok(types.includes("customer.subscription.updated") && types.includes("invoice.paid"));
});

Deno.test("a declined card leaves the checkout open; a paid one cannot be paid again", async () => {
  await using caller = new Caller();
  const session = await createCheckout(caller);
  caller.takeTypes();
  const declined = await press(caller, session.url as string, "pay", "Declined");
  assert.deepEqual([declined.status, caller.counts().subscriptions], [402, 0]);
  assert.match(declined.text, /declined/);
  const again = formsOf(declined.text, `${caller.url}${declined.path}`).map(({ url }) => url);
  assert.deepEqual([...new Set(again)], [declined.path, declined.path.replace(/pay$/, "cancel")]);
  assert.deepEqual(caller.takeTypes(), []);
  const { path } = await press(caller, session.url as string, "pay");
  caller.takeTypes();
  assert.equal(await statusOf(caller.fetch("POST", path, {})), 410);
  assert.deepEqual([caller.counts().subscriptions, caller.takeTypes()], [1, []]);
});

Deno.test("a cancelled checkout stays open, until it expires after a day or by a call", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const session = await createCheckout(caller);
  const left = await press(caller, session.url as string, "cancel");
  assert.deepEqual([left.status, left.location], [303, session.cancel_url]);
  assert.equal((await client.checkout.sessions.retrieve(session.id)).status, "open");
  caller.now += DAY_MS;
  assert.equal((await client.checkout.sessions.retrieve(session.id)).status, "expired");
  const other = await createCheckout(caller);
  caller.takeTypes();
  assert.equal((await client.checkout.sessions.expire(other.id)).status, "expired");
  assert.equal((await errorOf(client.checkout.sessions.expire(other.id))).statusCode, 400);
  assert.equal(await statusOf(caller.fetch("POST", `/pay/${other.id}/pay`, {})), 410);
  assert.equal(caller.counts().subscriptions, 0);
  assert.deepEqual(caller.takeTypes(), ["checkout.session.expired"]);
});

Deno.test("the sessions of a customer are listed, newest first", async () => {
  await using caller = new Caller();
  const { customer, id } = await createCheckout(caller);
  const { id: second } = await createCheckout(caller, { customer: customer as string });
  await createCheckout(caller);
  const { data } = await caller.client.checkout.sessions.list({ customer: customer as string });
  assert.deepEqual(data.map((session) => session.id), [second, id]);
});

Deno.test("a wrong checkout is refused by parameter, and none is opened", async () => {
  await using caller = new Caller();
  const refused: [Partial<Stripe.Checkout.SessionCreateParams>, string | undefined][] = [
    [{ line_items: [{ price: "price_x", quantity: 1 }] }, "line_items[0][price]"],
    [{ customer: "cus_x" }, "customer"],
    [{ customer: "" }, "customer"],
    [{ line_items: [] }, "line_items"],
    [{ mode: "setup" }, "mode"],
    [{ mode: "payment" }, undefined],
    [{ success_url: "" }, "success_url"],
  ];
  for (const [fields, param] of refused) {
    const error = await errorOf(createCheckout(caller, fields));
    assert.deepEqual([error.statusCode, error.param], [400, param], JSON.stringify(fields));
  }
  assert.equal(caller.counts().checkoutSessions, 0);
  const page = await caller.fetch("GET", "/pay/cs_test_unknown");
  await page.body?.cancel();
  const type = "text/html; charset=utf-8";
  assert.deepEqual([page.status, page.headers.get("content-type")], [404, type]);
});

Deno.test("the page of an unknown session says so, and not that a payment or a change failed", async () => {
  await using caller = new Caller();
  const pages = [["/pay/cs_x", "Unknown checkout"], ["/portal/bps_x", "Unknown portal"]] as const;
  for (const [path, title] of pages) {
    const page = await caller.fetch("GET", path);
    const text = await page.text();
    assert.equal(page.status, 404);
    assert.ok(text.includes(`<h1>${title}</h1>`), text);
    assert.doesNotMatch(text, /failed/);
  }
});

async function createPortal(caller: Caller) {
  const { id, customer } = await caller.subscription();
  const return_url = "https://app.example.com/?a=1&b=<2>";
  const { client } = caller;
  const session = await client.billingPortal.sessions.create({
    ...{ customer: customer as string, return_url },
  });
  caller.takeTypes();
  return { id, session };
}

Deno.test("the portal changes the plan, cancels it with its period, and keeps it", async () => {
  await using caller = new Caller();
  const { id, session } = await createPortal(caller);
  const pressAndRead = async (action: string, value?: string) => {
    const { status, location, path } = await press(caller, session.url, action, value);
    const target = new URL(location ?? "", `${caller.url}${path}`);
    assert.deepEqual([status, target.href], [303, session.url]);
    return await caller.client.subscriptions.retrieve(id);
  };
  const changed = await pressAndRead("change", "price_scale");
  assert.equal(changed.items.data[0]?.price.id, "price_scale");
  assert.equal((await pressAndRead("cancel")).cancel_at_period_end, true);
  assert.equal((await pressAndRead("keep")).cancel_at_period_end, false);
  const updated = caller.takeTypes().filter((type) => type === "customer.subscription.updated");
  assert.equal(updated.length, 3);
});

Deno.test("an open invoice is paid in the portal; a declined card leaves it open, with a way back", async () => {
  await using caller = new Caller();
  const { id, session } = await createPortal(caller);
  await caller.simulator.advance(id, "payment_fails");
  caller.takeTypes();
  const read = () => caller.client.subscriptions.retrieve(id);
  const declined = await press(caller, session.url, "pay", "Declined");
  assert.equal(declined.status, 402);
  assert.ok(declined.text.includes(`href="../${session.id}"`));
  assert.deepEqual([(await read()).status, caller.takeTypes()], ["past_due", []]);

  const paid = await press(caller, session.url, "pay", "pm_card_visa");
  assert.equal(paid.status, 303);
  const subscription = await read();
  assert.deepEqual([subscription.status, caller.invoiceOf(subscription).status], [
    "active",
    "paid",
  ]);
  assert.ok(caller.takeTypes().includes("invoice.paid"));
  const page = await (await caller.fetch("GET", new URL(session.url).pathname)).text();
  assert.ok(!page.includes("Open invoice"));
});

Deno.test("the portal's page escapes the address that it returns to", async () => {
  await using caller = new Caller();
  const { session } = await createPortal(caller);
  const page = await (await caller.fetch("GET", new URL(session.url).pathname)).text();
  assert.ok(page.includes("https://app.example.com/?a=1&amp;b=&lt;2&gt;"));
  assert.ok(!page.includes("<2>"));
});

Deno.test("no portal opens before its settings were saved", async () => {
  await using caller = new Caller();
  const { session } = await createPortal(caller);
  caller.simulator.behaviour.portalConfigured = false;
  const { customer } = session;
  const create = caller.client.billingPortal.sessions.create({ customer });
  const { statusCode, code } = await errorOf(create);
  assert.deepEqual([statusCode, code], [400, undefined]);
});

Deno.test("the portal refuses another customer's subscription, and unknown prices and actions", async () => {
  await using caller = new Caller();
  const { id, session } = await createPortal(caller);
  const stranger = await caller.subscription();
  caller.takeTypes();
  const path = `/portal/${session.id}`;
  const refused: [string, Record<string, string>, number][] = [
    [`${path}/cancel`, { subscription: stranger.id }, 400],
    [`${path}/change`, { subscription: id, price: "price_x" }, 400],
    [`${path}/change`, { subscription: id }, 400],
    [`${path}/delete`, { subscription: id }, 404],
    [`${path}/pay`, { invoice: "in_x", payment_method: "pm_card_visa" }, 400],
    ["/portal/bps_unknown/cancel", { subscription: id }, 404],
  ];
  for (const [url, form, status] of refused) {
    assert.equal(await statusOf(caller.fetch("POST", url, form)), status, url);
  }
  assert.deepEqual(caller.takeTypes(), []);
  const create = caller.client.billingPortal.sessions.create({ customer: "cus_x" });
  const { code, param } = await errorOf(create);
  assert.deepEqual([code, param], ["resource_missing", "customer"]);
});
