/** Price of the cancelled units of an order, and whether TikTok's total still contains them. */
import { addDecimals } from "../../values/money.ts";
import type { LineItem, Order } from "../api/schemas.ts";
import { isCancelled } from "./map_order_items.ts";

/** Columns of `orders`; `null` where TikTok states no units, or not the price of each. */
export interface CancelledUnits {
  /** Price and taxes of the cancelled units, a decimal string in the order's currency. */
  cancelled_amount: string | null;
  /** Whether `total_amount` still contains them. */
  cancelled_in_total: boolean | null;
}

const NONE: CancelledUnits = { cancelled_amount: "0.00", cancelled_in_total: true };
const UNKNOWN: CancelledUnits = { cancelled_amount: null, cancelled_in_total: null };

function sumOfPrices(units: readonly LineItem[]): number {
  return units.reduce((sum, unit) => sum + Number(unit.sale_price), 0);
}

function toNumber(amount: unknown, absent: number): number {
  const text = typeof amount === "number" ? String(amount) : amount;
  return typeof text === "string" && /^\d+(\.\d+)?$/.test(text) ? Number(text) : absent;
}

/**
 * The most that the units in the total can cost. TikTok's OpenAPI of Get Order Detail: `sub_total` is their
 * price, and `total_amount` adds shipping and taxes; a payment platform may pay a part of it.
 */
function unitsInTotal(payment: NonNullable<Order["payment"]>): number {
  const withTaxes = toNumber(payment.total_amount, Infinity) +
    toNumber(payment.payment_platform_discount, 0) - toNumber(payment.shipping_fee, 0);
  return Math.min(withTaxes, toNumber(payment.sub_total, Infinity));
}

/**
 * TikTok does not document whether it lowers the total of an order when units are cancelled: the total is
 * compared with the price of all units, and with that of the others.
 */
export function mapCancelledUnits({ line_items, payment }: Order): CancelledUnits {
  const units = line_items ?? [];
  const cancelled = units.filter(isCancelled);
  if (units.length > 0 && cancelled.length === 0) return NONE;
  if (units.length === 0 || units.some((unit) => !unit.sale_price)) return UNKNOWN;
  const taxes = cancelled.flatMap((unit) => unit.item_tax ?? []);
  const all = sumOfPrices(units);
  const stated = unitsInTotal(payment ?? {});
  const isLowered = Math.abs(stated - all) > Math.abs(stated - all + sumOfPrices(cancelled));
  return {
    cancelled_amount: addDecimals([
      ...cancelled.flatMap((unit) => unit.sale_price ?? []),
      ...taxes.flatMap((tax) => tax.tax_amount ?? []),
    ]),
    cancelled_in_total: !isLowered,
  };
}
