/** What the platform's EasyPost account pays for a seller is bounded. */
import assert from "node:assert/strict";
import { deleteAccountOf } from "../support/accounts.ts";
import { usageOf } from "../support/billing.ts";
import { endAllowance } from "../support/label_limits.ts";
import {
  type Answer,
  assertProblem,
  callShipments,
  labelsBought,
  lineItemIdsOf,
  type OrderRow,
  processDueEvents,
  purchaseStates,
  receiveCombinedOrders,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Requests a label for each unit of an order at once. */
function buyUnits(
  stack: TestStack,
  seller: ConnectedSeller,
  order: OrderRow,
): Promise<Answer[]> {
  return Promise.all(
    lineItemIdsOf(stack, order.tiktokId).map((unit) =>
      requestLabel(stack, seller, order.id, { line_item_ids: [unit] })
    ),
  );
}

const bought = (answers: Answer[]) => answers.filter(({ status }) => status === 201);

test("25 labels that a trial requests at once, and those of a new account for its shop, cost the platform two labels", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 25 });
  await endAllowance(stack, seller);

  const answers = await buyUnits(stack, seller, order);

  assert.equal(bought(answers).length, 2);
  for (const answer of answers) {
    if (answer.status !== 201) assertProblem(answer, 402, "label_limit");
  }
  assert.deepEqual(labelsBought(stack), { easypost: 2, tiktok: 0 });
  assert.deepEqual(await purchaseStates(stack), { purchased: 2, failed: 23 });
  const { labels } = await usageOf(seller);
  const cost = bought(answers).reduce((sum, { body }) => sum + Number(body.shipping_cost), 0);
  assert.deepEqual(labels.month, {
    labels: 2,
    label_limit: 2,
    cost: cost.toFixed(2),
    cost_limit: "20.00",
    shop_labels: 2,
    shop_limit_reached: true,
  });

  await processDueEvents(stack);
  assert.deepEqual(await deleteAccountOf(stack, seller), { status: 204, code: undefined });
  const next = await connectSeller(stack, seller.shopId);
  const { labels: { month } } = await usageOf(next);
  assert.deepEqual([month.labels, month.cost, month.shop_labels], [0, "0.00", 2]);
  const again = await receiveOrder(stack, next);
  await endAllowance(stack, next);
  assertProblem(await requestLabel(stack, next, again.id), 402, "label_limit");
  assert.equal(labelsBought(stack).easypost, 2);
});

test("25 dear labels at once cost a trial 20 USD at most; a void makes room again", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 25 });
  await stack.sql`select public.set_label_limit(${seller.id},
    '{"daily_label_limit": 100, "monthly_label_limit": 100, "daily_label_cents": 2000, "monthly_label_cents": 2000}')`;

  const answers = await buyUnits(stack, seller, order);

  const [first] = bought(answers);
  const price = Number(first?.body.shipping_cost);
  const affordable = Math.floor(20 / price);
  assert.ok(affordable > 0 && affordable < 25);
  assert.equal(bought(answers).length, affordable);
  assert.equal(labelsBought(stack).easypost, affordable);
  stack.easypost.behaviour.refundStatus = "refunded";
  const voided = await callShipments(stack, seller, `/${first?.body.id}/void`);
  assert.equal(voided.body.state, "voided");
  assert.equal((await usageOf(seller)).labels.month.labels, affordable - 1);
  const unit = first?.body.line_item_ids[0];
  assert.equal(
    (await requestLabel(stack, seller, order.id, { line_item_ids: [unit] })).status,
    201,
  );
  const refused =
    lineItemIdsOf(stack, order.tiktokId)[answers.findIndex(({ status }) => status === 402)];
  const again = await requestLabel(stack, seller, order.id, { line_item_ids: [refused] });
  assertProblem(again, 402, "label_limit");
});

test("a voided label that its carrier bills when it is scanned makes no room for another: it can still be used", async (stack) => {
  const seller = await connectSeller(stack);
  const orders: OrderRow[] = [];
  for (let n = 0; n < 3; n++) orders.push(await receiveOrder(stack, seller));
  await endAllowance(stack, seller);
  stack.easypost.behaviour.refundStatus = "not_applicable";
  const [last, ...others] = orders as [OrderRow, ...OrderRow[]];
  for (const { id } of others) {
    const { status, body } = await requestLabel(stack, seller, id);
    assert.equal(status, 201);
    const voided = await callShipments(stack, seller, `/${body.id}/void`);
    assert.deepEqual([voided.body.state, voided.body.reason], ["voided", "billed_when_scanned"]);
  }
  assertProblem(await requestLabel(stack, seller, last.id), 402, "label_limit");
  assert.equal(labelsBought(stack).easypost, 2);
});

test("a refused purchase costs nothing, and a combined label costs once", async (stack) => {
  const seller = await connectSeller(stack);
  const [one, two] = await receiveCombinedOrders(stack, seller);
  const other = await receiveOrder(stack, seller);
  await endAllowance(stack, seller);
  const { accounts } = stack.easypost;
  const { balance } = accounts;
  accounts.balance = "0.01";

  assertProblem(await requestLabel(stack, seller, other.id), 402, "funds_missing");
  assert.equal((await usageOf(seller)).labels.month.labels, 0);
  accounts.balance = balance;
  const label = await requestLabel(stack, seller, one.id, { order_ids: [one.id, two.id] });
  assert.equal(label.status, 201, label.body.code);

  assert.equal((await usageOf(seller)).labels.month.labels, 1);
  assert.equal((await requestLabel(stack, seller, other.id)).status, 201);
});
