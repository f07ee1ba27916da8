/** The carriers of each region, and which tracking numbers are theirs. */

export interface ShippingProvider {
  id: string;
  name: string;
  /** What its tracking numbers look like. */
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
  // It gives parcels to USPS for the last mile: those numbers are good for both.
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

/** Who delivers for TikTok outside the US. */
export const TIKTOK_PROVIDER: ShippingProvider = {
  id: "6617675021119438849",
  name: "TT Virtual express",
  forms: [],
};

const EUROPE_AND_JAPAN = [ROYAL_MAIL, DPD, UPS, DHL_EXPRESS, YAMATO];

const BY_REGION: Record<string, ShippingProvider[]> = {
  US: [USPS, UPS, FEDEX, DHL_EXPRESS, ONTRAC],
  ...Object.fromEntries(
    ["GB", "DE", "FR", "IT", "ES", "IE", "JP"].map((region) => [region, EUROPE_AND_JAPAN]),
  ),
};

/** Whom sellers of a region may ship with. */
export function providersOf(region: string): ShippingProvider[] {
  return BY_REGION[region] ?? [JT_EXPRESS, NINJA_VAN, DHL_EXPRESS];
}
