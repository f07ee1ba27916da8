import assert from "node:assert/strict";
import { readReported } from "../../../tests/support/reported.ts";
import { mapAddress } from "./map_address.ts";
import { MARKETS } from "./markets.ts";

const open = {
  name: "Rosa Delgado",
  address_line1: "118 Alder Street",
  postal_code: "97205",
  region_code: "US",
};

Deno.test("mapAddress() calls an address masked as soon as one part has three asterisks in a row, or the phone has one", () => {
  assert.equal(mapAddress(open).status, "readable");
  const masks = {
    name: "R***",
    address_line1: "11***",
    address_line2: "Un***",
    postal_code: "97***",
    phone_number: "(+1)503*****42",
    full_address: "11***, Portland",
    district_info: [{ address_level: "L3", address_level_name: "City", address_name: "Po***" }],
  };
  for (const [field, mask] of Object.entries(masks)) {
    assert.equal(mapAddress({ ...open, [field]: mask }).status, "masked", field);
  }
  assert.equal(mapAddress({ ...open, phone_number: "503*42" }).status, "masked");
});

Deno.test("a buyer's own asterisks leave an address readable", () => {
  for (const line of ["Apt 4 *rear*", "**Leave at door**", "* 7 *"]) {
    const { status, address } = mapAddress({ ...open, address_line2: line });
    assert.deepEqual([status, address.line2], ["readable", line]);
  }
});

Deno.test("mapAddress() returns none for an absent or empty address, even if the country is present", () => {
  const district_info = [{
    address_level: "L0",
    address_level_name: "Country",
    address_name: "US",
  }];
  for (const recipient of [null, undefined, {}, { name: " ", region_code: "US", district_info }]) {
    assert.deepEqual(mapAddress(recipient), { status: "none", address: {} });
  }
});

const place = (recipient: Parameters<typeof mapAddress>[0]) => {
  const { city, state, postal_code, country } = mapAddress({ address_line1: "1", ...recipient })
    .address;
  return [city, state, postal_code, country];
};
const districts = (...levels: [string, string, string][]) => ({
  district_info: levels.map(([address_level, address_level_name, address_name]) => ({
    address_level,
    address_level_name,
    address_name,
  })),
});

/** @param text e.g. `L2 City: Austin` */
function readLevel(text: string): [string, string, string] {
  const [, level, name, place] = /^(L\d) (.*?): (.*)$/.exec(text) ?? [];
  return [String(level), String(name), String(place)];
}

Deno.test("the city of an Indonesian address is the level named city, not the sub-district below it", async () => {
  const { input, right } = await readReported("04-city-indonesia");
  assert.deepEqual(place(input), [right.city, right.state, input.postal_code, right.country]);
});

/** By market: city, state, and TikTok's levels. */
const CASES: Record<string, [city: string, state: string | null, levels: string]> = {
  US: [
    "Richmond",
    "Virginia",
    "L0 Country: United States, L1 State: Virginia, L2 City: Richmond (independent), L3 City: Richmond",
  ],
  GB: ["Bath", "England", "L1 Nation: England, L3 Town: Twerton"],
  IE: ["Tralee", "Kerry", "L1 County: Kerry, L2 Town: Tralee"],
  DE: [
    "Berlin",
    "Berlin",
    "L1 Federal State: Berlin, L2 Municipality: Berlin, L3 Urban-District: Wedding",
  ],
  FR: [
    "Paris",
    "Île-de-France",
    "L1 Region: Île-de-France, L2 Department: Paris, L3 Arrondissement: Paris 13e, L4 Commune: Paris",
  ],
  IT: [
    "Montepulciano",
    "Siena",
    "L1 Region: Toscana, L2 Province: Siena, L3 Municipality: Montepulciano",
  ],
  ES: [
    "Figueres",
    "Girona",
    "L1 Autonomous Community: Cataluña, L2 Province: Girona, L3 Municipality: Figueres",
  ],
  MX: [
    "Zapopan",
    "Jalisco",
    "L1 State: Jalisco, L2 Municipality: Zapopan, L3 Settlement: Chapalita",
  ],
  BR: ["Salvador", "Bahia", "L1 State: Bahia, L2 City: Salvador, L3 District: Barra"],
  JP: ["Shibuya", "Tokyo", "L1 Prefecture: Tokyo, L2 City: Shibuya"],
  MY: ["Lumut", "Perak", "L1 state: Perak, L2 : Lumut"],
  PH: [
    "Argao",
    "Cebu",
    "L1 Region: Central Visayas, L2 Province: Cebu, L3 Municipality: Argao, L4 Barangay: Poblacion",
  ],
  SG: ["Singapore", null, "L0 Country: Singapore"],
  TH: [
    "Hang Dong",
    "Chiang Mai",
    "L1 Province: Chiang Mai, L2 District: Hang Dong, L3 Sub-district: Ban Waen",
  ],
  VN: ["Quận 1", "Hồ Chí Minh", "L1 Province: Hồ Chí Minh, L2 District: Quận 1, L3 Ward: Bến Nghé"],
  XX: ["Harbour", "North", "L1 : North, L2 Town: Harbour"],
};

Deno.test("city and state are those of the market, by TikTok's names of its levels", () => {
  for (const [region_code, [city, state, text]] of Object.entries(CASES)) {
    const levels = districts(...text.split(", ").map(readLevel));
    // In place of a level.
    const post_town = region_code === "GB" ? "Bath" : undefined;
    const found = place({ ...levels, post_town, region_code });
    assert.deepEqual(found, [city, state, null, region_code]);
  }
  const untested = Object.keys(MARKETS).filter((market) => !(market in CASES));
  assert.deepEqual(untested, ["ID"], "which has a test of its own");
});

Deno.test("where TikTok names no level, the level's number decides; where it has none, there is no city", () => {
  const levels = districts(["L1", "", "Jawa Barat"], ["L2", "", "Kota Bandung"], [
    "L3",
    "",
    "Coblong",
  ]);
  assert.deepEqual(place({ ...levels, region_code: "ID" }).slice(0, 2), [
    "Kota Bandung",
    "Jawa Barat",
  ]);
  assert.deepEqual(place({ region_code: "DE", postal_code: "13347" }), [
    null,
    null,
    "13347",
    "DE",
  ]);
});

Deno.test("mapAddress() falls back to the parts of the name and the one-line detail", () => {
  const { address } = mapAddress({
    first_name: "Rosa",
    last_name: "",
    address_detail: "118 Alder Street",
  });
  assert.deepEqual([address.name, address.line1, address.line2], [
    "Rosa",
    "118 Alder Street",
    null,
  ]);
});
