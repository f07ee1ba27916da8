import assert from "node:assert/strict";
import { countryQuery } from "./provider_countries.ts";

const NAMES = { origin: "from", destination: "to" };

Deno.test("shops in the European Union name both countries under the configured names", () => {
  const query = countryQuery(NAMES, { region: "DE", origin: "FR", destination: "AT" });
  assert.deepEqual(query, { from: "FR", to: "AT" });
});

Deno.test("an unknown origin or destination is the shop's own country", () => {
  for (const unknown of [undefined, null, ""]) {
    const query = countryQuery(NAMES, { region: "IE", origin: unknown, destination: unknown });
    assert.deepEqual(query, { from: "IE", to: "IE" });
  }
});

Deno.test("shops outside the European Union send no countries", () => {
  for (const region of ["US", "GB", "ID", "BR", "JP", "", null, undefined]) {
    assert.deepEqual(countryQuery(NAMES, { region, origin: "DE", destination: "FR" }), {});
  }
});
