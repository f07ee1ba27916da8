/** Rates of an order, and a label bought for one of them. */
import type { Problem, Row, Schema } from "@creatorflow/client";
import { api } from "./creatorflow.ts";
import { button, find, make, say } from "./page.ts";

const PARCEL: Schema<"Parcel"> = {
  length: 9,
  width: 6,
  height: 5,
  dimension_unit: "in",
  weight: "1.4",
  weight_unit: "lb",
};

/** Needed once by EasyPost; kept for the shop afterwards. */
const FROM: Schema<"Sender"> = {
  name: "Ada's Mugs",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  state: "OR",
  postal_code: "97209",
  country: "US",
};

/** Codes that need more than their sentence. */
const ADVICE: Partial<Record<Problem["code"], string>> = {
  outcome_unknown: "Do not choose another rate: press the same button again.",
};

function describeProblem({ code, detail }: Problem): string {
  return [detail, ADVICE[code]].filter(Boolean).join(" ");
}

export async function showRates(order: Row<"orders">): Promise<void> {
  const body = { order_id: order.id, parcel: PARCEL, from: FROM };
  const { data, error } = await api.POST("/shipments/rates", { body });
  if (error) return say(describeProblem(error));
  const rates = data.rates.map((rate) => {
    const days = rate.days_max === null ? "" : `, ${rate.days_max} days`;
    const text = `${rate.service_name}: ${rate.price ?? "?"} ${rate.currency ?? ""}${days} `;
    // One key for one wish: a repeated click buys nothing more.
    const key = crypto.randomUUID();
    return make("li", text, button("Buy", () => buyLabel(order, rate, key)));
  });
  const section = find("#label");
  section.replaceChildren(make("h2", `Rates of ${order.tiktok_order_id}`), make("ul", ...rates));
  section.hidden = false;
}

async function buyLabel(
  order: Row<"orders">,
  { rate_id }: Schema<"Rate">,
  key: string,
): Promise<void> {
  const { data, error } = await api.POST("/shipments", {
    params: { header: { "Idempotency-Key": key } },
    body: { order_id: order.id, parcel: PARCEL, rate_id },
  });
  if (error) return say(describeProblem(error));
  const cost = data.shipping_cost === null ? "" : `, ${data.shipping_cost} ${data.currency ?? ""}`;
  find("#label").replaceChildren(make("p", showLabel(data), cost));
}

/** TikTok makes the file of its own labels after the purchase. */
function showLabel({ tracking_number, label_url }: Schema<"Shipment">): Node | string {
  const text = `Label ${tracking_number ?? ""}`;
  if (label_url === null) return `${text} (bought; the file follows)`;
  const link = make("a", text);
  link.href = label_url;
  link.target = "_blank";
  link.rel = "noreferrer";
  return link;
}
