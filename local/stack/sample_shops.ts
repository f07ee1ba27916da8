/** First content of the simulated TikTok: two shops with orders of the last two days. */
import { makeOrder } from "../simulators/tiktok/orders.ts";
import type { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import type { SimulatedOrder } from "../simulators/tiktok/state.ts";

/** The shop that the sample webhooks name. */
export const SAMPLE_SHOP_ID = "7490000000000000001";
export const OTHER_SHOP_ID = "7490000000000000002";

const FIXTURES = new URL("../simulators/tiktok/sample_orders/", import.meta.url);

const SAMPLE_ORDERS = [
  "17-orders-search-page-1.json",
  "18-orders-search-last-page.json",
  "12-order-detail-on-hold-no-address.json",
  "14-order-detail-cancelled.json",
];

const HOUR_SECONDS = 3600;
/** From one order of a shop to the one before it. */
const APART_SECONDS = 7 * HOUR_SECONDS;

type Detail = SimulatedOrder["detail"];

/** Every time of an order, so many seconds later: `..._time` in Unix seconds, 0 where it does not apply. */
function moveTimes<Value>(value: Value, seconds: number): Value {
  if (Array.isArray(value)) return value.map((each) => moveTimes(each, seconds)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      name.endsWith("_time") && typeof field === "number" && field > 0
        ? field + seconds
        : moveTimes(field, seconds),
    ]),
  ) as Value;
}

let samples: readonly Detail[] | undefined;

/** Read once: tests start a simulator each. */
function readSamples(): readonly Detail[] {
  return samples ??= SAMPLE_ORDERS.flatMap((name) => {
    const answer = JSON.parse(Deno.readTextFileSync(new URL(name, FIXTURES)));
    return answer.data.orders as Detail[];
  });
}

/** Update times of a shop's orders, the newest an hour ago. */
function* pastTimes(nowSeconds: number): Generator<number> {
  for (let time = nowSeconds - HOUR_SECONDS;; time -= APART_SECONDS) yield time;
}

/**
 * Adds shops and orders once: the simulator keeps its state.
 * @param now Unix milliseconds. A shop that connects within the next 30 days brings the orders.
 */
export function seedSimulator(simulator: TikTokSimulator, now = Date.now()): void {
  if (simulator.state.get("shops", SAMPLE_SHOP_ID)) return;
  const nowSeconds = Math.floor(now / 1000);
  const put = (order: SimulatedOrder) => simulator.state.put("orders", order.id, order);

  simulator.addShop({ id: SAMPLE_SHOP_ID, name: "Blue Fern Goods" });
  const times = pastTimes(nowSeconds);
  for (const sample of readSamples()) {
    const time = times.next().value as number;
    const detail = moveTimes(sample, time - sample.update_time);
    put({ id: detail.id as string, shopId: SAMPLE_SHOP_ID, detail });
  }

  // A second seller must not see the first one's orders.
  simulator.addShop({ id: OTHER_SHOP_ID, name: "Copper Kettle" });
  const otherTimes = pastTimes(nowSeconds);
  for (const [index, quantity] of [1, 2, 1].entries()) {
    const orderId = `57646141303879000${index + 1}`;
    const updateTime = otherTimes.next().value as number;
    put(makeOrder({ shopId: OTHER_SHOP_ID, orderId, quantity, updateTime }, nowSeconds));
  }
}
