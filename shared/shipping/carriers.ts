/** Which of TikTok's shipping providers a carrier of EasyPost's is. */
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";

function plain(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** EasyPost names accounts and products of a carrier too; the left side is `plain`. */
const SAME: Readonly<Record<string, string>> = {
  UPSDAP: "UPS",
  UPSSUREPOST: "UPS",
  UPSGROUNDSAVER: "UPS",
  FEDEXDEFAULT: "FEDEX",
  FEDEXSMARTPOST: "FEDEX",
  FEDEXGROUNDECONOMY: "FEDEX",
  DHLEXPRESS: "DHL",
  DHLECS: "DHLECOMMERCE",
  DHLGLOBALMAIL: "DHLECOMMERCE",
  HERMES: "EVRI",
};

/** `undefined` if TikTok's list has no such carrier. */
export function findShippingProvider(
  carrier: string,
  providers: readonly ShippingProvider[],
): ShippingProvider | undefined {
  const name = plain(carrier);
  const wanted = [name, SAME[name]].filter(Boolean) as string[];
  const find = (isMeant: (theirs: string, ours: string) => boolean) =>
    wanted.map((ours) => providers.find((provider) => isMeant(plain(provider.name), ours)))
      .find((provider) => provider !== undefined);
  // "DHL Express" for DHL, "Royal Mail 48" for RoyalMail; a carrier's very name comes first.
  return find((theirs, ours) => theirs === ours) ?? find((theirs, ours) => theirs.startsWith(ours));
}
