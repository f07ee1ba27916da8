/** The runbooks in which a secret changes: the stack is started again with the new one. */
import assert from "node:assert/strict";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { buy, planOf, signUp, subscriptionsOf } from "../support/billing.ts";
import {
  countLabelsBought,
  processDueEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { dependenciesOf, storedTokens } from "../support/logins.ts";
import { announceOrder, countOrders } from "../support/orders.ts";
import { openRunbook, type Runbook } from "../support/runbook.ts";
import { type RestartableStack, startRestartableStack } from "../support/runbook_stack.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller } from "../support/shop.ts";

let stack: RestartableStack;
let seller: ConnectedSeller;
let keys: Runbook;

const step = testOnOneStack("runbooks of changed secrets", async () => {
  await using own = new AsyncDisposableStack();
  stack = own.use(await startRestartableStack());
  seller = await connectSeller(stack);
  keys = own.use(await openRunbook("key-compromised", stack));
  return own.move();
});

step(
  "runbook: with Stripe's secret rotated no plan is lost, neither while both are valid nor after",
  async () => {
    const [ada, bob] = [await signUp(stack), await signUp(stack)];
    await using page = await openRunbook("stripe-secret", stack);
    await page.run("How you notice");
    await page.run("Planned");
    await buy(stack, ada, "growth");
    await stack.stripe.settled();
    await processDueEvents(stack);
    assert.equal((await planOf(stack, ada)).limit, 500, "Stripe signs with both");
    stack.stripe.keys.webhookSecrets.splice(1);
    const { customer } = await buy(stack, bob, "growth");
    await stack.stripe.settled();
    assert.equal((await planOf(stack, bob)).limit, 10, "the new secret alone is refused");

    await page.run("Set the new secret");
    await page.run("Fetch what was missed");
    assert.equal((await planOf(stack, bob)).limit, 500);
    assert.equal(subscriptionsOf(stack, String(customer)).length, 1);
    await page.run("It is over when");
    page.assertComplete();
  },
);

step(
  "runbook: the vendors' keys are replaced; what was refused meanwhile is stored once",
  async () => {
    const bought = await signUp(stack);
    const order = await receiveOrder(stack, seller);
    await keys.run("TikTok");
    await keys.run("EasyPost");
    await keys.run("Stripe");
    const missed = stack.tiktok.addOrder({ shopId: seller.shopId });
    assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(missed)), 403);
    assert.notEqual((await requestLabel(stack, seller, order.id)).status, 201);
    await assert.rejects(buy(stack, bought, "starter"));

    await keys.run("Set the new values");
    await buy(stack, bought, "starter");
    await keys.run("Fetch what was refused meanwhile");
    await processDueEvents(stack);
    assert.equal(await countOrders(seller), 2);
    assert.equal((await planOf(stack, bought)).limit, 100);
    assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
    assert.equal(countLabelsBought(stack), 1);
  },
);

step("runbook: Supabase's keys are replaced, and the old ones are refused", async () => {
  await keys.run("Supabase keys");
  const { data } = await seller.client.from("orders").select("id");
  assert.equal(data, null, "the seller's token was signed with the old secret");
});

step(
  "runbook: the encryption keys are replaced, and so are the tokens that they protected",
  async () => {
    const before = await storedTokens(stack, dependenciesOf(stack).keys);
    const old = parseKeyRing(stack.env.ENCRYPTION_KEYS).current;
    await keys.run("Encryption keys");
    const ring = parseKeyRing(stack.env.ENCRYPTION_KEYS);
    assert.ok(ring.keys.size === 1 && ring.current !== old);
    const [token, ...others] = await storedTokens(stack, ring);
    assert.equal(others.length, 0);
    assert.notEqual(token?.accessToken, before[0]?.accessToken);
    const tiktok = stack.tiktok.newestTokens(token?.openId ?? "");
    assert.deepEqual(tiktok, {
      accessToken: token?.accessToken,
      refreshToken: token?.refreshToken,
    });
    await announceOrder(stack, { shopId: seller.shopId });
    await processDueEvents(stack);
    await keys.run("It is over when");
    keys.assertComplete();
    const [stored] = await stack.sql`select count(*)::int as orders from public.orders`;
    assert.equal(stored?.orders, 3);
  },
);
