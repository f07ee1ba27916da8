/**
 * Where TikTok's districts hold city and state, by market. Sources of each row: docs/orders.md. TikTok has no
 * fields for them, and one level means different things in different markets.
 */

/** A level ("L2"), or a level's name as TikTok writes it, in lower case with spaces. The first found counts. */
export interface Market {
  city: readonly string[];
  state: readonly string[];
  /** For a city that is a state of its own and has no such level. */
  onlyCity?: string;
}

export const MARKETS: Readonly<Record<string, Market>> = {
  // An independent city is L2 and L3; L3 is always the city.
  US: { city: ["L3", "city"], state: ["L1", "state"] },
  // `post_town` comes first.
  GB: { city: ["post town", "town", "city", "L3"], state: ["L1"] },
  IE: { city: ["city", "town", "L2"], state: ["county", "L1"] },
  // Not the urban district below: Berlin, not Wedding.
  DE: { city: ["municipality", "city", "town", "L3"], state: ["federal state", "state", "L1"] },
  // Not the arrondissement.
  FR: { city: ["commune", "municipality", "city", "town", "L3"], state: ["region", "L1"] },
  IT: { city: ["municipality", "commune", "comune", "city", "L3"], state: ["province", "L2"] },
  ES: { city: ["municipality", "city", "town", "L3"], state: ["province", "L2"] },
  MX: { city: ["municipality", "city", "L2"], state: ["state", "L1"] },
  BR: { city: ["city", "municipality", "L2"], state: ["state", "L1"] },
  JP: { city: ["city", "municipality", "ward", "L2"], state: ["prefecture", "L1"] },
  // Not the sub-district below: Kota Bandung, not Coblong. A regency (kabupaten) stands in for a city.
  ID: { city: ["city", "regency", "L2"], state: ["province", "L1"] },
  MY: { city: ["city", "town", "district", "L2"], state: ["state", "federal territory", "L1"] },
  // Not the barangay below; L1 is a region of several provinces.
  PH: { city: ["municipality", "city", "L3"], state: ["province", "L2"] },
  SG: { city: ["city"], state: [], onlyCity: "Singapore" },
  TH: { city: ["district", "city", "L2"], state: ["province", "L1"] },
  // Since 2025 some addresses have no district: then the province, which is a city for the large ones.
  VN: { city: ["district", "city", "L2", "L1"], state: ["province", "L1"] },
};

/** For a market that is not in the table. */
export const OTHER_MARKET: Market = {
  city: ["city", "town", "municipality", "commune", "district"],
  state: ["state", "province", "prefecture", "region", "L1"],
};
