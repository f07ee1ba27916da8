/** Carriers' names: TikTok's shipping provider for an EasyPost carrier, and carriers that a rule refuses. */
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";

/** In capital letters and digits only. */
export function plainName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/**
 * EasyPost also names accounts, products and countries of a carrier; both sides are plain names. Source: EasyPost's
 * carrier metadata and carrier types.
 */
const CARRIER_OF: Readonly<Record<string, string>> = {
  UPSDAP: "UPS",
  UPSSUREPOST: "UPS",
  UPSGROUNDSAVER: "UPS",
  FEDEXDEFAULT: "FEDEX",
  FEDEXSMARTPOST: "FEDEX",
  FEDEXGROUNDECONOMY: "FEDEX",
  DHLEXPRESS: "DHL",
  DHLPAKET: "DHL",
  DHLPARCEL: "DHL",
  DHLECS: "DHLECOMMERCE",
  DHLGLOBALMAIL: "DHLECOMMERCE",
  DPDUK: "DPD",
  DPDNL: "DPD",
  // One carrier, before and after it was renamed.
  HERMES: "EVRI",
  EVRI: "HERMES",
  JPPOST: "JAPANPOST",
  KURONEKOYAMATO: "YAMATO",
};

/** @param refused Plain beginnings of names, from `private.carrier_rules`. */
export function isRefusedCarrier(carrier: string, refused: readonly string[]): boolean {
  const name = plainName(carrier);
  return refused.some((beginning) => name.startsWith(beginning));
}

/** The carrier that a seller names, by TikTok's id or its whole name; `undefined` if TikTok's list has none. */
export function findNamedProvider(
  carrier: string,
  providers: readonly ShippingProvider[],
): ShippingProvider | undefined {
  const name = plainName(carrier);
  return providers.find(({ id }) => id === carrier) ??
    providers.find((provider) => plainName(provider.name) === name);
}

/** `undefined` if TikTok's list has no such carrier. */
export function findShippingProvider(
  carrier: string,
  providers: readonly ShippingProvider[],
): ShippingProvider | undefined {
  // OnTracV3 and LaserShipV2 are later integrations with the same carriers.
  const name = plainName(carrier).replace(/V\d+$/, "");
  const wanted = [name, CARRIER_OF[name]].filter(Boolean) as string[];
  const findBy = (matches: (theirs: string, ours: string) => boolean) =>
    wanted.map((ours) => providers.find((provider) => matches(plainName(provider.name), ours)))
      .find((provider) => provider !== undefined);
  // An exact name comes first; then "DHL Express" for DHL, "Royal Mail 48" for RoyalMail.
  return findBy((theirs, ours) => theirs === ours) ??
    findBy((theirs, ours) => theirs.startsWith(ours));
}
