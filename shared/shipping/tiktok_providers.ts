/** Which of TikTok's shipping providers a carrier of EasyPost's is. */
import type { ShippingProvider } from "../tiktok/fulfillment_schemas.ts";

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
  const wanted = [name, SAME[name]].filter((candidate) => candidate !== undefined);
  const exact = providers.find((provider) => wanted.includes(plain(provider.name)));
  // "DHL Express" for DHL, "Royal Mail 48" for RoyalMail.
  return exact ??
    providers.find((provider) =>
      wanted.some((candidate) => plain(provider.name).startsWith(candidate))
    );
}
