/** What every call of the fulfilment endpoints goes through, and what it is worked with. */
import type { Fulfillment } from "./fulfillment.ts";
import { admit, type AdmittedCall, type ApiOptions, shopOf } from "./gate.ts";
import type { PackageDesk } from "./package_desk.ts";
import type { SimulatedShop } from "./state.ts";

export interface FulfillmentApi extends ApiOptions {
  fulfillment: Fulfillment;
  desk: PackageDesk;
  publicUrl?: string;
}

/** @throws {TikTokRefusal} */
export async function admitForShop(
  request: Request,
  api: FulfillmentApi,
  scope: string,
): Promise<{ call: AdmittedCall; shop: SimulatedShop }> {
  const call = await admit(request, api, scope);
  api.calls.push(new URL(request.url).pathname);
  return { call, shop: shopOf(call, api.state) };
}
