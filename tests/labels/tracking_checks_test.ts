/** Tracking without webhooks: a silent parcel is polled at its carrier. */
import assert from "node:assert/strict";
import { processDueEvents, processLaterEvents, receiveOrder } from "../support/labels.ts";
import {
  buyParcel,
  newParcel,
  orderStatus,
  type Parcel,
  parcelRow,
  sendEvents,
  statusOf,
} from "../support/parcels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Backdates the last update of the parcels by so many hours. */
async function ageTracking(stack: TestStack, hours: number, ...parcels: Parcel[]): Promise<void> {
  await stack.sql`
    update public.shipments set tracked_at = now() - make_interval(hours => ${hours})
    where id in ${stack.sql(parcels.map(({ id }) => id))}`;
}

async function countTrackingChecks(stack: TestStack, { id }: Parcel): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as checks from private.webhook_events
    where event_type = 'CHECK_TRACKING' and object_id = ${id}`;
  return row?.checks;
}

test(
  "a parcel without an update for a day is polled at the carrier, once a day, for 90 days",
  async (stack) => {
    const seller = await connectSeller(stack);
    const [silent, recent, old, arrived] = [
      await newParcel(stack, seller),
      await newParcel(stack, seller),
      await newParcel(stack, seller),
      await newParcel(stack, seller),
    ];
    await sendEvents(stack, stack.easypost.changeTracker(arrived.code, "delivered"));
    for (const { code } of [silent, recent, old]) {
      stack.easypost.changeTracker(code, "out_for_delivery", {
        estDeliveryDate: "2031-05-07T00:00:00Z",
      });
    }
    await ageTracking(stack, 25, silent, old, arrived);
    await ageTracking(stack, 23, recent);
    await stack.sql`
    update public.shipments set created_at = now() - interval '91 days' where id = ${old.id}`;
    await processDueEvents(stack);
    assert.deepEqual(
      await parcelRow(stack, silent).then((
        { status, estimated_delivery },
      ) => [status, estimated_delivery]),
      ["out_for_delivery", "2031-05-07"],
    );
    assert.equal(await orderStatus(stack, silent), "in_transit");
    assert.deepEqual(
      await Promise.all(
        [silent, recent, old, arrived].map((parcel) => countTrackingChecks(stack, parcel)),
      ),
      [1, 0, 0, 0],
    );
    assert.deepEqual([await statusOf(stack, recent), await statusOf(stack, old)], [
      "purchased",
      "purchased",
    ]);

    // It is not polled twice a day.
    stack.easypost.changeTracker(silent.code, "delivered");
    await processDueEvents(stack);
    await ageTracking(stack, 25, silent);
    await processDueEvents(stack);
    assert.deepEqual([await countTrackingChecks(stack, silent), await statusOf(stack, silent)], [
      1,
      "out_for_delivery",
    ]);
  },
);

test("a carrier that does not answer is polled again", async (stack) => {
  const seller = await connectSeller(stack);
  const parcel = await newParcel(stack, seller);
  stack.easypost.changeTracker(parcel.code, "in_transit");
  stack.easypost.faults.add({ method: "GET", path: /\/shipments\/shp_\w+$/, kind: "html" });
  await ageTracking(stack, 25, parcel);
  await processDueEvents(stack);
  assert.equal(await statusOf(stack, parcel), "purchased");
  stack.easypost.faults.clear();
  await processLaterEvents(stack);
  assert.deepEqual([await statusOf(stack, parcel), await countTrackingChecks(stack, parcel)], [
    "in_transit",
    1,
  ]);
});

test("the parcels of TikTok's labels follow their packages and their order", async (stack) => {
  const seller = await connectSeller(stack);
  const buyTikTokParcel = async () =>
    await buyParcel(stack, seller, await receiveOrder(stack, seller, { shippingType: "TIKTOK" }));
  const packageOf = async ({ id }: Parcel) => {
    const [row] = await stack.sql`select tiktok_package_id from public.shipments where id = ${id}`;
    return row?.tiktok_package_id as string;
  };
  // Polled at TikTok, because no webhook arrived.
  const [underway, arrived] = [await buyTikTokParcel(), await buyTikTokParcel()];
  stack.tiktok.changePackage(await packageOf(underway), "FULFILLING");
  stack.tiktok.changePackage(await packageOf(arrived), "COMPLETED");
  await ageTracking(stack, 25, underway, arrived);
  await processDueEvents(stack);
  assert.deepEqual([await statusOf(stack, underway), await orderStatus(stack, underway)], [
    "in_transit",
    "in_transit",
  ]);
  assert.deepEqual([await statusOf(stack, arrived), await orderStatus(stack, arrived)], [
    "delivered",
    "delivered",
  ]);

  // Moved by the order's webhook.
  const notified = await buyTikTokParcel();
  for (const [status, word] of [["FULFILLING", "in_transit"], ["COMPLETED", "delivered"]]) {
    const control = `${stack.env.TIKTOK_API_URL}/control/packages/${await packageOf(notified)}`;
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ status });
    const response = await fetch(control, { method: "PATCH", headers, body });
    assert.deepEqual((await response.json()).answers, [200]);
    await processDueEvents(stack);
    assert.deepEqual([await statusOf(stack, notified), await orderStatus(stack, notified)], [
      word,
      word,
    ]);
  }
  assert.equal(await countTrackingChecks(stack, notified), 0);
});
