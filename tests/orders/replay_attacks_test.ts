/** Attacks with deliveries that are repeated, late, or at the same time as others. */
import assert from "node:assert/strict";
import { announceOrder, orderState, timelineOf } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  countEvents,
  postWebhook,
  pushTime,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** A webhook with the fields of one of this second. */
function bodyOf({ shopId }: ConnectedSeller, fields: Record<string, unknown>): string {
  const id = (BigInt(pushTime()) << 32n) | 77n;
  const tts_notification_id = String(id);
  return JSON.stringify({ tts_notification_id, shop_id: shopId, timestamp: pushTime(), ...fields });
}

async function post(stack: TestStack, body: string): Promise<void> {
  const response = await postWebhook(stack, body);
  assert.equal(response.status, 200);
  await response.body?.cancel();
}

/** As a month later. */
async function purgeEvents(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.webhook_events
    set received_at = now() - interval '31 days', settled_at = now() - interval '31 days'`;
  await stack.sql`select private.purge_old_rows()`;
  assert.equal(await countEvents(stack), 0);
}

test("attack: a refund without an id is replayed after its event was purged, and is not paid back twice", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await announceOrder(stack, { shopId: seller.shopId, price: "20.00" });
  const data = { line_items: [{ main_order_id: order.id }], refund_total: "12.25" };
  const refund = bodyOf(seller, { type: 67, data });
  await post(stack, refund);
  await settledEvents(stack);
  assert.equal(await orderState(seller, order.id), "awaiting_shipment partially_refunded");
  await purgeEvents(stack);

  await post(stack, refund);
  await settledEvents(stack);

  assert.equal(await orderState(seller, order.id), "awaiting_shipment partially_refunded");
  const refunds = (await timelineOf(seller, order.id)).filter((entry) => "refund" in entry.changes);
  assert.equal(refunds.length, 1);
  assert.equal(await countEvents(stack), 0, "nothing is stored");
});

test("attack: a delivery that is replayed while its event is being deleted is not new", async (stack) => {
  const body = bodyOf({ shopId: "1" } as ConnectedSeller, { type: 5 });
  await post(stack, body);
  await settledEvents(stack);
  const replay = await stack.sql.begin(async (deletion) => {
    await deletion`delete from private.webhook_events`;
    const delivery = post(stack, body);
    await until("the delivery waits for the deletion", async () => {
      const waiting = await stack.sql`
        select from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%receive_webhook_event%'`;
      return waiting.length > 0;
    });
    return { delivery };
  });
  await replay.delivery;
  assert.equal(await countEvents(stack), 0);
});

test("attack: a captured body that is replayed after TikTok's last retry has no effect", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await announceOrder(stack, { shopId: seller.shopId, price: "20.00" });
  await settledEvents(stack);
  const calls = stack.tiktok.calls.length;
  const timestamp = pushTime() - 16 * 3600 - 60;
  const refund = { line_items: [{ main_order_id: order.id }], refund_total: "20.00" };
  const bodies = [
    bodyOf(seller, { type: 67, timestamp, data: refund }),
    bodyOf(seller, { type: 1, timestamp, tts_notification_id: "1", data: { order_id: order.id } }),
    bodyOf(seller, { type: 6, timestamp, tts_notification_id: undefined, data: {} }),
  ];
  for (const body of bodies) await post(stack, body);

  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 3 });
  const rows = await stack.sql`
    select reason, body from private.webhook_events where status = 'ignored' order by id`;
  assert.deepEqual(rows.map(({ reason }) => reason), Array(3).fill("past_last_retry"));
  assert.deepEqual(rows.map(({ body }) => body), bodies, "an operator may still process them");
  assert.equal(stack.tiktok.calls.length, calls);
  assert.equal(await orderState(seller, order.id), "awaiting_shipment paid");
  const { data: shops } = await seller.client.from("tiktok_shops").select("connection_status");
  assert.deepEqual(shops, [{ connection_status: "active" }]);
});

test("attack: a second body under a known id is kept, and a retry of either is not", async (stack) => {
  const seller = await connectSeller(stack);
  const orders = [1, 2].map(() => stack.tiktok.addOrder({ shopId: seller.shopId }));
  const tts_notification_id = "7600000000000000001";
  const deliveries = orders.flatMap(({ id }) =>
    [0, 120].map((seconds) =>
      bodyOf(seller, {
        ...{ type: 1, tts_notification_id, timestamp: pushTime() - seconds },
        data: { order_id: id },
      })
    )
  );
  for (const body of [...deliveries, ...deliveries]) await post(stack, body);

  assert.deepEqual(await settledEvents(stack), { done: 2 });
  const { data } = await seller.client.from("orders").select("tiktok_order_id");
  assert.deepEqual(
    data?.map((row) => row.tiktok_order_id).sort(),
    orders.map(({ id }) => id).sort(),
  );
});

test("attack: of two states of one second the later reading wins, not the later writer", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId, price: "20.00" });
  const readings: (() => void)[] = [];
  // The first reading sees the first state, and its answer waits until the second state is stored.
  stack.tiktok.faults.observe = async ({ path, phase }) => {
    if (path !== "/order/202309/orders" || phase !== "executed" || readings.length > 0) return;
    await new Promise<void>((resolve) => readings.push(resolve));
  };
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await until("the first state is read", () => Promise.resolve(readings.length === 1));
  const payment = { currency: "USD", total_amount: "31.50", seller_discount: "1.50" };
  const { update_time } = order.detail;
  const changed = stack.tiktok.changeOrder(order.id, "AWAITING_SHIPMENT", { update_time, payment });
  await stack.tiktok.send({ ...stack.tiktok.notificationOf(changed), id: "7600000000000000002" });
  const read = async () =>
    (await seller.client.from("orders").select("total_amount, amounts, tiktok_updated_at"))
      .data?.[0];
  await until("the second state is stored", async () => await read() !== undefined);
  const stored = await read();
  assert.equal(stored?.total_amount, 31.5);

  readings[0]?.();
  assert.deepEqual(await settledEvents(stack), { done: 2 });
  assert.deepEqual(await read(), stored);
  const [event] = await stack.sql`select max(attempts) as attempts from private.webhook_events`;
  assert.equal(event?.attempts, 0, "reading again is not a failure");
});
