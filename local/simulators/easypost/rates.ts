/** Rates of the carriers: they depend on the weight only, and are not sorted. */
import { missingParts } from "./addresses.ts";
import { dollars, newId, timestamp } from "./ids.ts";
import type { Address, Mode, Parcel, Rate, RateMessage } from "./objects.ts";

interface Service {
  carrier: "USPS" | "UPSDAP";
  service: string;
  /** Cents, and cents per started pound. */
  base: number;
  perPound: number;
  days: number;
}

const SERVICES: Service[] = [
  { carrier: "USPS", service: "Express", base: 2835, perPound: 325, days: 1 },
  { carrier: "USPS", service: "GroundAdvantage", base: 489, perPound: 96, days: 4 },
  { carrier: "UPSDAP", service: "2ndDayAir", base: 1423, perPound: 218, days: 2 },
  { carrier: "USPS", service: "Priority", base: 677, perPound: 142, days: 2 },
  { carrier: "UPSDAP", service: "Ground", base: 604, perPound: 87, days: 5 },
];

const CARRIERS = {
  USPS: { account: "ca_0e7a1c5d0b2f4c37a8d4c1e0f6b95a21", maxPounds: 70 },
  UPSDAP: { account: "ca_b42d9f6a7c1e4f0d93a5d8270e6c14fb", maxPounds: 150 },
};

export interface RateRequest {
  shipmentId: string;
  toAddress: Address;
  fromAddress: Address;
  parcel: Parcel;
  mode: Mode;
  now: number;
}

/** The reason why a carrier does not take the parcel. */
function obstacleOf(carrier: Service["carrier"], { toAddress, fromAddress, parcel }: RateRequest) {
  for (
    const [name, address] of Object.entries({ to_address: toAddress, from_address: fromAddress })
  ) {
    const missing = missingParts(address);
    if (missing.length > 0) return `Invalid ${name}: ${missing.join(", ")} missing.`;
    if (address.country !== "US") return "Only shipments within the US are rated.";
    // Carriers take no names of states, and no other code.
    if (!/^[A-Z]{2}$/.test(address.state ?? "")) {
      return `Missing or invalid StateProvinceCode of ${name}.`;
    }
  }
  const { maxPounds } = CARRIERS[carrier];
  return parcel.weight > maxPounds * 16
    ? `The parcel is heavier than ${maxPounds} lbs.`
    : undefined;
}

function makeRate(service: Service, { shipmentId, parcel, mode, now }: RateRequest): Rate {
  const cents = service.base + service.perPound * Math.ceil(parcel.weight / 16);
  const at = timestamp(now);
  return {
    id: newId("rate"),
    object: "Rate",
    created_at: at,
    updated_at: at,
    mode,
    service: service.service,
    carrier: service.carrier,
    rate: dollars(cents),
    currency: "USD",
    delivery_days: service.days,
    est_delivery_days: service.days,
    shipment_id: shipmentId,
    carrier_account_id: CARRIERS[service.carrier].account,
  };
}

/** The rates of the carriers that take the parcel, and the reasons of the others. */
export function getRates(request: RateRequest): { rates: Rate[]; messages: RateMessage[] } {
  const messages: RateMessage[] = [];
  for (const carrier of ["USPS", "UPSDAP"] as const) {
    const message = obstacleOf(carrier, request);
    if (message === undefined) continue;
    const { account } = CARRIERS[carrier];
    messages.push({ carrier, carrier_account_id: account, type: "rate_error", message });
  }
  const refused = new Set(messages.map((message) => message.carrier));
  const services = SERVICES.filter((service) => !refused.has(service.carrier));
  return { rates: services.map((service) => makeRate(service, request)), messages };
}
