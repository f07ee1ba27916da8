/** What needs the seller's attention, the most urgent first. */
import type { Tone } from "../../../components/badge.tsx";
import type { Overview } from "../../../data/overview.ts";
import { unpaidPlanOf } from "../../../data/plan.ts";
import type { Shop } from "../../../data/shops.ts";
import { countOf } from "../../../format.ts";
import { describeHeld } from "../../../held.ts";

export interface Concern {
  key: string;
  tone: Tone;
  text: string;
  link: { path: string; text: string };
}

function shopConcern({ id, shop_name, shop_id, status, message }: Shop): Concern[] {
  if (status !== "needs_reauth" && status !== "paused") return [];
  return [{
    key: `shop:${id}`,
    tone: status === "paused" ? "warn" : "bad",
    text: `${shop_name ?? shop_id}: ${message}`,
    link: { path: "/seller/shops", text: status === "paused" ? "See the shop" : "Connect again" },
  }];
}

function labelConcern(
  { order_id, ...shipment }: { id: string; order_id: string },
  tone: Tone,
  text: string,
): Concern {
  const link = { path: `/seller/orders/${order_id}`, text: "See the order" };
  return { key: `label:${shipment.id}`, tone, text, link };
}

export function findConcerns({ shops, usage, account, counts, advised }: Overview): Concern[] {
  const concerns: Concern[] = [];
  const add = (key: string, tone: Tone, text: string, path: string, link: string): void =>
    void concerns.push({ key, tone, text, link: { path, text: link } });
  if (unpaidPlanOf(account) !== null) {
    const text =
      "Stripe could not collect the payment of your plan. Until it is paid the trial's limit holds.";
    add("payment", "bad", text, "/seller/plan", "Pay");
  }
  concerns.push(...shops.flatMap(shopConcern));
  if (usage.held > 0) {
    add("held", "warn", describeHeld(usage), "/seller/plan", "See your plan");
  }
  if (counts.late > 0) {
    const text = `${countOf(counts.late, "order")} should have been shipped by now.`;
    add("late", "warn", text, "/seller/orders?state=to_ship", "See them");
  }
  return [
    ...concerns,
    ...advised.map((shipment) =>
      labelConcern(
        shipment,
        "warn",
        shipment.advice === "stop_parcel"
          ? "A parcel should be stopped: its order has changed."
          : "A label should be voided: its order has changed.",
      )
    ),
  ];
}
