import assert from "node:assert/strict";
import { carrierName, providerName, serviceName } from "./carriers.ts";

Deno.test("a carrier's account has the carrier's name, and other names stay", () => {
  const names = ["UPSDAP", "FedExDefault", "USPS", "Royal Mail", "TikTok Shipping"].map(
    carrierName,
  );
  assert.deepEqual(names, ["UPS", "FedEx", "USPS", "Royal Mail", "TikTok Shipping"]);
});

Deno.test("a service is named in words, without its carrier", () => {
  const services = [
    ["UPSDAP", "UPSDAP Ground", "Ground"],
    ["UPSDAP", "UPSDAP 2ndDayAir", "2nd Day Air"],
    ["UPSDAP", "UPS 2nd Day Air", "2nd Day Air"],
    ["USPS", "usps_ground_advantage", "Ground Advantage"],
    ["USPS", "USPS Ground Advantage", "Ground Advantage"],
    ["TikTok Shipping", "TikTok Shipping", ""],
    ["USPS", "USPS", ""],
    ["RoyalMail", "1stClass", "1st Class"],
  ] as const;
  for (const [carrier, service, expected] of services) {
    assert.equal(serviceName(carrier, service), expected, `${carrier} ${service}`);
  }
});

Deno.test("providerName() is the provider's own spelling, and an unknown code itself", () => {
  assert.deepEqual(["easypost", "tiktok_shipping", "own", "other"].map(providerName), [
    ...["EasyPost", "TikTok Shipping", "Own tracking number", "other"],
  ]);
});
