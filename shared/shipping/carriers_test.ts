import assert from "node:assert/strict";
import { findShippingProvider, isRefusedCarrier } from "./carriers.ts";

/** A TikTok list; each id is the name. */
function listed(...names: string[]) {
  return names.map((name) => ({ id: name, name }));
}

const find = (carrier: string, ...names: string[]) =>
  findShippingProvider(carrier, listed(...names))?.id;

Deno.test("a rule refuses every spelling and account of a carrier, and no other carrier", () => {
  for (const name of ["USPS", "usps", "USPSReturns", "USPS Ship", "U.S.P.S."]) {
    assert.ok(isRefusedCarrier(name, ["USPS"]), name);
  }
  for (const name of ["UPS", "UPSDAP", "FedExSmartPost", "Asendia USPS", ""]) {
    assert.ok(!isRefusedCarrier(name, ["USPS"]), name);
  }
  assert.ok(!isRefusedCarrier("USPS", []));
});

const AMERICAN = ["DHL eCommerce", "UPS Mail Innovations", "FedEx", "UPS", "DHL Express", "USPS"];

Deno.test("every EasyPost carrier is found under TikTok's name", () => {
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

Deno.test("a version or a country in EasyPost's name, and a former name, are no other carrier", () => {
  const expected = {
    OnTracV3: "OnTrac",
    LaserShipV2: "LaserShip",
    RoyalMailV3: "Royal Mail",
    DPDUK: "DPD",
    DPDNL: "DPD",
    DHLPaket: "DHL",
    DHLParcel: "DHL",
    JPPost: "Japan Post",
    KuronekoYamato: "Yamato",
    Evri: "Hermes/EVRI",
  };
  const names = Object.values(expected);
  for (const [carrier, provider] of Object.entries(expected)) {
    assert.equal(find(carrier, "USPS", ...names), provider, carrier);
  }
  assert.equal(find("DPDUK", "DPD", "DPD UK"), "DPD UK");
});

Deno.test("DHL Express is DHL where TikTok lists only that, and the other way round", () => {
  assert.equal(find("DHLExpress", "USPS", "DHL"), "DHL");
  assert.equal(find("DHL", "USPS", "DHL Express"), "DHL Express");
  assert.equal(find("RoyalMail", "Evri", "Royal Mail 48"), "Royal Mail 48");
});

Deno.test("an exact product comes before its carrier, anywhere in the list", () => {
  for (const names of [["DHL", "DHL Express"], ["DHL Express", "DHL"]]) {
    assert.equal(find("DHLExpress", ...names), "DHL Express");
  }
  for (const names of [["UPS", "UPS SurePost"], ["UPS SurePost", "UPS"]]) {
    assert.equal(find("UPSSurePost", ...names), "UPS SurePost");
  }
});

Deno.test("UPS is not UPS Mail Innovations while the list has plain UPS", () => {
  for (const carrier of ["UPS", "UPSDAP"]) {
    assert.equal(find(carrier, "UPS Mail Innovations", "UPS"), "UPS");
    assert.equal(find(carrier, "UPS", "UPS Mail Innovations"), "UPS");
  }
});

Deno.test("a carrier that TikTok's list lacks is not found, and never taken for another", () => {
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
