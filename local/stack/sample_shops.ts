/** First content of the simulated TikTok: two shops, one with the sample orders. */
import type { TikTokSimulator } from "../simulators/tiktok/simulator.ts";
import type { SimulatedOrder } from "../simulators/tiktok/state.ts";

/** The shop that the sample webhooks name. */
export const SAMPLE_SHOP_ID = "7490000000000000001";

const FIXTURES = new URL("../simulators/tiktok/sample_orders/", import.meta.url);

const SAMPLE_ORDERS = [
  "17-orders-search-page-1.json",
  "18-orders-search-last-page.json",
  "12-order-detail-on-hold-no-address.json",
  "14-order-detail-cancelled.json",
];

/** Adds shops and orders once: the simulator keeps its state. */
export function seedSimulator(simulator: TikTokSimulator): void {
  if (simulator.state.get("shops", SAMPLE_SHOP_ID)) return;
  simulator.addShop({ id: SAMPLE_SHOP_ID, name: "Blue Fern Goods" });
  // A second seller must not see the first one's orders.
  simulator.addShop({ id: "7490000000000000002", name: "Copper Kettle" });
  for (const name of SAMPLE_ORDERS) {
    const answer = JSON.parse(Deno.readTextFileSync(new URL(name, FIXTURES)));
    for (const detail of answer.data.orders as SimulatedOrder["detail"][]) {
      const id = detail.id as string;
      simulator.state.put("orders", id, { id, shopId: SAMPLE_SHOP_ID, detail });
    }
  }
}
