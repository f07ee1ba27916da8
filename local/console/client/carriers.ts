/** Carriers and their services as people know them; EasyPost and TikTok name accounts and codes. */

const CARRIERS: Record<string, string> = {
  upsdap: "UPS",
  upssurepost: "UPS SurePost",
  upsgroundsaver: "UPS Ground Saver",
  fedexdefault: "FedEx",
  fedexsmartpost: "FedEx Ground Economy",
  dhlexpress: "DHL Express",
  dhlecs: "DHL eCommerce",
  dhlglobalmail: "DHL eCommerce",
  royalmail: "Royal Mail",
  hermes: "Evri",
};

const PROVIDERS: Record<string, string> = {
  easypost: "EasyPost",
  tiktok_shipping: "TikTok Shipping",
  own: "Own tracking number",
};

/** Where a label or a tracking number comes from; a code that is not in the list stays as it is. */
export function providerName(code: string): string {
  return PROVIDERS[code] ?? code;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** `UPSDAP` is `UPS`; a name that is not in the list stays as it is. */
export function carrierName(code: string): string {
  return CARRIERS[plain(code)] ?? code;
}

/** `2ndDayAir` is `2nd Day Air`, `usps_ground_advantage` is `usps ground advantage`. */
function splitWords(service: string): string[] {
  return service
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .split(/[\s_-]+/)
    .filter((word) => word !== "");
}

/** The service without the carrier's name: `UPSDAP UPSDAP Ground` becomes `Ground`. */
export function serviceName(carrier: string, service: string): string {
  const own = [plain(carrier), plain(carrierName(carrier))];
  const words = splitWords(service);
  while (words.length > 1 && own.includes(plain(words[0] ?? ""))) words.shift();
  const text = words.join(" ");
  return own.includes(plain(text))
    ? ""
    : text.replace(/(^|\s)[a-z]/g, (first) => first.toUpperCase());
}
