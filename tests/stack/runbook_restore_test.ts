/** The runbooks that put the data into another database: after a loss, and for a move. */
import assert from "node:assert/strict";
import { subscriptionId } from "../../local/simulators/tiktok/state.ts";
import { authorizeSimulatedShop, connectWithCode, signInSeller } from "../../local/stack/seller.ts";
import { asOwner } from "../support/backup.ts";
import { buy, planOf, subscribeAtStripe } from "../support/billing.ts";
import { processDueEvents } from "../support/labels.ts";
import { runTokenRefresh } from "../support/logins.ts";
import { announceOrder } from "../support/orders.ts";
import { openRunbook } from "../support/runbook.ts";
import { type RestartableStack, startRestartableStack } from "../support/runbook_stack.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller } from "../support/shop.ts";
import { createTestDatabase } from "../support/stack.ts";

let stack: RestartableStack;
let ada: ConnectedSeller;
let bob: ConnectedSeller;
let databases: AsyncDisposableStack;

const step = testOnOneStack("runbooks of other databases", async () => {
  await using own = new AsyncDisposableStack();
  databases = own.use(new AsyncDisposableStack());
  stack = own.use(await startRestartableStack());
  [ada, bob] = [await connectSeller(stack), await connectSeller(stack)];
  return own.move();
});

/** An empty database with every migration, which goes at the end. */
async function makeDatabase(): Promise<string> {
  const database = await createTestDatabase();
  databases.defer(() => database.drop());
  return asOwner(database).href;
}

/** TikTok's ids and our states of all stored orders. */
async function storedOrders(): Promise<Record<string, string>> {
  const rows = await stack.sql`select tiktok_order_id, order_status from public.orders`;
  const states = Object.fromEntries(rows.map((row) => [row.tiktok_order_id, row.order_status]));
  assert.equal(Object.keys(states).length, rows.length, "none is stored twice");
  return states;
}

/** TikTok goes on sending to the old address; the local stack changes it when the port changes. */
function keepFormerAddresses(formerUrl: string): void {
  for (const subscription of stack.tiktok.state.all("subscriptions")) {
    const { shopId, eventType, address } = subscription;
    stack.tiktok.state.put("subscriptions", subscriptionId(shopId, eventType), {
      ...subscription,
      address: address.replace(stack.env.SUPABASE_URL, formerUrl),
    });
  }
}

const SYNCED = { limit: 500, tier: "growth", status: "active" };

step("runbook: a restored backup is made whole from TikTok and Stripe", async () => {
  const early = await announceOrder(stack, { shopId: ada.shopId });
  await subscribeAtStripe(stack, bob, "starter");
  await stack.sql`
    update public.tiktok_shops set token_expires_at = now() + interval '1 hour'
    where user_id = ${bob.id}`;
  const NEW_DB_URL = await makeDatabase();
  await using page = await openRunbook("restore", stack, { NEW_DB_URL });
  await page.run("Make a backup");

  assert.equal((await runTokenRefresh(stack)).refreshed, 1);
  stack.tiktok.changeOrder(early.id, "IN_TRANSIT");
  await stack.tiktok.send(stack.tiktok.notificationOf(early));
  const late = await announceOrder(stack, { shopId: ada.shopId });
  const ofBob = await announceOrder(stack, { shopId: bob.shopId });
  await processDueEvents(stack);
  await buy(stack, ada, "growth");
  const [{ id = "" } = {}] = stack.stripe.state.all("subscriptions");
  await stack.stripe.advance(id, "change_price", { price: "price_growth" });
  await processDueEvents(stack);
  const before = await storedOrders();
  assert.equal(before[early.id], "in_transit");

  await page.run("Restore");
  assert.deepEqual(Object.keys(await storedOrders()), [early.id]);
  assert.equal((await planOf(stack, ada)).limit, 10);
  await page.run("Backfill from TikTok");
  await page.run("Backfill from Stripe");
  await page.run("Who must connect again");
  bob = { ...bob, ...await signInSeller(stack.env, bob.email, "a-password") };
  await connectWithCode(stack.env, bob, await authorizeSimulatedShop(stack.env, bob.shopId));
  await processDueEvents(stack);
  await page.run("It is over when");
  page.assertComplete();

  assert.deepEqual(await storedOrders(), before);
  assert.ok(late.id in before && ofBob.id in before);
  assert.deepEqual([await planOf(stack, ada), await planOf(stack, bob)], [SYNCED, SYNCED]);
  assert.equal(stack.stripe.state.all("subscriptions").length, 2);
});

step(
  "runbook: after the move to another address all webhooks arrive there, and nothing is lost or doubled",
  async () => {
    const NEW_DB_URL = await makeDatabase();
    const formerUrl = stack.env.SUPABASE_URL;
    await stack.sql`update public.tiktok_shops set connected_at = now() - interval '2 days'`;
    await using page = await openRunbook("move-project", stack, { NEW_DB_URL });
    await page.run("Prepare");
    await page.run("Stop the old one");
    await page.run("Move the data");
    // It reaches the old project after the backup.
    const between = await announceOrder(stack, { shopId: ada.shopId });
    await processDueEvents(stack);
    const before = await storedOrders();
    await page.run("Start the new one");
    assert.notEqual(stack.env.SUPABASE_URL, formerUrl);
    keepFormerAddresses(formerUrl);
    assert.ok(!(between.id in await storedOrders()));
    const lost = stack.tiktok.addOrder({ shopId: bob.shopId });
    assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(lost)), 0);

    await page.run("Move the webhooks");
    await page.run("Fetch what went to the old address");
    await processDueEvents(stack);
    await page.run("It is over when");
    page.assertComplete();

    const after = await storedOrders();
    const { [lost.id]: found, ...others } = after;
    assert.ok(found);
    assert.deepEqual(others, before);
    for (const { shopId } of [ada, bob]) await announceOrder(stack, { shopId });
    await processDueEvents(stack);
    assert.equal(Object.keys(await storedOrders()).length, Object.keys(after).length + 2);
    assert.deepEqual([await planOf(stack, ada), await planOf(stack, bob)], [SYNCED, SYNCED]);
  },
);
