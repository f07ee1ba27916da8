/** The runbooks of the running system: each test causes the trouble, and its page ends it. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import {
  agePurchases,
  assertProblem,
  countLabelsBought,
  healthOf,
  processDueEvents,
  purchaseStates,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { expireTokensIn, runTokenRefresh } from "../support/logins.ts";
import { announceOrder, countOrders } from "../support/orders.ts";
import { openRunbook } from "../support/runbook.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  refuseOrders,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { QUIET_MINUTE, tickAt } from "../support/tick_at.ts";

/** Orders whose webhooks arrive. */
async function announceOrders(stack: TestStack, shopId: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await announceOrder(stack, { shopId });
}

/** Spends all but the last of the attempts of the waiting events, and makes them due. */
async function useUpAttempts(stack: TestStack): Promise<void> {
  await processDueEvents(stack);
  await stack.sql`update private.webhook_events set attempts = 9 where status = 'pending'`;
  await letTimePass(stack);
  await processDueEvents(stack);
}

/** Number of orders that each seller sees. */
async function ordersOf(sellers: ConnectedSeller[]): Promise<number[]> {
  return await Promise.all(sellers.map(countOrders));
}

test("runbook: an inbox that backs up because its job is switched off is empty again, and every order is stored once", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.faults.add({ kind: "internal" });
  await announceOrders(stack, seller.shopId, 4);
  await processDueEvents(stack);
  stack.tiktok.faults.clear();
  await stack.sql`
    update private.webhook_events set received_at = now() - interval '2 hours'`;
  await stack.sql`update private.event_queue set next_attempt_at = now()`;
  await stack.sql`update cron.job set active = false where jobname = 'event-worker'`;
  await stack.sql`
    update private.health_thresholds set watched_since = now() - interval '2 hours'
    where subject = 'event-worker'`;

  await using page = await openRunbook("inbox-backs-up", stack);
  await page.run("How you notice");
  await page.run("Find the cause");
  await page.run("The job is switched off");
  await page.run("Process them now");
  await page.run("It is over when");
  page.assertComplete();

  await tickAt(stack, QUIET_MINUTE);
  const [job] = await stack.sql`
    select status from public.check_database_health() where metric = 'job_age_seconds.event-worker'`;
  assert.equal(job?.status, "healthy");
  assert.deepEqual(await settledEvents(stack), { done: 4 });
  assert.equal(await countOrders(seller), 4);
});

test("runbook: dead events are replayed after their cause is gone, and every order is stored once", async (stack) => {
  const sellers = [await connectSeller(stack), await connectSeller(stack)];
  for (const { shopId } of sellers) {
    refuseOrders(stack, shopId, true);
    await announceOrders(stack, shopId, 2);
  }
  await useUpAttempts(stack);
  await stack.sql`
    update private.webhook_events set failing_since = now() - interval '8 days'`;
  await stack.sql`update private.event_queue set next_attempt_at = now()`;
  await runEventWorker(stack);
  assert.deepEqual(await settledEvents(stack), { dead: 4 });

  await using page = await openRunbook("dead-events", stack);
  await page.run("How you notice");
  await page.run("Find the cause");
  for (const { shopId } of sellers) refuseOrders(stack, shopId, false);
  await page.run("Replay");
  await page.run("It is over when");
  page.assertComplete();

  assert.deepEqual(await settledEvents(stack), { done: 4 });
  assert.deepEqual(await ordersOf(sellers), [2, 2]);
});

test("runbook: after an outage of TikTok every order is stored once, those without a webhook too", async (stack) => {
  const sellers = [await connectSeller(stack), await connectSeller(stack)];
  stack.tiktok.faults.add({ kind: "internal" });
  for (const { shopId } of sellers) {
    await announceOrders(stack, shopId, 2);
    stack.tiktok.addOrder({ shopId });
  }
  await useUpAttempts(stack);
  // One event of each shop still has attempts, and waits long.
  await stack.sql`
    update private.webhook_events
    set status = 'pending', reason = null, failing_since = null, attempts = 4
    where id in (select min(id) from private.webhook_events group by shop_id)`;
  await stack.sql`
    update private.event_queue set next_attempt_at = now() + interval '110 minutes'
    where status = 'pending'`;

  await using page = await openRunbook("tiktok-outage", stack);
  await page.run("How you notice");
  await page.run("Is it TikTok?");
  assert.deepEqual(await ordersOf(sellers), [0, 0]);
  stack.tiktok.faults.clear();
  await page.run("After it");
  await settledEvents(stack);
  await page.run("It is over when");
  page.assertComplete();

  assert.deepEqual(Object.keys(await settledEvents(stack)), ["done"]);
  assert.deepEqual(await ordersOf(sellers), [3, 3]);
});

test("runbook: sellers whose tokens ended in bulk connect again, and have every order of the meantime once", async (stack) => {
  const sellers = [await connectSeller(stack), await connectSeller(stack)];
  const openIds = sellers.map(({ shopId }) =>
    stack.tiktok.state.get("shops", shopId)?.openId ?? ""
  );
  await stack.sql`
    update private.health_thresholds set warning = 2 where metric = 'connections_to_renew'`;
  for (const openId of openIds) stack.tiktok.authorizations.withdraw(openId);
  await expireTokensIn(stack);
  assert.equal((await runTokenRefresh(stack)).needs_reauth, 2);
  for (const { shopId } of sellers) await announceOrders(stack, shopId, 2);
  for (const { shopId } of sellers) stack.tiktok.addOrder({ shopId });

  await using page = await openRunbook("tokens-ended", stack);
  await page.run("How you notice");
  await page.run("Find the cause");
  await page.run("Stop it");
  const [job] = await stack.sql`
    select active from cron.job where jobname = 'tiktok-token-refresh'`;
  assert.equal(job?.active, false);
  await page.run("Start it again");
  await page.run("Connect again");
  for (const seller of sellers) {
    const code = await authorizeSimulatedShop(stack.env, seller.shopId);
    await connectWithCode(stack.env, seller, code);
  }
  await processDueEvents(stack);
  await page.run("It is over when");
  page.assertComplete();

  assert.deepEqual(Object.keys(await settledEvents(stack)), ["done"]);
  assert.deepEqual(await ordersOf(sellers), [3, 3]);
});

test("runbook: purchases of unknown outcome are settled, each with the one label that was bought", async (stack) => {
  const seller = await connectSeller(stack);
  const orders = [await receiveOrder(stack, seller), await receiveOrder(stack, seller)];
  stack.easypost.behaviour.doubtfulBuys = [
    "SHIPMENT.POSTAGE.TIMED_OUT",
    "SHIPMENT.POSTAGE.NO_RESPONSE",
  ];
  const isBought = /\/shipments\/shp_\w+$/;
  stack.easypost.faults.add({ kind: "internal", method: "GET", path: isBought });
  const keys = orders.map(() => crypto.randomUUID());
  for (const [n, { id }] of orders.entries()) {
    await requestLabel(stack, seller, id, { key: keys[n] as string });
  }
  await agePurchases(stack);
  await useUpAttempts(stack);
  assert.deepEqual(await purchaseStates(stack), { unknown: 2 });

  await using page = await openRunbook("labels-unknown", stack);
  await page.run("How you notice");
  await page.run("What settles them");
  stack.easypost.faults.clear();
  await page.run("Settle them now");
  await page.run("It is over when");
  page.assertComplete();

  assert.deepEqual(await purchaseStates(stack), { purchased: 2 });
  for (const [n, { id }] of orders.entries()) {
    const again = await requestLabel(stack, seller, id, { key: keys[n] as string });
    assert.equal(again.status, 200);
  }
  assert.equal(countLabelsBought(stack), 2);
  assert.equal((await stack.sql`select from public.shipments`).length, 2);
});

test("runbook: with the label budget reached nothing is bought, and the same request succeeds after the raise", async (stack) => {
  const seller = await connectSeller(stack);
  const [first, second] = [await receiveOrder(stack, seller), await receiveOrder(stack, seller)];
  await stack.sql`select public.set_label_limit(null, '{"daily_label_limit": 1}')`;
  assert.equal((await requestLabel(stack, seller, first.id)).status, 201);
  const key = crypto.randomUUID();
  assertProblem(await requestLabel(stack, seller, second.id, { key }), 402, "funds_missing");

  await using page = await openRunbook("label-budget", stack);
  await page.run("How you notice");
  await page.run("Who spent it?");
  await page.run("A seller must stop");
  await page.run("The business has grown");
  await page.run("It is over when");
  page.assertComplete();

  assert.equal(countLabelsBought(stack), 1);
  assert.equal((await requestLabel(stack, seller, second.id, { key })).status, 201);
  assert.equal(countLabelsBought(stack), 2);
  assert.equal((await healthOf(stack, "label_budget_percent.day")).status, "healthy");
});
