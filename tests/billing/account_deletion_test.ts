/** The end of an account: what Stripe could charge ends first, and nothing of the seller stays. */
import assert from "node:assert/strict";
import { PROBLEMS } from "../../functions/account/problems.ts";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import reported from "../fixtures/reported/06-account-deleted-subscription-runs.json" with {
  type: "json",
};
import address from "../fixtures/reported/13-new-email-address.json" with { type: "json" };
import { deleteAccountOf, liveSubscriptionsOf, reportedOrphans } from "../support/accounts.ts";
import { readAllRows } from "../support/all_rows.ts";
import {
  callBilling,
  customerOf,
  makeCustomer,
  payCheckout,
  requestSync,
  signUp,
  stripeOf,
  subscribeAtStripe,
} from "../support/billing.ts";
import { receiveOrder, requestLabel } from "../support/labels.ts";
import { readFunctionLog } from "../support/logs.ts";
import { announceOrder } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  connectSeller,
  finishClaims,
  letTimePass,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

async function hasAccount({ sql }: TestStack, { id }: { id: string }): Promise<boolean> {
  const rows = await sql`
    select from auth.users as login left join public.users as seller using (id) where id = ${id}`;
  return rows.length > 0;
}

/** Processes every event, without waiting for retries. */
async function comeToRest(stack: TestStack): Promise<void> {
  await stack.stripe.settled();
  // Otherwise the end of its lease would set it back.
  await finishClaims(stack);
  await letTimePass(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
}

test("account deleted while a subscription runs: cancelled at Stripe first; if Stripe does not answer nothing is deleted", async (stack) => {
  assert.match(reported.right.by_our_route, /cancelled at Stripe before anything is deleted/);
  const seller = await connectSeller(stack);
  await announceOrder(stack, { shopId: seller.shopId });
  await subscribeAtStripe(stack, seller, "growth");
  const customer = customerOf(stack, seller).id;
  const other = { ...seller, email: "another@example.com" };
  assert.deepEqual(await deleteAccountOf(stack, other), { status: 422, code: "email_mismatch" });

  stack.stripe.faults.add({ kind: "html", path: "/v1/" });
  assert.deepEqual(await deleteAccountOf(stack, seller), {
    status: 503,
    code: "stripe_unavailable",
  });
  stack.stripe.faults.clear();
  // The operator's key was rolled at Stripe: another attempt would be refused too.
  const { secretKey } = stack.stripe.keys;
  stack.stripe.keys.secretKey = "sk_test_rolled";
  const refused = await deleteAccountOf(stack, seller);
  stack.stripe.keys.secretKey = secretKey;
  assert.deepEqual(refused, { status: 502, code: "stripe_refused" });
  assert.ok(await hasAccount(stack, seller));
  assert.equal(liveSubscriptionsOf(stack, seller).length, 1);

  stack.stripe.faults.observe = async ({ method, path, phase }) => {
    if (method === "DELETE" && path.includes("/subscriptions/") && phase === "arrived") {
      assert.ok(await hasAccount(stack, seller));
    }
  };
  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  assert.equal(await hasAccount(stack, seller), false);
  const { status } = stack.stripe.state.all("subscriptions")[0] ?? {};
  assert.equal(status, "canceled");
  assert.equal(stack.stripe.state.get("customers", customer)?.deleted, true);
  // The token outlives its account.
  const repeat = await deleteAccountOf(stack, seller);
  assert.ok([204, 401].includes(repeat.status), String(repeat.status));
});

test("a deleted account leaves nothing personal, no token, and no webhook at TikTok", async (stack) => {
  const seller = await connectSeller(stack);
  await announceOrder(stack, { shopId: seller.shopId });
  await subscribeAtStripe(stack, seller, "starter");
  const customer = customerOf(stack, seller).id;
  const countTopics = () =>
    stack.tiktok.state.all("subscriptions").filter(({ shopId }) => shopId === seller.shopId).length;
  assert.ok(countTopics() > 0);
  assert.match(JSON.stringify(await readAllRows(stack.sql)), new RegExp(seller.email));

  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  await comeToRest(stack);
  await stack.sql`
    update private.stripe_customers set account_deleted_at = now() - interval '2 days'`;
  await requestSync(stack);
  await comeToRest(stack);

  const rows = JSON.stringify(await readAllRows(stack.sql));
  for (const trace of [seller.email, customer, seller.shopId]) assert.ok(!rows.includes(trace));
  const kept = await stack.sql`select from private.stripe_customers`;
  assert.equal(kept.length, 0, "the customer is forgotten");
  await until("the webhooks are unsubscribed", () => Promise.resolve(countTopics() === 0));
});

test("a label that is bought while the account is deleted is given back", async (stack) => {
  const seller = await connectSeller(stack);
  const { id } = await receiveOrder(stack, seller);
  const { faults, state } = stack.easypost;
  faults.observe = async ({ path, phase }) => {
    if (!path.endsWith("/buy") || phase !== "executed") return;
    delete faults.observe;
    assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  };
  const answer = await requestLabel(stack, seller, id);
  assert.deepEqual([answer.status, answer.body.code], [404, "order_not_found"]);
  assert.deepEqual(state.all("shipments").map(({ refund }) => refund?.status), ["submitted"]);
  assert.equal((await stack.sql`select from private.label_purchases`).length, 0);
  assert.match(await readFunctionLog(stack), /"label bought for a deleted account"/);
});

test("a checkout that is paid while the account is deleted is cancelled too", async (stack) => {
  const seller = await signUp(stack);
  const { body } = await callBilling(stack, seller, "/checkout", { plan: "growth" });
  let paid = 0;
  stack.stripe.faults.observe = async ({ method, path, phase }) => {
    const isListed = method === "GET" && path === "/v1/checkout/sessions" && phase === "executed";
    if (isListed && paid++ === 0) await payCheckout(body.url);
  };
  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  assert.equal(paid, 1);
  assert.equal(stack.stripe.state.all("subscriptions").length, 1, "it was bought");
  assert.deepEqual(liveSubscriptionsOf(stack, seller), []);
  await comeToRest(stack);
  const [session] = stack.stripe.state.all("checkoutSessions");
  assert.equal(session?.status, "complete");
});

test("an open checkout is expired with the account, and its page sells nothing", async (stack) => {
  const seller = await signUp(stack);
  const { body } = await callBilling(stack, seller, "/checkout", { plan: "growth" });
  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  assert.equal(stack.stripe.state.all("checkoutSessions")[0]?.status, "expired");
  await assert.rejects(payCheckout(body.url), /4\d\d/);
  assert.equal(stack.stripe.state.all("subscriptions").length, 0);
});

test("a deletion that fails at any call of Stripe deletes nothing, and a repeat finishes; eight at once are fine", async (stack) => {
  const seller = await signUp(stack);
  await subscribeAtStripe(stack, seller, "growth");
  const calls = stack.stripe.calls.length;
  // Each time the calls fail from one call later on.
  for (let allowed = 0, failed = true; failed; allowed++) {
    let seen = 0;
    stack.stripe.faults.observe = ({ path, phase }) => {
      if (path.startsWith("/v1/") && phase === "arrived" && ++seen > allowed) throw new Error();
    };
    const { status } = await deleteAccountOf(stack, seller);
    failed = status === 503;
    assert.ok(failed ? await hasAccount(stack, seller) : status === 204, String(status));
    if (allowed === 3) {
      delete stack.stripe.faults.observe;
      const all = await Promise.all(
        Array.from({ length: 8 }, () => deleteAccountOf(stack, seller)),
      );
      for (const answer of all) assert.ok([204, 401].includes(answer.status), answer.code);
      failed = false;
    }
  }
  assert.ok(stack.stripe.calls.length > calls);
  assert.equal(await hasAccount(stack, seller), false);
  assert.deepEqual(liveSubscriptionsOf(stack, seller), []);
});

test("a deletion past our function is reported by the next comparison, or cancelled by configuration", async (stack) => {
  assert.match(reported.right.past_our_route, /subscription_orphaned/);
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  const { body } = await callBilling(stack, await signUp(stack), "/checkout", { plan: "growth" });
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  await comeToRest(stack);
  assert.deepEqual(await reportedOrphans(stack, [id]), [id]);
  assert.deepEqual(liveSubscriptionsOf(stack, seller), [id], "nothing is cancelled unasked");
  await requestSync(stack);
  await comeToRest(stack);
  assert.deepEqual(await reportedOrphans(stack, [id]), [id], "once a night");

  // A worker of the functions that is still awake would take the task.
  await readFunctionLog(stack);
  const variables = environmentOf(stack.env);
  const { processor } = createEventProcessor({
    env: (name) => name === "ORPHANED_SUBSCRIPTIONS" ? "cancel" : variables(name),
  });
  await stack.sql`select public.request_subscription_sync()`;
  await processor.processEvents();
  assert.deepEqual(liveSubscriptionsOf(stack, seller), []);
  const rows = await stack.sql`
    select from public.system_logs where details ->> 'action' = 'cancelled'`;
  assert.equal(rows.length, 1);
  await payCheckout(body.url);
  await comeToRest(stack);
  assert.equal(stack.stripe.state.all("subscriptions").at(-1)?.status, "active", "others go on");
});

test("the report of a subscription without an account quotes no text of its metadata", async (stack) => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  const note = "jane.doe@example.com";
  await stripeOf(stack).subscriptions.update(id, { metadata: { user_id: note } });
  await comeToRest(stack);
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  await comeToRest(stack);

  assert.deepEqual(await reportedOrphans(stack, [id]), [id]);
  const log = await stack.sql`select * from public.system_logs`;
  assert.ok(!JSON.stringify(log).includes(note));
});

test("a subscription of an unknown customer that names no account is reported, and never cancelled", async (stack) => {
  const stripe = stripeOf(stack);
  const { id: customer } = await stripe.customers.create({});
  const { id } = await stripe.subscriptions.create({
    customer,
    items: [{ price: "price_growth" }],
    trial_period_days: 7,
    metadata: { user_id: crypto.randomUUID() },
  });
  await requestSync(stack);
  await comeToRest(stack);
  assert.deepEqual(await reportedOrphans(stack, [id]), [id]);
  assert.equal(stack.stripe.state.get("subscriptions", id)?.status, "trialing");
});

test("a new e-mail address reaches the Stripe customer within a minute, also after an outage of Stripe", async (stack) => {
  assert.match(address.right.stripe_customer_email, /the new one, within a minute/);
  const seller = await signUp(stack);
  const customer = await makeCustomer(stack, seller);
  const emailAtStripe = () => stack.stripe.state.get("customers", customer)?.email;
  assert.equal(emailAtStripe(), seller.email);

  await stack.sql`update auth.users set email = 'new@example.com' where id = ${seller.id}`;
  // The scheduler does so each minute.
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal(emailAtStripe(), "new@example.com");

  stack.stripe.faults.add({ kind: "html", path: "/v1/customers/" });
  await stack.sql`update auth.users set email = 'newer@example.com' where id = ${seller.id}`;
  await stack.sql`update auth.users set email = 'newest@example.com' where id = ${seller.id}`;
  await runEventWorker(stack);
  assert.equal(emailAtStripe(), "new@example.com");
  stack.stripe.faults.clear();
  await comeToRest(stack);
  assert.equal(emailAtStripe(), "newest@example.com");
});

Deno.test("docs/account.md has the codes of a deletion with their sentences, by status, and no others", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/account.md", import.meta.url));
  // Of the exports: docs/sellers-view.md.
  const { invalid_range, invalid_cursor, ...problems } = PROBLEMS;
  const texts = Object.entries(problems).flatMap((
    [code, { detail }],
  ) => [`\`${code}\``, `"${detail}"`]);
  assert.ok(texts.length >= 4);
  assert.deepEqual(texts.filter((text) => !page.includes(text)), []);
  for (const { detail } of [invalid_range, invalid_cursor]) assert.ok(!page.includes(detail));
  const statuses = Array.from(page.matchAll(/^\| (\d{3}) /gm), ([, status]) => Number(status));
  assert.deepEqual(statuses, statuses.toSorted());
});
