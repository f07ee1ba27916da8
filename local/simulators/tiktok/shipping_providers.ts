/** Shipping providers of each region, with the forms of their tracking numbers. */

export interface ShippingProvider {
  id: string;
  name: string;
  forms: RegExp[];
}

export const USPS: ShippingProvider = {
  id: "7117858858072016686",
  name: "USPS",
  forms: [/^9[2-5]\d{20}$/, /^[A-Z]{2}\d{9}US$/],
};

export const UPS: ShippingProvider = {
  id: "7117859084333745966",
  name: "UPS",
  forms: [/^1Z[0-9A-Z]{16}$/],
};

export const FEDEX: ShippingProvider = {
  id: "7129720299146184490",
  name: "FedEx",
  // USPS delivers some FedEx parcels on the last mile: those numbers fit both.
  forms: [/^\d{12}$/, /^\d{15}$/, /^92\d{20}$/],
};

const DHL_EXPRESS: ShippingProvider = {
  id: "7132708441138595627",
  name: "DHL Express",
  forms: [/^\d{10}$/, /^JD\d{18}$/],
};

const ONTRAC: ShippingProvider = {
  id: "7132719107476260650",
  name: "OnTrac",
  forms: [/^[CD]\d{14}$/],
};

const ROYAL_MAIL: ShippingProvider = {
  id: "6980254210034172673",
  name: "Royal Mail",
  forms: [/^[A-Z]{2}\d{9}GB$/],
};

const DPD: ShippingProvider = {
  id: "6980254210034172674",
  name: "DPD",
  forms: [/^\d{14}$/],
};

const YAMATO: ShippingProvider = {
  id: "6980254210034172675",
  name: "Yamato",
  forms: [/^\d{12}$/],
};

const JT_EXPRESS: ShippingProvider = {
  id: "6841743441349706241",
  name: "J&T Express",
  forms: [/^J[TXP]\d{5,14}$/],
};

const NINJA_VAN: ShippingProvider = {
  id: "6841743441349706242",
  name: "Ninja Van",
  forms: [/^N[JLV][A-Z]{2}\d{9,12}$/],
};

/** TikTok's carrier outside the US. */
export const TIKTOK_PROVIDER: ShippingProvider = {
  id: "6617675021119438849",
  name: "TT Virtual express",
  forms: [],
};

const EUROPE_AND_JAPAN = [ROYAL_MAIL, DPD, UPS, DHL_EXPRESS, YAMATO];

/** Regions of Mark Package As Shipped; elsewhere Ship Package takes the seller's tracking number. */
const MARK_AS_SHIPPED_REGIONS = ["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"];

export function isMarkAsShippedRegion(region: string): boolean {
  return MARK_AS_SHIPPED_REGIONS.includes(region);
}

/** TikTok Shop's markets in the European Union. */
export const EU_REGIONS = ["DE", "ES", "FR", "IE", "IT"];

/** Providers for sellers of a region. */
export function providersOf(region: string): ShippingProvider[] {
  if (region === "US") return [USPS, UPS, FEDEX, DHL_EXPRESS, ONTRAC];
  if (isMarkAsShippedRegion(region)) return EUROPE_AND_JAPAN;
  return [JT_EXPRESS, NINJA_VAN, DHL_EXPRESS];
}
