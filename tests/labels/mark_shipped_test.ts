/** Notifying TikTok of labels that it did not sell: once, repeated after a failure, never at a label's cost. */
import assert from "node:assert/strict";
import { unitId } from "../../local/simulators/tiktok/orders.ts";
import type { SimulatedShipment } from "../../local/simulators/tiktok/state.ts";
import {
  type Answer,
  callShipments,
  healthOf,
  lineItemIdsOf,
  type OrderRow,
  processDueEvents,
  processLaterEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const UPS = "7117859084333745966";
const DHL_EXPRESS = "7132708441138595627";

/** Mark Package As Shipped. */
const MARK = { method: "POST", path: /\/orders\/\d+\/packages$/ };
/** Ship Package. */
const SHIP = { method: "POST", path: /\/packages\/\d+\/ship$/ };

let stack: TestStack;
let seller: ConnectedSeller;
let german: ConnectedSeller;
let indonesian: ConnectedSeller;

const step = testOnOneStack("notifying TikTok of labels that it did not sell", async () => {
  stack = await borrowStack();
  const connect = async (shopId: string, region: string) => {
    stack.tiktok.addShop({ id: shopId, region });
    return await connectSeller(stack, shopId);
  };
  seller = await connectSeller(stack);
  german = await connect("7480000000000000901", "DE");
  indonesian = await connect("7480000000000000902", "ID");
  await subscribe(stack, seller.id, "growth");
  return stack;
}, () => {
  stack.tiktok.faults.clear();
  stack.tiktok.fulfillment.alwaysWarn = false;
  delete stack.easypost.faults.observe;
});

function notificationsOf({ tiktokId }: OrderRow): SimulatedShipment[] {
  return stack.tiktok.fulfillment.shipped.filter(({ orderId }) => orderId === tiktokId);
}

async function readShipment(owner: ConnectedSeller, { body }: Answer): Promise<Answer["body"]> {
  const answer = await callShipments(stack, owner, `/${body.id}`, { method: "GET" });
  assert.equal(answer.status, 200);
  return answer.body;
}

async function taskOf(shipmentId: string): Promise<Record<string, unknown>> {
  const rows = await stack.sql`
    select status, reason, attempts from private.webhook_events
    where event_type = 'MARK_SHIPPED' and object_id = ${shipmentId}`;
  assert.equal(rows.length, 1);
  return { ...rows[0] };
}

/** Changes TikTok between the purchase and the notification. */
function afterPurchase(change: () => void): void {
  stack.easypost.faults.observe = ({ path, phase }) => {
    if (phase === "arrived" || !path.endsWith("/buy")) return;
    delete stack.easypost.faults.observe;
    change();
  };
}

step("TikTok is notified once, with the carrier and the units of the label", async () => {
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const key = crypto.randomUUID();
  const bought = await requestLabel(stack, seller, order.id, { key });
  assert.equal(bought.status, 201);
  await processDueEvents(stack);
  const shipment = await readShipment(seller, bought);
  assert.notEqual(shipment.tiktok_notified_at, null);
  assert.deepEqual([shipment.tiktok_error, shipment.tiktok_warning], [null, null]);
  const [only, ...more] = notificationsOf(order);
  assert.deepEqual(more, []);
  assert.equal(only?.trackingNumber, shipment.tracking_number);
  assert.equal(only?.providerId, UPS);
  assert.deepEqual(only?.lineItemIds.toSorted(), shipment.line_item_ids);
  const [row] = await stack.sql`
    select tiktok_package_id from public.shipments where id = ${shipment.id}`;
  assert.equal(row?.tiktok_package_id, only?.packageId);

  // The same request, the worker and the order's own webhook do not repeat it.
  assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 200);
  const changed = stack.tiktok.state.get("orders", order.tiktokId);
  assert.equal(changed?.detail.status, "IN_TRANSIT");
  if (changed) await stack.tiktok.send(stack.tiktok.notificationOf(changed));
  await processLaterEvents(stack);
  assert.equal(notificationsOf(order).length, 1);
  assert.deepEqual(await taskOf(shipment.id), { status: "done", reason: null, attempts: 0 });
});

step("each label of an order is reported with its own units", async () => {
  const order = await receiveOrder(stack, seller, { quantity: 3 });
  const lines = [0, 1, 2].map((unit) => unitId(order.tiktokId, unit));
  const first = await requestLabel(stack, seller, order.id, { line_item_ids: [lines[1]] });
  const rest = await requestLabel(stack, seller, order.id, { service: "UPSDAP/2ndDayAir" });
  assert.deepEqual([first.status, rest.status], [201, 201]);
  await processDueEvents(stack);
  assert.deepEqual(
    notificationsOf(order).map(({ lineItemIds, providerId, isCorrection }) => [
      lineItemIds.toSorted(),
      providerId,
      isCorrection,
    ]).toSorted((a, b) => String(b[0]).length - String(a[0]).length),
    [[[lines[0], lines[2]], UPS, false], [[lines[1]], UPS, false]],
  );
});

step("units that are cancelled after the purchase are not reported", async () => {
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const [live = "", cancelled = ""] = lineItemIdsOf(stack, order.tiktokId);
  afterPurchase(() => stack.tiktok.cancelUnits(order.tiktokId, [cancelled]));
  const bought = await requestLabel(stack, seller, order.id);
  assert.deepEqual(bought.body.line_item_ids, [live, cancelled]);
  await processDueEvents(stack);
  assert.deepEqual(notificationsOf(order).map(({ lineItemIds }) => lineItemIds), [[live]]);

  const whole = await receiveOrder(stack, seller);
  afterPurchase(() => stack.tiktok.changeOrder(whole.tiktokId, "CANCELLED"));
  const unwanted = await requestLabel(stack, seller, whole.id);
  await processDueEvents(stack);
  const task = { status: "ignored", reason: "units_cancelled", attempts: 0 };
  assert.deepEqual(await taskOf(unwanted.body.id), task);
  assert.deepEqual(notificationsOf(whole), []);
});

step("TikTok's warning is stored with the shipment", async () => {
  stack.tiktok.fulfillment.alwaysWarn = true;
  const order = await receiveOrder(stack, seller);
  const bought = await requestLabel(stack, seller, order.id);
  await processDueEvents(stack);
  const shipment = await readShipment(seller, bought);
  assert.equal(shipment.tiktok_warning, "accepted_with_warning");
  assert.notEqual(shipment.tiktok_notified_at, null);
  assert.equal(shipment.tiktok_error, null);
  assert.equal(notificationsOf(order).length, 1);
});

step(
  "TikTok's refusal is stored with the shipment, and the notification is repeated",
  async () => {
    const order = await receiveOrder(stack, seller);
    afterPurchase(() => stack.tiktok.changeOrder(order.tiktokId, "ON_HOLD"));
    const bought = await requestLabel(stack, seller, order.id);
    assert.equal(bought.status, 201);
    for (let attempt = 1; attempt <= 2; attempt++) {
      await processLaterEvents(stack);
      const refused = await readShipment(seller, bought);
      assert.equal(refused.state, "purchased");
      assert.match(refused.tiktok_error, /^TikTok 21011044, request \d{14}[0-9A-F]+$/);
      // The seller reads this text: it has no path, and none of TikTok's words.
      assert.equal(refused.tiktok_notified_at, null);
      assert.equal((await taskOf(bought.body.id)).status, "pending");
    }
    assert.equal(notificationsOf(order).length, 0);

    stack.tiktok.changeOrder(order.tiktokId, "AWAITING_SHIPMENT");
    await processLaterEvents(stack);
    const shipment = await readShipment(seller, bought);
    assert.equal(shipment.tiktok_error, null);
    assert.notEqual(shipment.tiktok_notified_at, null);
    assert.equal(notificationsOf(order).length, 1);
  },
);

step("a notification whose answer was lost is not sent again", async () => {
  for (const kind of ["lost", "not_json", "truncated"] as const) {
    const order = await receiveOrder(stack, seller);
    stack.tiktok.faults.add({ ...MARK, kind, count: 1 });
    const bought = await requestLabel(stack, seller, order.id);
    await processDueEvents(stack);
    assert.equal(notificationsOf(order).length, 1, kind);
    const unconfirmed = await readShipment(seller, bought);
    assert.match(unconfirmed.tiktok_error, /^TikTok answered HTTP/, kind);
    assert.equal(unconfirmed.tiktok_notified_at, null, kind);

    await processLaterEvents(stack);
    const shipment = await readShipment(seller, bought);
    assert.equal(shipment.tiktok_error, null, kind);
    assert.notEqual(shipment.tiktok_notified_at, null, kind);
    assert.equal(notificationsOf(order).length, 1, kind);
  }
});

step(
  "a label stays bought whatever TikTok answers; in the end its event is tried each hour",
  async () => {
    const order = await receiveOrder(stack, seller);
    afterPurchase(() => stack.tiktok.changeOrder(order.tiktokId, "ON_HOLD"));
    const bought = await requestLabel(stack, seller, order.id);
    assert.equal(bought.status, 201);
    const { value: before } = await healthOf(stack, "events_failing");
    for (let attempt = 1; attempt <= 10; attempt++) await processLaterEvents(stack);
    const task = await taskOf(bought.body.id);
    assert.deepEqual([task.status, task.attempts], ["failing", 10]);
    assert.deepEqual(await healthOf(stack, "events_failing"), {
      value: before as number + 1,
      status: "warning",
    });
    const shipment = await readShipment(seller, bought);
    assert.deepEqual([shipment.state, shipment.status], ["purchased", "purchased"]);
    assert.match(shipment.tiktok_error, /^TikTok 21011044, request /);
    assert.equal(shipment.tracking_number, bought.body.tracking_number);
    const label = await callShipments(stack, seller, `/${shipment.id}/label`, { method: "GET" });
    assert.equal(label.status, 200);
    assert.equal(notificationsOf(order).length, 0);
    const { labels } = stack.easypost.accounts;
    const own = labels.filter(({ reference }) => reference === shipment.id);
    assert.deepEqual(own.map(({ refunded }) => refunded), [false]);
  },
);

step(
  "a label that replaces a voided one corrects the number, and only for its own order",
  async () => {
    const order = await receiveOrder(stack, seller);
    const first = await requestLabel(stack, seller, order.id);
    await processDueEvents(stack);
    // TikTok counts the order as shipped by now, and sends a webhook.
    const changed = stack.tiktok.state.get("orders", order.tiktokId);
    if (changed) await stack.tiktok.send(stack.tiktok.notificationOf(changed));
    await processDueEvents(stack);
    stack.easypost.behaviour.refundStatus = "refunded";
    const voided = await callShipments(stack, seller, `/${first.body.id}/void`);
    stack.easypost.behaviour.refundStatus = "submitted";
    assert.deepEqual([voided.status, voided.body.state], [200, "voided"]);

    const second = await requestLabel(stack, seller, order.id, { service: "UPSDAP/2ndDayAir" });
    assert.equal(second.status, 201, JSON.stringify(second.body));
    await processDueEvents(stack);
    const shipment = await readShipment(seller, second);
    assert.notEqual(shipment.tiktok_notified_at, null);
    assert.equal(shipment.tiktok_error, null);
    assert.deepEqual(
      notificationsOf(order).map((
        { trackingNumber, providerId, isCorrection },
      ) => [trackingNumber, providerId, isCorrection]),
      [
        [first.body.tracking_number, UPS, false],
        [second.body.tracking_number, UPS, true],
      ],
    );
    assert.equal((await readShipment(seller, first)).status, "voided");
  },
);

step("a label that is voided before the notification is not reported", async () => {
  const order = await receiveOrder(stack, seller);
  stack.tiktok.faults.add({ ...MARK, kind: "internal" });
  const bought = await requestLabel(stack, seller, order.id);
  await processDueEvents(stack);
  stack.easypost.behaviour.refundStatus = "refunded";
  const voided = await callShipments(stack, seller, `/${bought.body.id}/void`);
  stack.easypost.behaviour.refundStatus = "submitted";
  assert.equal(voided.status, 200);
  stack.tiktok.faults.clear();
  await processLaterEvents(stack);
  assert.deepEqual(await taskOf(bought.body.id), {
    status: "ignored",
    reason: "label_not_in_use",
    attempts: 1,
  });
  assert.equal(notificationsOf(order).length, 0);
});

step(
  "in Germany a package is marked as shipped, with a carrier that TikTok lists there",
  async () => {
    const order = await receiveOrder(stack, german, { shippingType: "SELLER" });
    const calls = stack.tiktok.calls.length;
    const bought = await requestLabel(stack, german, order.id, { service: "UPSDAP/2ndDayAir" });
    assert.equal(bought.status, 201, JSON.stringify(bought.body));
    await processDueEvents(stack);
    assert.deepEqual(
      notificationsOf(order).map(({ trackingNumber, providerId }) => [trackingNumber, providerId]),
      [[bought.body.tracking_number, UPS]],
    );
    const writes = stack.tiktok.calls.slice(calls).filter((path) =>
      /ship$|\d\/packages$/.test(path)
    );
    assert.deepEqual(writes, [`/fulfillment/202309/orders/${order.tiktokId}/packages`]);
    // The package exists since the payment.
    const [{ id = "" } = {}] = stack.tiktok.state.get("orders", order.tiktokId)?.detail
      .packages as { id: string }[];
    const [row] = await stack.sql`
    select tiktok_package_id, tiktok_notified_at from public.shipments where id = ${bought.body.id}`;
    assert.equal(row?.tiktok_package_id, id);
    assert.notEqual(row?.tiktok_notified_at, null);
  },
);

step(
  "in South-East Asia Ship Package takes the number, once TikTok lists the carrier",
  async () => {
    for (const loss of [undefined, "lost"] as const) {
      const order = await receiveOrder(stack, indonesian, { shippingType: "SELLER" });
      const calls = stack.tiktok.calls.length;
      const bought = await requestLabel(stack, indonesian, order.id);
      assert.equal(bought.status, 201, JSON.stringify(bought.body));
      await processDueEvents(stack);
      const unknown = await readShipment(indonesian, bought);
      assert.equal(unknown.tiktok_error, "TikTok has no shipping provider for USPS");
      assert.equal(unknown.tiktok_notified_at, null);
      assert.equal(notificationsOf(order).length, 0);

      // EasyPost's simulated carriers are American: one of TikTok's list in Indonesia stands in.
      const number = loss === undefined ? "1234567890" : "1234567891";
      await stack.sql`
      update public.shipments set carrier = 'DHLExpress', tracking_number = ${number}
      where id = ${bought.body.id}`;
      if (loss !== undefined) {
        stack.tiktok.faults.add({ ...SHIP, kind: loss, count: 1 });
        await processLaterEvents(stack);
        assert.match(
          (await readShipment(indonesian, bought)).tiktok_error,
          /^TikTok answered HTTP 504/,
        );
      }
      await processLaterEvents(stack);
      assert.deepEqual(
        notificationsOf(order).map((
          { trackingNumber, providerId },
        ) => [trackingNumber, providerId]),
        [[number, DHL_EXPRESS]],
      );
      const shipment = await readShipment(indonesian, bought);
      assert.equal(shipment.tiktok_error, null);
      assert.notEqual(shipment.tiktok_notified_at, null);
      const [{ packageId = "" } = {}] = notificationsOf(order);
      const writes = stack.tiktok.calls.slice(calls).filter((path) =>
        /ship$|\d\/packages$/.test(path)
      );
      assert.deepEqual(writes, [`/fulfillment/202309/packages/${packageId}/ship`]);
    }
  },
);
