/** Tracking: the carrier's updates change parcels and their orders. */
import assert from "node:assert/strict";
import { unitId } from "../../local/simulators/tiktok/orders.ts";
import { callShipments, processDueEvents, receiveOrder } from "../support/labels.ts";
import {
  buyParcel,
  newParcel,
  orderStatus,
  parcelRow,
  sendEvents,
  statusOf,
  storedEvent,
  trackingEvent,
  trackingHistory,
} from "../support/parcels.ts";
import { seededRandom } from "../support/random.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller } from "../support/shop.ts";

test(
  "signed tracking updates move a parcel and its order from the purchase to the delivery",
  async (stack) => {
    const seller = await connectSeller(stack);
    const parcel = await newParcel(stack, seller);
    assert.equal(await orderStatus(stack, parcel), "awaiting_collection");
    const steps = [
      ["pre_transit", "purchased", "awaiting_collection"],
      ["in_transit", "in_transit", "in_transit"],
      ["available_for_pickup", "available_for_pickup", "in_transit"],
      ["out_for_delivery", "out_for_delivery", "in_transit"],
      ["failure", "failed", "in_transit"],
      ["delivered", "delivered", "delivered"],
    ] as const;
    for (const [word, status, order] of steps) {
      const { event, answer } = await stack.easypost.advanceTracker(parcel.code, word);
      assert.equal(answer, 200);
      await processDueEvents(stack);
      assert.deepEqual([await statusOf(stack, parcel), await orderStatus(stack, parcel)], [
        status,
        order,
      ], word);
      const stored = await storedEvent(stack, event);
      assert.deepEqual(stored, {
        status: "done",
        reason: null,
        event_type: "tracker.updated",
        object_id: parcel.code,
      });
    }
    assert.deepEqual(
      await trackingHistory(stack, parcel),
      steps.slice(1).map(([, status]) => status),
    );
    const { data } = await seller.client.from("shipments").select("status").eq("id", parcel.id);
    assert.deepEqual(data, [{ status: "delivered" }]);
  },
);

test("late, repeated and shuffled updates never move a parcel back", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  const [first, second, third] = (["in_transit", "out_for_delivery", "delivered"] as const)
    .map((status) => stack.easypost.changeTracker(parcel.code, status));
  assert.ok(first && second && third);
  await sendEvents(stack, second);
  assert.equal(await statusOf(stack, parcel), "out_for_delivery");
  await sendEvents(stack, first, second, first);
  assert.equal(await statusOf(stack, parcel), "out_for_delivery");
  await sendEvents(stack, third, second, first, third);
  assert.deepEqual(await trackingHistory(stack, parcel), ["out_for_delivery", "delivered"]);
  // Only a return may follow a delivery.
  await sendEvents(
    stack,
    trackingEvent(stack, parcel, { status: "failure" }),
    trackingEvent(stack, parcel, { status: "in_transit" }),
  );
  assert.equal(await statusOf(stack, parcel), "delivered");
  await sendEvents(
    stack,
    trackingEvent(stack, parcel, { status: "return_to_sender" }),
    trackingEvent(stack, parcel, { status: "delivered" }),
  );
  assert.equal(await statusOf(stack, parcel), "returned");

  // All at the same time, each three times.
  const shuffled = await newParcel(stack, seller);
  const events = (["pre_transit", "in_transit", "out_for_delivery", "delivered"] as const)
    .map((status) => stack.easypost.changeTracker(shuffled.code, status));
  const random = seededRandom(7).next;
  const deliveries = [...events, ...events, ...events].toSorted(() => random() - 0.5);
  const answers = await Promise.all(deliveries.map((event) => stack.easypost.send(event)));
  assert.ok(answers.every((answer) => answer === 200));
  await processDueEvents(stack);
  assert.deepEqual([await statusOf(stack, shuffled), await orderStatus(stack, shuffled)], [
    "delivered",
    "delivered",
  ]);
  for (const event of events) assert.equal((await storedEvent(stack, event)).status, "done");
});

test("after a failed delivery the carrier's next attempt shows", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  const steps = ["failure", "in_transit", "out_for_delivery", "failure", "out_for_delivery"];
  for (const [day, status] of steps.entries()) {
    await sendEvents(
      stack,
      trackingEvent(stack, parcel, { status, updated_at: `2031-05-0${day + 1}T10:00:00Z` }),
    );
    assert.equal(await statusOf(stack, parcel), status === "failure" ? "failed" : status);
  }
  // Comes late.
  await sendEvents(
    stack,
    trackingEvent(stack, parcel, { status: "failure", updated_at: "2031-05-04T11:00:00Z" }),
  );
  assert.equal(await statusOf(stack, parcel), "out_for_delivery");
});

test("an unknown status changes nothing", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  // EasyPost could not track the parcel: it has no scan, and its label can be voided.
  await sendEvents(stack, trackingEvent(stack, parcel, { status: "error" }));
  assert.equal(await statusOf(stack, parcel), "purchased");
  assert.equal(await orderStatus(stack, parcel), "awaiting_collection");
  await sendEvents(stack, trackingEvent(stack, parcel, { status: "in_transit" }));
  const odd = ["unknown", "cancelled", "teleported", "", "IN_TRANSIT", "__proto__", "voided"];
  for (const status of [...odd, null, 7, ["delivered"], { status: "delivered" }]) {
    const event = trackingEvent(stack, parcel, { status });
    await sendEvents(stack, event);
    assert.equal(await statusOf(stack, parcel), "in_transit", String(status));
    assert.match(String((await storedEvent(stack, event)).status), /^(done|ignored)$/);
  }
});

test("the estimated delivery date comes from the carrier's newest update", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  const at = (updated_at: string, est_delivery_date: unknown, status = "in_transit") =>
    trackingEvent(stack, parcel, { status, updated_at, est_delivery_date });
  const day = async () => (await parcelRow(stack, parcel)).estimated_delivery;
  await sendEvents(stack, at("2031-05-02T10:00:00Z", "2031-05-07T00:00:00Z"));
  assert.equal(await day(), "2031-05-07");
  await sendEvents(stack, at("2031-05-03T10:00:00Z", "2031-05-09T00:00:00Z"));
  assert.equal(await day(), "2031-05-09");
  // Arrives out of order.
  await sendEvents(stack, at("2031-05-01T10:00:00Z", "2031-05-05T00:00:00Z"));
  assert.equal(await day(), "2031-05-09");
  // An update without a date keeps the stored one.
  await sendEvents(stack, at("2031-05-04T10:00:00Z", null), at("2031-05-04T11:00:00Z", "soon"));
  assert.equal(await day(), "2031-05-09");
  // An old update still counts for the status, if its rank is higher.
  await sendEvents(stack, at("2031-05-01T11:00:00Z", "2031-05-04T00:00:00Z", "out_for_delivery"));
  assert.deepEqual([await statusOf(stack, parcel), await day()], [
    "out_for_delivery",
    "2031-05-09",
  ]);
  const { tracking_updated_at } = await parcelRow(stack, parcel);
  assert.equal((tracking_updated_at as Date).toISOString(), "2031-05-04T11:00:00.000Z");
});

test("an invalid timestamp is ignored", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  for (const time of ["+275760-09-13", "-271821-04-20", "12026-01-01", "0000-01-01", "-1", "1e3"]) {
    const event = trackingEvent(stack, parcel, {
      status: "pre_transit",
      est_delivery_date: time,
      updated_at: time,
    });
    await sendEvents(stack, event);
    assert.equal((await storedEvent(stack, event)).status, "done", time);
  }
  await sendEvents(
    stack,
    trackingEvent(stack, parcel, { status: "in_transit", updated_at: "2031-05-02T10:00:00Z" }),
  );
  const { status, tracking_updated_at } = await parcelRow(stack, parcel);
  assert.equal(status, "in_transit");
  assert.equal((tracking_updated_at as Date).toISOString(), "2031-05-02T10:00:00.000Z");
});

test("characters that Postgres cannot store do not fail an event", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  for (const odd of ["1\0", "\ud800", "\0", "x".repeat(20_000)]) {
    const event = trackingEvent(stack, parcel, {
      tracking_code: odd,
      carrier: odd,
      est_delivery_date: odd,
    });
    await sendEvents(stack, event);
    assert.equal((await storedEvent(stack, event)).status, "done");
    const lost = trackingEvent(stack, parcel, {
      status: "delivered",
      tracking_code: odd,
      shipment_id: odd,
    });
    await sendEvents(stack, lost);
    assert.equal((await storedEvent(stack, lost)).status, "ignored");
  }
  assert.equal(await statusOf(stack, parcel), "purchased");
});

test(
  "what the carrier charges or pays back later is in the cost of the label, and in the totals",
  async (stack) => {
    const seller = await connectSeller(stack);
    const parcel = await newParcel(stack, seller);
    const cents = async () => {
      const [row] = await stack.sql`
        select (shipment.shipping_cost * 100)::int as cost, spent.cents::int as spent
        from public.shipments as shipment
        join private.label_spending as spent on spent.user_id = shipment.user_id
        where shipment.id = ${parcel.id}`;
      return [row?.cost, row?.spent];
    };
    const [cost, spent] = await cents();
    const created = stack.easypost.adjustCost(parcel.id, 160);
    await sendEvents(stack, created, created);
    assert.deepEqual(await cents(), [cost + 160, spent + 160]);
    const updated = stack.easypost.adjustCost(parcel.id, -40);
    const newer = { ...updated, created_at: "2036-01-01T00:00:00Z" };
    await sendEvents(stack, newer, { ...created, id: "evt_late" });
    assert.deepEqual(await cents(), [cost - 40, spent - 40]);
    const { body } = await callShipments(stack, seller, `/${parcel.id}`, { method: "GET" });
    assert.equal(body.shipping_cost, ((cost - 40) / 100).toFixed(2));
    const entries = await stack.sql`
      select (changes -> 'shipping_cost' ->> 'to')::numeric * 100 as cost from public.order_events
      where order_id = ${parcel.order.id} and event_type = 'LABEL_COST_ADJUSTED' order by id`;
    assert.deepEqual(entries.map((entry) => Number(entry.cost)), [cost + 160, cost - 40]);

    const unknown = { ...created.result, shipment_id: "shp_unknown" };
    const foreign = { ...created, id: "evt_foreign", result: unknown };
    const platform = async () => {
      const [row] = await stack.sql`
        select cents::int from private.label_spending
        where user_id is null and shop_key is null and month = private.current_month()`;
      return row?.cents;
    };
    const before = await platform();
    await sendEvents(stack, foreign);
    assert.equal((await storedEvent(stack, foreign)).status, "done");
    assert.equal(await platform(), before + 160);
  },
);

test("an order of two parcels is delivered when both are", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const lines = [0, 1].map((unit) => unitId(order.tiktokId, unit));
  const first = await buyParcel(stack, seller, order, { line_item_ids: [lines[0]] });
  assert.equal(await orderStatus(stack, first), "partially_shipped");
  await sendEvents(stack, stack.easypost.changeTracker(first.code, "delivered"));
  assert.equal(await statusOf(stack, first), "delivered");
  assert.equal(await orderStatus(stack, first), "partially_shipped");
  const second = await buyParcel(stack, seller, order, { line_item_ids: [lines[1]] });
  await sendEvents(stack, stack.easypost.changeTracker(second.code, "out_for_delivery"));
  assert.equal(await orderStatus(stack, second), "in_transit");
  await sendEvents(stack, stack.easypost.changeTracker(second.code, "delivered"));
  assert.equal(await orderStatus(stack, second), "delivered");
});

test(
  "a tracker is found by EasyPost's shipment id, otherwise by its tracking number; a voided label stays voided",
  async (stack) => {
    const seller = await connectSeller(stack);
    const [named, numbered, voided] = [
      await newParcel(stack, seller),
      await newParcel(stack, seller),
      await newParcel(stack, seller),
    ];
    await sendEvents(
      stack,
      trackingEvent(stack, named, { status: "in_transit", tracking_code: "another" }),
    );
    assert.equal(await statusOf(stack, named), "in_transit");
    await sendEvents(
      stack,
      trackingEvent(stack, numbered, { status: "in_transit", shipment_id: null }),
    );
    assert.equal(await statusOf(stack, numbered), "in_transit");
    stack.easypost.behaviour.refundStatus = "refunded";
    assert.equal((await callShipments(stack, seller, `/${voided.id}/void`)).status, 200);
    stack.easypost.behaviour.refundStatus = "submitted";
    await sendEvents(stack, trackingEvent(stack, voided, { status: "delivered" }));
    assert.deepEqual([await statusOf(stack, voided), await orderStatus(stack, voided)], [
      "voided",
      "awaiting_collection",
    ]);
  },
);
