/** Rates of EasyPost, and the choice of one. */
import { exactCents, isMore } from "../../../values/money.ts";
import { redact } from "../../../values/redact.ts";
import { isRefusedCarrier } from "../../carriers.ts";
import { LabelError } from "../../errors.ts";
import type { Purchase } from "../../schemas.ts";
import type { Rate } from "../provider.ts";
import { EasyPostError } from "./easypost_error.ts";
import type { EasyPostRate, Shipment } from "./schemas.ts";

/** EasyPost has no default: it means the cheapest. */
const CHEAPEST = ["cheapest", "default"];

export function serviceIdOf(rate: EasyPostRate): string {
  return `${rate.carrier}/${rate.service}`;
}

/** Accounts that EasyPost does not name as people name the carrier. */
const ACCOUNT_NAMES: Readonly<Record<string, string>> = { UPSDAP: "UPS", FedExDefault: "FedEx" };

/** In words: `UPS 2nd Day Air` of the account `UPSDAP` and the service `2ndDayAir`. */
function serviceNameOf({ carrier, service }: EasyPostRate): string {
  const words = service.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
  return `${ACCOUNT_NAMES[carrier] ?? carrier} ${words}`;
}

/** Without the rates whose price is not an exact number of cents. */
export function toRates(shipment: Shipment): Rate[] {
  return shipment.rates.flatMap((rate) => {
    const price = exactCents(rate.rate);
    if (price === undefined) return [];
    const days = rate.delivery_days ?? null;
    return [{
      carrier: rate.carrier,
      service: serviceIdOf(rate),
      service_name: serviceNameOf(rate),
      price,
      currency: rate.currency,
      days_min: days,
      days_max: days,
      is_default: false,
      carrier_shipment_id: shipment.id,
      carrier_rate_id: rate.id,
    }];
  });
}

/** @throws {LabelError} with the carriers' words, if none of them takes the parcel */
export function requireRates({ rates, messages }: Shipment): void {
  if (rates.length > 0) return;
  const words = messages.map(({ carrier, message }) =>
    [carrier, message].filter(Boolean).join(": ")
  );
  const cause = new EasyPostError("EasyPost offers no rates", {
    status: 200,
    words: redact([...new Set(words)].join(" ")),
  });
  throw new LabelError("carrier_refused", { cause });
}

/** @throws {LabelError} if the service is not offered or not accepted, or costs more than the seller saw */
export function chooseRate(shipment: Shipment, purchase: Purchase): EasyPostRate {
  requireRates(shipment);
  const { service, carrier_rate_id, quoted_cost, refused_carriers } = purchase;
  const isRefused = ({ carrier }: EasyPostRate) => isRefusedCarrier(carrier, refused_carriers);
  const byPrice = shipment.rates.toSorted((a, b) => isMore(a.rate, b.rate) ? 1 : -1);
  const wanted = shipment.rates.filter((candidate) => candidate.id === carrier_rate_id);
  const fitting = wanted.length > 0
    ? wanted
    : byPrice.filter((candidate) =>
      CHEAPEST.includes(service) || serviceIdOf(candidate) === service
    );
  const rate = fitting.find((candidate) => !isRefused(candidate));
  if (rate === undefined && fitting.length > 0) {
    throw new LabelError(
      wanted.length === 0 && CHEAPEST.includes(service)
        ? "no_carrier_accepted"
        : "carrier_not_accepted",
    );
  }
  if (rate === undefined) throw new LabelError("service_unavailable");
  if (quoted_cost !== null && isMore(rate.rate, quoted_cost)) throw new LabelError("price_changed");
  return rate;
}
