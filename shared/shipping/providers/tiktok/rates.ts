/** Rates of TikTok Shipping, and the choice of one. */
import type { ShippingService } from "../../../tiktok/api/fulfillment_schemas.ts";
import { exactCents } from "../../../values/money.ts";
import { isRefusedCarrier } from "../../carriers.ts";
import { LabelError } from "../../errors.ts";
import type { Purchase } from "../../schemas.ts";
import type { Rate } from "../provider.ts";

/** The one rate in markets without prices: TikTok chooses the carrier. */
export const UNPRICED_RATE: Rate = {
  carrier: "TikTok Shipping",
  service: "tiktok",
  service_name: "TikTok Shipping",
  price: null,
  currency: null,
  days_min: null,
  days_max: null,
  is_default: true,
  carrier_shipment_id: null,
  carrier_rate_id: null,
};

/** A price without a currency counts as no price. */
export function toRate(service: ShippingService): Rate {
  const price = exactCents(service.price ?? "") ?? null;
  const isPriced = price !== null && Boolean(service.currency);
  return {
    carrier: service.shipping_provider_name || "TikTok Shipping",
    service: service.id,
    service_name: service.name || service.id,
    price: isPriced ? price : null,
    currency: isPriced ? service.currency ?? null : null,
    days_min: service.earliest_delivery_days ?? null,
    days_max: service.latest_delivery_days ?? null,
    is_default: service.is_default === true,
    carrier_shipment_id: null,
    carrier_rate_id: null,
  };
}

/** @throws {LabelError} if the service is not offered, or its carrier not accepted */
export function chooseRate(
  offered: Rate[],
  { service, refused_carriers }: Pick<Purchase, "service" | "refused_carriers">,
): Rate {
  const accepted = offered.filter(({ carrier }) => !isRefusedCarrier(carrier, refused_carriers));
  const rate = findRate(accepted, service);
  if (rate !== undefined) return rate;
  if (findRate(offered, service) === undefined) throw new LabelError("service_unavailable");
  const isNamed = !["cheapest", "default"].includes(service);
  throw new LabelError(isNamed ? "carrier_not_accepted" : "no_carrier_accepted");
}

/** @param service The id of a service; "cheapest", or "default". */
function findRate(rates: Rate[], service: string): Rate | undefined {
  // A service without a price may cost anything.
  const priceOf = (rate: Rate) => Number(rate.price ?? Infinity);
  const [cheapest] = rates.toSorted((a, b) => priceOf(a) - priceOf(b));
  if (service === "cheapest") return cheapest;
  if (service === "default") return rates.find((rate) => rate.is_default) ?? cheapest;
  return rates.find((rate) => rate.service === service);
}
