import assert from "node:assert/strict";
import { findShippingProvider } from "./carriers.ts";

/** A list as TikTok gives it; the id is the name. */
function listed(...names: string[]) {
  return names.map((name) => ({ id: name, name }));
}

const find = (carrier: string, ...names: string[]) =>
  findShippingProvider(carrier, listed(...names))?.id;

const AMERICAN = ["DHL eCommerce", "UPS Mail Innovations", "FedEx", "UPS", "DHL Express", "USPS"];

Deno.test("every carrier of EasyPost's is found under TikTok's name", () => {
  const expected = {
    USPS: "USPS",
    UPS: "UPS",
    UPSDAP: "UPS",
    UPSSurePost: "UPS",
    UPSGroundSaver: "UPS",
    FedEx: "FedEx",
    FedExDefault: "FedEx",
    FedexSmartPost: "FedEx",
    FedExGroundEconomy: "FedEx",
    DHLExpress: "DHL Express",
    DhlEcs: "DHL eCommerce",
    DHLGlobalMail: "DHL eCommerce",
    DHLEcommerce: "DHL eCommerce",
    UPSMailInnovations: "UPS Mail Innovations",
  };
  for (const [carrier, provider] of Object.entries(expected)) {
    assert.equal(find(carrier, ...AMERICAN), provider, carrier);
    assert.equal(find(carrier, ...AMERICAN.toReversed()), provider, `${carrier}, reversed`);
  }
});

Deno.test("case, spaces and signs do not matter", () => {
  assert.equal(find("RoyalMail", "Evri", "Royal Mail"), "Royal Mail");
  assert.equal(find("Hermes", "Royal Mail", "EVRi"), "EVRi");
  assert.equal(find("usps", "U.S.P.S."), "U.S.P.S.");
});

Deno.test("plain DHL Express is DHL where TikTok knows only that, and the other way round", () => {
  assert.equal(find("DHLExpress", "USPS", "DHL"), "DHL");
  assert.equal(find("DHL", "USPS", "DHL Express"), "DHL Express");
  assert.equal(find("RoyalMail", "Evri", "Royal Mail 48"), "Royal Mail 48");
});

Deno.test("the carrier's very product is taken before its carrier, wherever it stands in the list", () => {
  for (const names of [["DHL", "DHL Express"], ["DHL Express", "DHL"]]) {
    assert.equal(find("DHLExpress", ...names), "DHL Express");
  }
  for (const names of [["UPS", "UPS SurePost"], ["UPS SurePost", "UPS"]]) {
    assert.equal(find("UPSSurePost", ...names), "UPS SurePost");
  }
});

Deno.test("UPS is not UPS Mail Innovations while there is plain UPS", () => {
  for (const carrier of ["UPS", "UPSDAP"]) {
    assert.equal(find(carrier, "UPS Mail Innovations", "UPS"), "UPS");
    assert.equal(find(carrier, "UPS", "UPS Mail Innovations"), "UPS");
  }
});

Deno.test("a carrier that TikTok's list has not is nobody, and never the first best", () => {
  const unknown = [
    "OnTrac",
    "unknown",
    "Canada Post",
    "constructor",
    "SPS",
    "",
    " ",
    "--",
    "黑猫宅急便",
  ];
  for (const carrier of unknown) {
    assert.equal(find(carrier, ...AMERICAN), undefined, carrier);
    assert.equal(find(carrier), undefined, carrier);
  }
});
