/** The newest orders, as they arrive. */
import type { Row } from "@creatorflow/client";
import { supabase } from "./creatorflow.ts";
import { showRates } from "./label.ts";
import { button, find, make, say } from "./page.ts";
import { showUsage } from "./usage.ts";

const PAGE = 20;

/** Every code has its words: a new one does not compile without them. */
const STATUSES: Record<Row<"orders">["order_status"], string> = {
  received: "Not paid yet",
  on_hold: "On hold at TikTok",
  awaiting_shipment: "To ship",
  partially_shipped: "Partly shipped",
  awaiting_collection: "Waits for the carrier",
  in_transit: "In transit",
  delivered: "Delivered",
  completed: "Completed",
  cancelled: "Cancelled",
};

function describeOrder(order: Row<"orders">): HTMLTableRowElement {
  const { order_status, order_items, shipping_address, total_amount, currency } = order;
  const items = order_items.map(({ quantity, product_name }) => `${quantity} × ${product_name}`);
  const cells = [
    order.tiktok_order_id,
    STATUSES[order_status],
    items.join(", "),
    `${total_amount} ${currency}`,
    [shipping_address.city, shipping_address.country].filter(Boolean).join(", "),
    order_status === "awaiting_shipment" ? button("Rates", () => showRates(order)) : "",
  ];
  const row = make("tr", ...cells.map((cell) => make("td", cell)));
  row.dataset.order = order.tiktok_order_id;
  return row;
}

export async function showOrders(): Promise<void> {
  const { data, error } = await supabase.from("orders").select()
    .order("created_at", { ascending: false }).limit(PAGE);
  if (error) return say(error.message);
  find("#orders").replaceChildren(...data.map(describeOrder));
}

/** Reads again whenever rows of the seller have changed. */
export async function followOrders(userId: string): Promise<void> {
  const refresh = () => void Promise.all([showOrders(), showUsage()]);
  await supabase.realtime.setAuth();
  supabase.channel(`user:${userId}`, { config: { private: true } })
    .on("broadcast", { event: "*" }, refresh)
    .subscribe((status) => {
      find("#live").textContent = status === "SUBSCRIBED" ? "Live" : "Not live";
      // What changed before is in no message.
      if (status === "SUBSCRIBED") refresh();
    });
}
