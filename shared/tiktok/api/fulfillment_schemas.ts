/** TikTok's answers about packages and labels, as far as we read them (Fulfillment and Logistics API 202309). */
import * as z from "zod/mini";
import { elementsOf } from "../../values/elements.ts";
import {
  Amount,
  CarrierDays,
  CurrencyCode,
  OptionalText,
  optionalValue,
  VendorId,
  withFallback,
} from "../../values/schemas.ts";

/** "" counts as absent, and so does what cannot be read: a bought label counts without its details. */
const OptionalAmount = withFallback(optionalValue(Amount), null);
const OptionalId = withFallback(optionalValue(VendorId), null);
const OptionalCurrency = withFallback(optionalValue(CurrencyCode), null);

export const ShippingService = z.looseObject({
  id: VendorId,
  name: OptionalText,
  price: OptionalAmount,
  currency: OptionalCurrency,
  earliest_delivery_days: CarrierDays,
  latest_delivery_days: CarrierDays,
  is_default: withFallback(optionalValue(z.boolean()), null),
  shipping_provider_name: OptionalText,
});
export type ShippingService = z.infer<typeof ShippingService>;

/** Get Eligible Shipping Service. */
export const ShippingServices = z.looseObject({
  shipping_services: elementsOf(ShippingService, "shipping services"),
});

/** Create Packages: the label was bought. */
export const CreatedPackage = z.looseObject({
  package_id: VendorId,
  shipping_service_info: withFallback(
    optionalValue(
      z.extend(z.omit(ShippingService, { is_default: true }), { id: OptionalId }),
    ),
    null,
  ),
});

/** Get Package Detail. */
export const PackageDetail = z.looseObject({
  package_id: OptionalId,
  package_status: OptionalText,
  /** All or none: a unit that is left out would seem free. */
  order_line_item_ids: z.pipe(optionalValue(z.array(VendorId)), z.transform((ids) => ids ?? [])),
  orders: z.pipe(
    optionalValue(z.array(z.looseObject({ id: VendorId }))),
    z.transform((list) => list ?? []),
  ),
  shipping_provider_name: OptionalText,
  tracking_number: OptionalText,
});
export type PackageDetail = z.infer<typeof PackageDetail>;

/** Get Package Shipping Document. */
export const ShippingDocument = z.looseObject({
  doc_url: z.string().check(z.minLength(1)),
  tracking_number: OptionalText,
});

/** Mark Package As Shipped. */
export const MarkedPackage = z.looseObject({
  package_id: OptionalId,
  warning: withFallback(optionalValue(z.looseObject({ message: OptionalText })), null),
});
export type MarkedPackage = z.infer<typeof MarkedPackage>;

export const ShippingProvider = z.looseObject({
  id: VendorId,
  name: z.string().check(z.minLength(1)),
});
export type ShippingProvider = z.infer<typeof ShippingProvider>;

/** Get Shipping Providers. */
export const ShippingProviders = z.looseObject({
  shipping_providers: elementsOf(ShippingProvider, "shipping providers"),
});
