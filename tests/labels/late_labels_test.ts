/** A carrier's answer to a purchase is late, or the label is sold after its purchase has failed. */
import assert from "node:assert/strict";
import { buyLabel } from "../../shared/shipping/buy_label.ts";
import type { LabelDependencies } from "../../shared/shipping/dependencies.ts";
import { Parcel } from "../../shared/shipping/parcel.ts";
import type { RequestedLabel } from "../../shared/shipping/purchases.ts";
import {
  agePurchases,
  type Answer,
  FROM,
  lineItemIdsOf,
  type OrderRow,
  PARCEL,
  processDueEvents,
  receiveOrder,
} from "../support/labels.ts";
import { unitsOf } from "../support/orders.ts";
import { labelErrorOf } from "../support/purchases.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import {
  PROVIDERS,
  type SpoiledCarriers,
  startSpoiledCarriers,
} from "../support/spoiled_carriers.ts";
import { until } from "../support/until.ts";

let carriers: SpoiledCarriers;

const step = testOnOneStack(
  "late answers of carriers",
  async () => carriers = await startSpoiledCarriers(),
  () => carriers.endStep(),
);

function labelFor({ id }: OrderRow): RequestedLabel {
  return {
    userId: carriers.seller.id,
    idempotencyKey: id,
    hash: id,
    request: {
      order_id: id,
      parcel: Parcel.parse(PARCEL),
      service: "cheapest",
      label_format: "PDF",
      sender: FROM,
    },
  };
}

/** Asserts that the purchase ends with an unknown outcome; returns the id of its shipment. */
async function buyWithUnknownOutcome(
  dependencies: LabelDependencies,
  order: OrderRow,
): Promise<string> {
  const { code, shipmentId = "" } = await labelErrorOf(buyLabel(dependencies, labelFor(order)));
  assert.equal(code, "outcome_unknown");
  return shipmentId;
}

interface SoldTwice {
  /** Shipment of the label that was sold late, and its tracking number. */
  lateId: string;
  lateNumber: string;
  /** The label that was bought meanwhile. */
  other: Answer["body"];
}

/** EasyPost answers so late that the purchase fails and another label is bought: then it sells the first one too. */
async function sellTwice(
  order: OrderRow,
  label?: { line_item_ids: unknown[] },
): Promise<SoldTwice> {
  const { stack } = carriers;
  const sold = carriers.labelsBought();
  carriers.addFault("easypost", "buy", { kind: "delay", delayMs: 60_000, count: 1 });
  const lateId = await buyWithUnknownOutcome(carriers.withShortTimeouts(), order);
  await agePurchases(stack);
  await processDueEvents(stack);
  assert.deepEqual(await carriers.stateOf(order), { state: "failed", reason: "not_bought" });
  const { status, body: other } = await carriers.requestLabel(order, label);
  assert.equal(status, 201, other.detail);
  await processDueEvents(stack);
  carriers.clearFaults();
  await until(
    "the carrier has sold both labels",
    () => Promise.resolve(carriers.labelsBought() === sold + 2),
  );
  const lateNumber = stack.easypost.state.findShipment(lateId)?.purchase?.trackingCode ?? "";
  await stack.easypost.advanceTracker(lateNumber, "pre_transit");
  await processDueEvents(stack);
  return { lateId, lateNumber, other };
}

/** The tracking numbers of the order's units at TikTok. */
const numbersOfUnits = (order: OrderRow) =>
  unitsOf(carriers.stack, order.tiktokId).map(({ tracking_number }) => tracking_number);

step(
  "a label that is sold after another was bought is shown, to be voided, and TikTok keeps the other's number",
  async () => {
    const { stack } = carriers;
    const order = carriers.newOrder("easypost");
    const { lateId, other } = await sellTwice(order);

    const { body } = await carriers.readShipment(lateId);
    assert.deepEqual([body.state, body.status], ["purchased", "purchased"]);
    assert.deepEqual([body.advice, body.advice_reason], ["void_advised", "labelled_twice"]);
    const sentNumbers = () =>
      stack.tiktok.fulfillment.shipped.filter(({ orderId }) => orderId === order.tiktokId)
        .map(({ trackingNumber }) => trackingNumber);
    assert.deepEqual(sentNumbers(), [other.tracking_number]);
    // The carrier refuses the refund: the other label's number stays even so.
    stack.easypost.behaviour.refundStatus = "rejected";
    await carriers.callShipments(`/${lateId}/void`);
    stack.easypost.behaviour.refundStatus = "submitted";
    await processDueEvents(stack);
    assert.deepEqual(sentNumbers(), [other.tracking_number]);
  },
);

step(
  "a label that is sold late takes the units of the other one over, if that one is voided",
  async () => {
    const { stack, seller } = carriers;
    const order = await receiveOrder(stack, seller, { quantity: 2 });
    const { lateId, lateNumber, other } = await sellTwice(order);
    assert.equal((await carriers.readShipment(lateId)).body.advice_reason, "labelled_twice");
    const sold = carriers.labelsBought();

    // The seller has packed the late one.
    stack.easypost.behaviour.refundStatus = "refunded";
    const voided = await carriers.callShipments(`/${other.id}/void`);
    stack.easypost.behaviour.refundStatus = "submitted";
    assert.deepEqual([voided.status, voided.body.state], [200, "voided"]);
    await processDueEvents(stack);
    const { body } = await carriers.readShipment(lateId);
    assert.deepEqual([body.advice, body.advice_reason, body.tiktok_error], [null, null, null]);
    assert.notEqual(body.tiktok_notified_at, null);
    assert.deepEqual(numbersOfUnits(order), [lateNumber, lateNumber]);
    const third = await carriers.requestLabel(order);
    assert.deepEqual([third.status, third.body.code], [422, "already_shipped"]);
    assert.equal(carriers.labelsBought(), sold);
  },
);

step(
  "a label that is sold late gives its number only to the units that have no other label",
  async () => {
    const { stack, seller } = carriers;
    const order = await receiveOrder(stack, seller, { quantity: 2 });
    const [first] = lineItemIdsOf(stack, order.tiktokId);
    const { lateId, lateNumber, other } = await sellTwice(order, { line_item_ids: [first] });

    assert.deepEqual(numbersOfUnits(order), [other.tracking_number, lateNumber]);
    assert.notEqual((await carriers.readShipment(lateId)).body.tiktok_notified_at, null);
  },
);

step(
  "a label that is sold late is found by its invoice too, which counts once",
  async () => {
    const { stack } = carriers;
    const order = carriers.newOrder("easypost");
    const sold = carriers.labelsBought();
    carriers.addFault("easypost", "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    const id = await buyWithUnknownOutcome(carriers.withShortTimeouts(), order);
    await agePurchases(stack);
    await processDueEvents(stack);
    assert.deepEqual(await carriers.stateOf(order), { state: "failed", reason: "not_bought" });
    carriers.clearFaults();
    await until(
      "the carrier has sold the label",
      () => Promise.resolve(carriers.labelsBought() > sold),
    );
    const spent = async () => {
      const [row] = await stack.sql`
        select cents::int from private.label_spending
        where user_id is null and shop_key is null and month = private.current_month()`;
      return row?.cents;
    };
    const before = await spent();
    await stack.easypost.send(stack.easypost.adjustCost(id, 160));
    await processDueEvents(stack);
    const { body } = await carriers.readShipment(id);
    assert.equal(body.state, "purchased");
    const cents = Math.round(Number(body.shipping_cost) * 100);
    assert.equal(await spent(), before + cents);
    await stack.easypost.send(stack.easypost.adjustCost(id, 200));
    await processDueEvents(stack);
    assert.equal(await spent(), before + cents + 40);
  },
);

for (const provider of PROVIDERS) {
  step(`${provider}: a purchase whose answer is late is looked up and adopted`, async () => {
    const order = carriers.newOrder(provider);
    const sold = carriers.labelsBought();
    carriers.addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
    const { created, shipment } = await buyLabel(carriers.withShortTimeouts(), labelFor(order));
    assert.deepEqual([created, shipment.state], [true, "purchased"]);
    await processDueEvents(carriers.stack);
    assert.equal(carriers.labelsBought(), sold + 1);
    await carriers.assertOneShipment(order, provider);
  });

  step(`${provider}: a late purchase whose lookup is late too is settled later`, async () => {
    const dependencies = carriers.withShortTimeouts();
    const order = carriers.newOrder(provider);
    const sold = carriers.labelsBought();
    carriers.addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
    carriers.addFault(provider, "lookUp", { kind: "hang", delayMs: 5000, count: 1 });
    const shipmentId = await buyWithUnknownOutcome(dependencies, order);
    assert.equal((await carriers.readShipment(shipmentId)).body.state, "unknown");
    await processDueEvents(carriers.stack);
    const settled = await buyLabel(dependencies, labelFor(order));
    assert.deepEqual([settled.created, settled.shipment.state], [false, "purchased"]);
    await processDueEvents(carriers.stack);
    assert.equal(carriers.labelsBought(), sold + 1);
    await carriers.assertOneShipment(order, provider);
  });

  step(`${provider}: a label that is sold after its purchase failed is found again`, async () => {
    const dependencies = carriers.withShortTimeouts();
    const order = carriers.newOrder(provider);
    const sold = carriers.labelsBought();
    carriers.addFault(provider, "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    await buyWithUnknownOutcome(dependencies, order);
    await agePurchases(carriers.stack);
    await processDueEvents(carriers.stack);
    assert.deepEqual(await carriers.stateOf(order), { state: "failed", reason: "not_bought" });
    carriers.clearFaults();
    await until(
      "the carrier has sold the label",
      () => Promise.resolve(carriers.labelsBought() > sold),
    );
    const found = await buyLabel(dependencies, labelFor(order));
    assert.deepEqual([found.created, found.shipment.state], [true, "purchased"]);
    await processDueEvents(carriers.stack);
    assert.equal(carriers.labelsBought(), sold + 1);
    await carriers.assertOneShipment(order, provider);
  });
}
