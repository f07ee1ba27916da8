import assert from "node:assert/strict";
import { mapAddress } from "./map_address.ts";

const open = {
  name: "Rosa Delgado",
  address_line1: "118 Alder Street",
  postal_code: "97205",
  region_code: "US",
};

Deno.test("mapAddress() calls an address masked as soon as one part has an asterisk", () => {
  assert.equal(mapAddress(open).status, "readable");
  const masks = {
    name: "R***",
    address_line1: "11***",
    address_line2: "Un***",
    postal_code: "97***",
    phone_number: "(+1)503*****42",
    full_address: "11***, Portland",
  };
  for (const [field, mask] of Object.entries(masks)) {
    assert.equal(mapAddress({ ...open, [field]: mask }).status, "masked", field);
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

Deno.test("mapAddress() finds city and state by the names that a country has for them", () => {
  const districts = (...entries: [string, string, string][]) => ({
    ...open,
    district_info: entries.map(([address_level, address_level_name, address_name]) => ({
      address_level,
      address_level_name,
      address_name,
    })),
  });
  const japan = districts(["L0", "Country", "Japan"], ["L1", "Prefecture", "Tokyo"], [
    "L2",
    "City",
    "Shibuya",
  ]);
  const britain = {
    ...districts(["L0", "Country", "UK"], ["L1", "", "England"]),
    post_town: "Bath",
  };
  const place = (recipient: Parameters<typeof mapAddress>[0]) => {
    const { city, state } = mapAddress(recipient).address;
    return [city, state];
  };
  assert.deepEqual(place(japan), ["Shibuya", "Tokyo"]);
  assert.deepEqual(place(britain), ["Bath", "England"]);
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
