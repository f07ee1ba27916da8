/** Cancels units of an order while it goes on. */
import { linesOf } from "./packages.ts";
import type { SimulatedOrder } from "./state.ts";

export interface CancelOptions {
  /** @default {"Ordered by mistake"} */
  reason?: string;
  /** Takes the units out of the order's amounts, too: TikTok does not document it. @default {false} */
  lowersTotal?: boolean;
}

function paymentWithout(order: SimulatedOrder, lineItemIds: string[]): Record<string, unknown> {
  const payment = order.detail.payment as Record<string, string>;
  const price = linesOf(order).filter(({ id }) => lineItemIds.includes(id))
    .reduce((sum, line) => sum + Number(line.sale_price), 0);
  const lower = (name: string) => (Number(payment[name]) - price).toFixed(2);
  return { ...payment, sub_total: lower("sub_total"), total_amount: lower("total_amount") };
}

/** The fields of the order that change. */
export function cancelledUnits(
  order: SimulatedOrder,
  lineItemIds: string[],
  { reason = "Ordered by mistake", lowersTotal = false }: CancelOptions = {},
): Record<string, unknown> {
  const cancelled = { display_status: "CANCELLED", cancel_user: "BUYER", cancel_reason: reason };
  return {
    line_items: linesOf(order).map((line) =>
      lineItemIds.includes(line.id) ? { ...line, ...cancelled } : line
    ),
    ...(lowersTotal && { payment: paymentWithout(order, lineItemIds) }),
  };
}
