/** The comparison with Stripe: subscriptions whose webhooks were lost are repaired page by page. */
import assert from "node:assert/strict";
import type postgres from "postgres";
import { countOf } from "../../local/cli/count_of.ts";
import {
  buy,
  callBilling,
  customerOf,
  makeCustomer,
  planOf,
  requestSync,
  signUp,
  storedSubscriptions,
  stripeOf,
} from "../support/billing.ts";
import { readLogs } from "../support/logs.ts";
import { callCommand } from "../support/run_command.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { failedEvent, letTimePass, runEventWorker, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const TRIAL = { status: "trial", tier: "starter", limit: 10 };
const GROWTH = { status: "active", tier: "growth", limit: 500 };

let stack: TestStack;
const step = testOnOneStack("the comparison of subscriptions with Stripe", async () => {
  stack = await borrowStack();
  // Every webhook is lost.
  stack.stripe.behaviour.autoSend = false;
  return stack;
}, () => {
  stack.stripe.faults.clear();
  delete stack.stripe.faults.observe;
});

/** Takes the comparisons that were logged as finished. */
async function takeFinished(): Promise<Record<string, unknown>[]> {
  const rows = await stack.sql`
    delete from public.system_logs where event_type = 'subscriptions_reconciled' returning details`;
  return rows.map(({ details: { checked, repaired, user_id } }) => ({
    checked,
    repaired,
    user_id,
  }));
}

async function syncAll(): Promise<Record<string, unknown>[]> {
  await requestSync(stack);
  await settledEvents(stack);
  return await takeFinished();
}

function postSync(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker/sync-subscriptions`, {
    method: "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY, ...headers },
    body: JSON.stringify(body),
  });
}

const countAtStripe = () => stack.stripe.state.all("subscriptions").length;

step("subscriptions with lost events are repaired once, and the repair is logged", async () => {
  const [seller, other] = [await signUp(stack), await signUp(stack)];
  const { id } = await buy(stack, seller, "growth");
  await buy(stack, other, "starter");
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  assert.deepEqual(await syncAll(), [{ checked: 2, repaired: 2, user_id: null }]);
  assert.deepEqual(await planOf(stack, seller), GROWTH);
  assert.deepEqual(await syncAll(), [{ checked: 2, repaired: 0, user_id: null }]);
  for (const change of ["renew", "change_price", "cancel_at_period_end", "pause"] as const) {
    await stack.stripe.advance(id, change, { price: "price_scale" });
    assert.deepEqual(await syncAll(), [{ checked: 2, repaired: 1, user_id: null }], change);
  }
  assert.deepEqual(await storedSubscriptions(stack, seller), [
    { plan_name: "scale", status: "paused", cancel_at_period_end: true },
  ]);
  const lines: string[] = [];
  for await (const { text } of readLogs(stack)) {
    lines.push(...text.split("\n").filter((line) => line.includes('"subscriptions compared"')));
  }
  assert.equal(lines.filter((line) => line.includes('"level":"warn"')).length, 5);
  assert.ok(lines.every((line) => !/sub_\w{8}|cus_\w{8}/.test(line)));
  assert.equal((await planOf(stack, other)).limit, 100);
});

step(
  "a subscription that Stripe no longer has is ended, but not while Stripe fails",
  async () => {
    const seller = await signUp(stack);
    const { id } = await buy(stack, seller, "growth");
    await syncAll();
    assert.deepEqual(await planOf(stack, seller), GROWTH);
    stack.stripe.state.delete("subscriptions", id);
    stack.stripe.faults.add({ kind: "internal", path: `/v1/subscriptions/${id}` });
    await requestSync(stack);
    await failedEvent(stack);
    assert.deepEqual(await planOf(stack, seller), GROWTH);
    assert.deepEqual(await takeFinished(), []);
    stack.stripe.faults.clear();
    await letTimePass(stack);
    await runEventWorker(stack);
    await settledEvents(stack);
    const [mark] = await takeFinished();
    assert.deepEqual(mark, { checked: countAtStripe() + 1, repaired: 1, user_id: null });
    assert.deepEqual(await planOf(stack, seller), {
      status: "canceled",
      tier: "starter",
      limit: 10,
    });
    // An ended subscription is not read again, and its seller may buy again.
    assert.deepEqual(await syncAll(), [{ checked: countAtStripe(), repaired: 0, user_id: null }]);
    assert.equal((await callBilling(stack, seller, "/checkout", { plan: "starter" })).status, 200);
  },
);

step(
  "250 subscriptions take three pages; after a failure of Stripe the comparison continues at the second",
  async () => {
    const stripe = stripeOf(stack);
    const seller = await signUp(stack);
    const customer = await makeCustomer(stack, seller);
    const { id: foreign } = await stripe.customers.create({ metadata: { user_id: seller.id } });
    const items = [{ price: "price_starter" }];
    while (countAtStripe() < 249) {
      // Every fifth is ours; the other customer was not created by our checkout.
      const buyer = countAtStripe() % 5 === 0 ? customer : foreign;
      await stripe.subscriptions.create({ customer: buyer, items, trial_period_days: 7 });
    }
    // The oldest of ours is on the last page, the newest on the first.
    await stripe.subscriptions.create({ customer, items, trial_period_days: 7 });
    const ours = stack.stripe.state.all("subscriptions").filter((s) => s.customer === customer);
    let listed = 0;
    let isDown = true;
    stack.stripe.faults.observe = ({ path, phase }) => {
      if (path !== "/v1/subscriptions" || phase !== "arrived") return;
      if (isDown && listed === 1) throw new Error("Stripe is down");
      listed++;
    };
    const first = await requestSync(stack);
    const failed = await failedEvent(stack);
    assert.notEqual(Number(failed.id), first);
    assert.equal(failed.event_type, "SYNC_SUBSCRIPTIONS");
    const stored = (await storedSubscriptions(stack, seller)).length;
    assert.ok(stored > 0 && stored < ours.length, `${stored} of ${ours.length}`);
    assert.deepEqual(await takeFinished(), []);
    // It is still the same run.
    assert.equal(await requestSync(stack), Number(failed.id));
    isDown = false;
    await letTimePass(stack);
    await runEventWorker(stack);
    await settledEvents(stack);
    assert.equal(listed, 3, "no page was read twice");
    assert.deepEqual(await takeFinished(), [{
      checked: 250,
      repaired: ours.length,
      user_id: null,
    }]);
    assert.equal((await storedSubscriptions(stack, seller)).length, ours.length);
    const [rows] = await stack.sql`
    select count(*)::int as rows from public.subscriptions where user_id <> ${seller.id}`;
    assert.equal(rows?.rows, 3, "the other customer's subscriptions are not stored");
    assert.deepEqual(await planOf(stack, seller), {
      status: "trialing",
      tier: "starter",
      limit: 100,
    });
  },
);

step("20 concurrent requests start one run", async () => {
  stack.stripe.faults.add({ kind: "delay", delayMs: 200, path: "/v1/subscriptions" });
  const ids = await Promise.all(Array.from({ length: 20 }, () => requestSync(stack)));
  assert.equal(new Set(ids).size, 1);
  stack.stripe.faults.clear();
  await settledEvents(stack);
  assert.deepEqual(await takeFinished(), [{ checked: 250, repaired: 0, user_id: null }]);
});

step("a request waits for an uncommitted one, and joins its run", async () => {
  const request = (sql: postgres.Sql | postgres.TransactionSql) =>
    sql`select (public.request_subscription_sync() ->> 'event_id')::int as id`;
  let second: ReturnType<typeof request> | undefined;
  const first = await stack.sql.begin(async (sql) => {
    const [row] = await request(sql);
    // It begins now, and can only end after this transaction.
    second = request(stack.sql);
    second.execute();
    await until("the second request waits or has finished", async () => {
      const [row] = await sql`
        select (select count(*) from private.webhook_events where status = 'pending') > 1 as two,
          exists (select from pg_locks where locktype = 'advisory' and not granted) as waits`;
      return row?.two || row?.waits;
    });
    return row?.id;
  });
  const [row] = await second as unknown as { id: number }[];
  assert.equal(row?.id, first);
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal((await takeFinished()).length, 1);
});

step("the comparison of one seller reads only their subscriptions", async () => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  await buy(stack, ada, "growth");
  await buy(stack, bob, "growth");
  await requestSync(stack, ada.id);
  await settledEvents(stack);
  assert.deepEqual(await takeFinished(), [{ checked: 1, repaired: 1, user_id: ada.id }]);
  assert.deepEqual(await planOf(stack, ada), GROWTH);
  assert.deepEqual(await planOf(stack, bob), TRIAL);
});

step(
  "requests without a secret key, or for an unknown user, are refused, and nothing runs",
  async () => {
    const seller = await signUp(stack);
    const refused: [number, unknown, Record<string, string>?][] = [
      [404, { user_id: seller.id }],
      [404, { user_id: crypto.randomUUID() }],
      [400, { user_id: "no-uuid" }],
      [400, { all: true }],
      [403, {}, { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY }],
      [403, {}, { apikey: "", authorization: `Bearer ${seller.accessToken}` }],
    ];
    const count = async () => (await stack.sql`select from private.webhook_events`).length;
    const before = await count();
    for (const [status, body, headers] of refused) {
      const response = await postSync(body, headers);
      await response.body?.cancel();
      assert.equal(response.status, status, JSON.stringify(body));
    }
    assert.equal(await count(), before);
    assert.deepEqual(await takeFinished(), []);
  },
);

const command = (...args: string[]) => callCommand("billing_sync", args);

step(
  "the command billing:sync repairs one seller or all, and explains failures",
  async () => {
    const seller = await signUp(stack);
    const idle = await signUp(stack);
    const { id } = await buy(stack, seller, "growth");
    const nowhere = await Deno.makeTempDir();
    const data = ["--data", stack.data];
    const [one, unknown, without, help, none, many] = await Promise.all([
      command(seller.email, ...data),
      command("unknown@example.com", ...data),
      command(idle.id, ...data),
      command("--help"),
      command("--data", nowhere),
      command("one", "two"),
    ]);
    await Deno.remove(nowhere);
    assert.equal(one.code, 0);
    // A slow run prints its progress first.
    assert.match(
      one.text,
      /^(\d+ \.\.\.\n)*Compared 1 subscription with Stripe's: 1 repaired\.\n$/,
    );
    assert.deepEqual(await planOf(stack, seller), GROWTH);
    assert.deepEqual([unknown.code, unknown.text], [1, "Unknown user: unknown@example.com.\n"]);
    assert.equal(without.code, 1);
    assert.equal(
      without.text,
      "No user has this id, or the user has never opened a checkout.\n",
    );
    assert.equal(help.code, 0);
    assert.match(help.text, /USER.*e-mail address/);
    assert.equal(none.code, 1);
    assert.match(none.text, /Start the stack first: npx -y deno@2\.9\.5 task start/);
    assert.equal(many.code, 2);
    await stack.stripe.advance(id, "cancel");
    const deleted = await signUp(stack);
    await buy(stack, deleted, "growth");
    await stack.sql`delete from auth.users where id = ${deleted.id}`;
    const all = await command(...data);
    assert.equal(all.code, 0, all.text);
    assert.match(all.text, /\d+ live subscriptions? without an account: see subscription_orphaned/);
    assert.match(
      all.text,
      new RegExp(
        `Compared ${countOf(countAtStripe(), "subscription")} with Stripe's: \\d+ repaired.`,
      ),
    );
    assert.equal((await planOf(stack, seller)).status, "canceled");
    assert.equal(customerOf(stack, seller).metadata.user_id, seller.id);
  },
);
