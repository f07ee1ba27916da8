/** Checks the tracking numbers that sellers tell TikTok. */
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { requiredText } from "./shipping_checks.ts";
import { providersOf, type ShippingProvider } from "./shipping_providers.ts";
import type { SimulatedShop, SimulatorState } from "./state.ts";

export interface SellerTracking {
  trackingNumber: string;
  provider: ShippingProvider;
  /** The number could be another carrier's as well. */
  isAmbiguous: boolean;
}

/**
 * @param fields `tracking_number` and `shipping_provider_id`, found at `path`.
 * @param packageId The package that is theirs already, if there is one.
 * @throws {TikTokRefusal}
 */
export function sellerTracking(
  state: SimulatorState,
  shop: SimulatedShop,
  fields: Record<string, unknown>,
  { path = "body", packageId }: { path?: string; packageId?: string } = {},
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
  const isUsed = state.all("shipments").some((told) =>
    told.shopId === shop.id && told.trackingNumber === trackingNumber &&
    told.packageId !== packageId
  );
  if (isUsed) throw shippingRefusals.duplicateTracking();
  return { trackingNumber, provider, isAmbiguous: fitting.length > 1 };
}
