/** TikTok's answers about packages and labels, as far as we read them (Fulfillment and Logistics API 202309). */
import * as z from "zod";
import { Amount, OptionalText, VendorId } from "../../values/schemas.ts";

const OptionalAmount = Amount.nullish().catch(null);
const Days = z.int().nonnegative().nullish().catch(null);

const ShippingService = z.looseObject({
  id: VendorId,
  name: OptionalText,
  price: OptionalAmount,
  currency: OptionalText,
  earliest_delivery_days: Days,
  latest_delivery_days: Days,
  is_default: z.boolean().nullish().catch(null),
  shipping_provider_name: OptionalText,
});
export type ShippingService = z.infer<typeof ShippingService>;

/** Get Eligible Shipping Service. */
export const ShippingServices = z.looseObject({
  shipping_services: z.array(ShippingService).nullish().transform((services) => services ?? []),
});

/** Create Packages: the label was bought. */
export const CreatedPackage = z.looseObject({
  package_id: VendorId,
  shipping_service_info: ShippingService.omit({ is_default: true }).partial({ id: true }).nullish()
    .catch(null),
});

/** Get Package Detail. */
export const PackageDetail = z.looseObject({
  package_id: VendorId.nullish(),
  package_status: OptionalText,
  orders: z.array(z.looseObject({ id: VendorId })).nullish().transform((orders) => orders ?? []),
  order_line_item_ids: z.array(VendorId).nullish().transform((ids) => ids ?? []),
  shipping_provider_name: OptionalText,
  tracking_number: OptionalText,
});
export type PackageDetail = z.infer<typeof PackageDetail>;

/** Get Package Shipping Document. */
export const ShippingDocument = z.looseObject({
  doc_url: z.string().min(1),
  tracking_number: OptionalText,
});

/** Mark Package As Shipped. */
export const MarkedPackage = z.looseObject({
  package_id: VendorId.nullish(),
  warning: z.looseObject({ message: OptionalText }).nullish().catch(null),
});
export type MarkedPackage = z.infer<typeof MarkedPackage>;

/** Get Shipping Providers. */
export const ShippingProviders = z.looseObject({
  shipping_providers: z.array(z.looseObject({ id: VendorId, name: z.string().min(1) })).nullish()
    .transform((providers) => providers ?? []),
});
export type ShippingProvider = z.infer<typeof ShippingProviders>["shipping_providers"][number];
