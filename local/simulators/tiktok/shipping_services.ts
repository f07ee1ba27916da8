/** TikTok's shipping services, and the prices of its labels. */
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { randomDigits } from "./ids.ts";
import { gramsOf } from "./package_size.ts";
import { FEDEX, type ShippingProvider, TIKTOK_PROVIDER, UPS, USPS } from "./shipping_providers.ts";
import type { SimulatedShop, Weight } from "./state.ts";

interface Service {
  id: string;
  name: string;
  provider: ShippingProvider;
  baseCents: number;
  centsPer100Grams: number;
  days: [earliest: number, latest: number];
  maxGrams: number;
}

/** The first is the default. */
const US_SERVICES: Service[] = [
  {
    id: "7208000000000000001",
    name: "USPS Ground Advantage",
    provider: USPS,
    baseCents: 372,
    centsPer100Grams: 22,
    days: [2, 5],
    maxGrams: 31_751,
  },
  {
    id: "7208000000000000002",
    name: "UPS Ground Saver",
    provider: UPS,
    baseCents: 463,
    centsPer100Grams: 22,
    days: [3, 6],
    maxGrams: 31_751,
  },
  {
    id: "7208000000000000003",
    name: "FedEx Express Saver",
    provider: FEDEX,
    baseCents: 1180,
    centsPer100Grams: 65,
    days: [1, 2],
    maxGrams: 68_039,
  },
];

/** Prefix of the tracking numbers on a carrier's labels, and the number of digits after it. */
const LABEL_NUMBERS = new Map<ShippingProvider, [prefix: string, digits: number]>([
  [USPS, ["9400", 18]],
  [UPS, ["1Z", 16]],
  [FEDEX, ["7", 11]],
  [TIKTOK_PROVIDER, ["75", 10]],
]);

export function newTrackingNumber(provider: ShippingProvider): string {
  const [prefix, digits] = LABEL_NUMBERS.get(provider) ?? ["", 12];
  return prefix + randomDigits(digits);
}

/** Price of a label outside the US, by the number of units in the package. */
export function flatLabelCents(items: number): number {
  return 280 + 40 * items;
}

/** A service with its price for a package. */
export interface Offer {
  cents: number;
  isDefault: boolean;
  service: Service;
}

/** Services for a package of this weight. @throws {TikTokRefusal} if no service takes it. */
export function offersFor(shop: SimulatedShop, weight: Weight): Offer[] {
  const grams = gramsOf(weight);
  const services = US_SERVICES.slice(0, shop.oneService ? 1 : undefined)
    .filter(({ maxGrams }) => grams <= maxGrams);
  if (services.length === 0) throw shippingRefusals.noService();
  return services.map((service, index) => ({
    cents: service.baseCents + Math.round(service.centsPer100Grams * grams / 100),
    isDefault: index === 0,
    service,
  }));
}

/**
 * The wanted service, or the default; a shop with one service always gets that.
 * @throws {TikTokRefusal}
 */
export function chooseOffer(
  shop: SimulatedShop,
  offers: Offer[],
  wanted: string | undefined,
): Offer {
  const ignored = wanted === undefined || shop.oneService;
  const offer = offers.find((candidate) =>
    ignored ? candidate.isDefault : candidate.service.id === wanted
  );
  if (offer === undefined) throw shippingRefusals.unknownService();
  return offer;
}

/** In TikTok's form, without `is_default`. */
export function describeOffer({ cents, service }: Offer) {
  const { id, name, provider, days } = service;
  return {
    id,
    name,
    price: (cents / 100).toFixed(2),
    currency: "USD",
    earliest_delivery_days: days[0],
    latest_delivery_days: days[1],
    shipping_provider_name: provider.name,
    shipping_provider_id: provider.id,
  };
}
