/** Maps the amounts that TikTok states for an order. */
import type { Order } from "../api/schemas.ts";

/** `orders.amounts`: TikTok's own names, decimal strings in the order's currency. */
export type Amounts = Record<string, string>;

const DECIMAL = /^-?\d+(\.\d+)?$/;
const MAX_NAME_LENGTH = 100;

/**
 * Every amount of `payment`, e.g. `seller_discount`, `platform_discount`, `product_tax`, `shipping_fee_tax`:
 * markets add fees without notice, so names are not listed. What is not a decimal is left out.
 */
export function mapAmounts(payment: Order["payment"]): Amounts {
  const amounts = Object.entries(payment ?? {}).flatMap(([name, value]) => {
    const text = typeof value === "number" ? String(value) : value;
    return typeof text === "string" && DECIMAL.test(text) && name.length <= MAX_NAME_LENGTH
      ? [[name, text] as const]
      : [];
  });
  return Object.fromEntries(amounts);
}
