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

Deno.test("the city of an Indonesian address is the level named city, not the sub-district below it", async () => {
  const { input, right } = await readReported("04-city-indonesia");
  assert.deepEqual(place(input), [right.city, right.state, input.postal_code, right.country]);
});

Deno.test("city and state are those of the market, by TikTok's names of its levels", () => {
  const cases: Record<string, [Parameters<typeof mapAddress>[0], string, string | null]> = {
    US: [
      districts(["L0", "Country", "United States"], ["L1", "State", "Virginia"], [
        "L2",
        "City",
        "Richmond (independent)",
      ], ["L3", "City", "Richmond"]),
      "Richmond",
      "Virginia",
    ],
    GB: [
      { ...districts(["L1", "Nation", "England"], ["L3", "Town", "Twerton"]), post_town: "Bath" },
      "Bath",
      "England",
    ],
    IE: [districts(["L1", "County", "Kerry"], ["L2", "Town", "Tralee"]), "Tralee", "Kerry"],
    DE: [
      districts(["L1", "Federal State", "Berlin"], ["L2", "Municipality", "Berlin"], [
        "L3",
        "Urban-District",
        "Wedding",
      ]),
      "Berlin",
      "Berlin",
    ],
    FR: [
      districts(["L1", "Region", "Île-de-France"], ["L2", "Department", "Paris"], [
        "L3",
        "Arrondissement",
        "Paris 13e",
      ], ["L4", "Commune", "Paris"]),
      "Paris",
      "Île-de-France",
    ],
    IT: [
      districts(["L1", "Region", "Toscana"], ["L2", "Province", "Siena"], [
        "L3",
        "Municipality",
        "Montepulciano",
      ]),
      "Montepulciano",
      "Siena",
    ],
    ES: [
      districts(["L1", "Autonomous Community", "Cataluña"], ["L2", "Province", "Girona"], [
        "L3",
        "Municipality",
        "Figueres",
      ]),
      "Figueres",
      "Girona",
    ],
    MX: [
      districts(["L1", "State", "Jalisco"], ["L2", "Municipality", "Zapopan"], [
        "L3",
        "Settlement",
        "Chapalita",
      ]),
      "Zapopan",
      "Jalisco",
    ],
    BR: [
      districts(["L1", "State", "Bahia"], ["L2", "City", "Salvador"], [
        "L3",
        "District",
        "Barra",
      ]),
      "Salvador",
      "Bahia",
    ],
    JP: [
      districts(["L1", "Prefecture", "Tokyo"], ["L2", "City", "Shibuya"]),
      "Shibuya",
      "Tokyo",
    ],
    MY: [districts(["L1", "state", "Perak"], ["L2", "", "Lumut"]), "Lumut", "Perak"],
    PH: [
      districts(["L1", "Region", "Central Visayas"], ["L2", "Province", "Cebu"], [
        "L3",
        "Municipality",
        "Argao",
      ], ["L4", "Barangay", "Poblacion"]),
      "Argao",
      "Cebu",
    ],
    SG: [districts(["L0", "Country", "Singapore"]), "Singapore", null],
    TH: [
      districts(["L1", "Province", "Chiang Mai"], ["L2", "District", "Hang Dong"], [
        "L3",
        "Sub-district",
        "Ban Waen",
      ]),
      "Hang Dong",
      "Chiang Mai",
    ],
    VN: [
      districts(["L1", "Province", "Hồ Chí Minh"], ["L2", "District", "Quận 1"], [
        "L3",
        "Ward",
        "Bến Nghé",
      ]),
      "Quận 1",
      "Hồ Chí Minh",
    ],
    XX: [districts(["L1", "", "North"], ["L2", "Town", "Harbour"]), "Harbour", "North"],
  };
  for (const [region_code, [recipient, city, state]] of Object.entries(cases)) {
    assert.deepEqual(place({ ...recipient, region_code }), [city, state, null, region_code]);
  }
  const untested = Object.keys(MARKETS).filter((market) => !(market in cases));
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
