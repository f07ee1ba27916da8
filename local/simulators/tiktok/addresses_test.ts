/** The buyer's address behind TikTok's masks. */
import assert from "node:assert/strict";
import { addressFields, addressOnLabel, otherAddress } from "./addresses.ts";

Deno.test("a label has the buyer's present address, also where TikTok hides it", () => {
  const { recipient_address: first } = addressFields("AWAITING_SHIPMENT", "TIKTOK");
  const changed = otherAddress(first, "TIKTOK");
  assert.deepEqual(
    [addressOnLabel(changed), addressOnLabel(otherAddress(changed, "TIKTOK"))],
    [
      ["Rosa Delgado", "27 Juniper Court", "Portland OR 97211", "US"],
      ["Rosa Delgado", "118 Alder Street", "Unit 4", "Portland OR 97205", "US"],
    ],
  );
});
