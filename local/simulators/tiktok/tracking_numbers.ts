/** Checks the tracking numbers that sellers send to TikTok. */
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { requiredText } from "./open_api.ts";
import { providersOf, type ShippingProvider, USPS } from "./shipping_providers.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

export interface SellerTracking {
  trackingNumber: string;
  provider: ShippingProvider;
  /** The number fits several carriers. */
  isAmbiguous: boolean;
}

/**
 * Since 1 January 2026 TikTok takes USPS numbers of US sellers only from its own labels. A FedEx parcel that
 * USPS delivers on the last mile stays free.
 */
function isUspsFromOutside(
  state: SimulatorState,
  shop: SimulatedShop,
  { trackingNumber, provider }: Omit<SellerTracking, "isAmbiguous">,
): boolean {
  if (shop.region !== "US" || provider.id !== USPS.id) return false;
  return !state.all("labels").some(({ shopId, packageId }) =>
    shopId === shop.id && state.get("packages", packageId)?.trackingNumber === trackingNumber
  );
}

/**
 * @param fields `tracking_number` and `shipping_provider_id`, found at `path`.
 * @param packageId The package that already has the number, for a correction.
 * @param orderIds The other orders of a combined parcel: they may have the same number.
 * @throws {TikTokRefusal}
 */
export function sellerTracking(
  state: SimulatorState,
  shop: SimulatedShop,
  fields: Record<string, unknown>,
  { path = "body", packageId, orderIds = [] }: {
    path?: string;
    packageId?: string;
    orderIds?: string[];
  } = {},
): SellerTracking {
  const trackingNumber = requiredText(fields, "tracking_number", path);
  const providerId = requiredText(fields, "shipping_provider_id", path);
  const providers = providersOf(shop.region);
  const provider = providers.find(({ id }) => id === providerId);
  if (!/^[A-Za-z0-9]{6,40}$/.test(trackingNumber) || provider === undefined) {
    throw shippingRefusals.tracking();
  }
  const fitting = providers.filter(({ forms }) => forms.some((form) => form.test(trackingNumber)));
  if (fitting.length === 0) throw shippingRefusals.noCarrier();
  if (!fitting.includes(provider)) throw shippingRefusals.providerMismatch();
  if (isUspsFromOutside(state, shop, { trackingNumber, provider })) {
    throw shippingRefusals.uspsFromOutside();
  }
  const isUsed = state.all("shipments").some((shipment) =>
    shipment.shopId === shop.id && shipment.trackingNumber === trackingNumber &&
    shipment.packageId !== packageId && !orderIds.includes(shipment.orderId)
  );
  if (isUsed) throw shippingRefusals.duplicateTracking();
  return { trackingNumber, provider, isAmbiguous: fitting.length > 1 };
}
