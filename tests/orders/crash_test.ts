/** Crash safety of the receiver: kill -9 of the function host. */
import assert from "node:assert/strict";
import {
  connectSeller,
  countedOrders,
  letTimePass,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import { sampleSize } from "../support/sample_size.ts";
import { test } from "../support/shared_stack.ts";
import { until } from "../support/until.ts";

const DELIVERIES = sampleSize({ gate: 60, long: 200 });
/** The kill comes when so many deliveries have their answer. */
const BEFORE_KILL = DELIVERIES * 0.3;

async function twentyAtOnce<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

test(`after kill -9 amid ${DELIVERIES} deliveries, every webhook that was answered 200 has its order`, async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const notifications = Array.from(
    { length: DELIVERIES },
    () => stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId: seller.shopId })),
  );

  const firstPid = stack.functionHostPid();
  let isKilled = false;
  const accepted: typeof notifications = [];
  const refused: typeof notifications = [];
  await twentyAtOnce(notifications, async (notification) => {
    const status = await stack.tiktok.send(notification);
    (status === 200 ? accepted : refused).push(notification);
    if (accepted.length === BEFORE_KILL && !isKilled) {
      isKilled = true;
      Deno.kill(firstPid, "SIGKILL");
    }
  });
  assert.ok(accepted.length >= BEFORE_KILL);
  assert.ok(refused.length > 0, "the kill came too late to interrupt deliveries");

  // The stack starts the host again automatically.
  await until(
    "another function host runs",
    () => Promise.resolve(stack.functionHostPid() > 0 && stack.functionHostPid() !== firstPid),
  );
  await letTimePass(stack);
  await runEventWorker(stack);
  await settledEvents(stack);

  const orderIds = async () => {
    const { data } = await seller.client.from("orders").select("tiktok_order_id");
    return new Set(data?.map((order) => order.tiktok_order_id));
  };
  const stored = await orderIds();
  const missing = accepted.filter((entry) => !stored.has(entry.data.order_id as string));
  assert.deepEqual(missing, []);

  // TikTok sends the others again.
  await twentyAtOnce(refused, async (notification) => {
    assert.equal(await stack.tiktok.send(notification), 200);
  });
  assert.deepEqual(await settledEvents(stack), { done: DELIVERIES });
  assert.equal((await orderIds()).size, DELIVERIES);
  assert.equal(await countedOrders(stack, seller.id), DELIVERIES);
});
