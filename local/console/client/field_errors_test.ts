/** The refusals are those of the schema that the API checks a parcel with. */
import assert from "node:assert/strict";
import { RatesBody } from "../../../functions/shipments/bodies.ts";
import type { Problem } from "../../../shared/http/problem.ts";
import { readJson } from "../../../shared/http/read_json.ts";
import { coversAll, readFieldErrors } from "./field_errors.ts";

const SENDER = {
  ...{ name: "Ada", phone: "5035550100", line1: "417 Montgomery St", city: "San Francisco" },
  ...{ state: "CA", postal_code: "94104", country: "US" },
};

async function errorsOf(parcel: object, from: object = SENDER) {
  const sizes = { length: "10", width: "7", height: "3", dimension_unit: "in" };
  const body = {
    order_id: "5eed0000-0000-4000-8000-000000000001",
    parcel: { ...sizes, weight: "14", weight_unit: "oz", ...parcel },
    from,
  };
  const request = new Request("http://x/", { method: "POST", body: JSON.stringify(body) });
  const error = await readJson(request, RatesBody).then(() => undefined, (error) => error);
  return readFieldErrors((error as Problem | undefined)?.members ?? {});
}

Deno.test("a refused parcel or address is shown at the form's own fields, without names of the API", async () => {
  assert.deepEqual(await errorsOf({}), {});
  const errors = await errorsOf({ length: "-3" }, { ...SENDER, country: "usa", name: " " });
  assert.deepEqual(errors, {
    length: "Expected: a number above 0 with at most two decimals, such as 9.5.",
    name: "Expected: 1 to 100 characters.",
    country: "Expected: two capital letters, e.g. US or GB.",
  });
  assert.deepEqual(await errorsOf({ weight: "9999" }), { weight: "Expected: at most 2400 oz." });
});

Deno.test("a field that the form does not have is not passed over", () => {
  const errors = { length: "Expected: a number." };
  assert.ok(coversAll(errors, ["length", "width"]));
  assert.ok(!coversAll({ ...errors, order_id: "Expected: an id." }, ["length", "width"]));
  assert.ok(!coversAll({}, ["length"]));
});
