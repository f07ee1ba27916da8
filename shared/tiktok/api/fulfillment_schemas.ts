/** What we read of TikTok's answers about packages and labels (Fulfillment and Logistics API 202309). */
import * as z from "zod";
import { storable } from "../../values/lossless_json.ts";

const Id = z.union([z.string(), z.int().transform(String)]).pipe(z.string().min(1));
/** As Postgres can store it. */
const Text = z.string().transform(storable).nullish().catch(null);
/** A decimal string in major units. */
const Amount = z.string().regex(/^\d+(\.\d+)?$/).nullish().catch(null);
const Days = z.int().nonnegative().nullish().catch(null);

const ShippingService = z.looseObject({
  id: Id,
  name: Text,
  price: Amount,
  currency: Text,
  earliest_delivery_days: Days,
  latest_delivery_days: Days,
  is_default: z.boolean().nullish().catch(null),
  shipping_provider_name: Text,
});
export type ShippingService = z.infer<typeof ShippingService>;

/** Get Eligible Shipping Service. */
export const ShippingServices = z.looseObject({
  shipping_services: z.array(ShippingService).nullish().transform((services) => services ?? []),
});

/** Create Packages: the label was bought. */
export const CreatedPackage = z.looseObject({
  package_id: Id,
  shipping_service_info: ShippingService.partial({ id: true }).nullish().catch(null),
});

/** Get Package Detail. */
export const PackageDetail = z.looseObject({
  package_id: Id.nullish(),
  package_status: Text,
  order_line_item_ids: z.array(Id).nullish().transform((ids) => ids ?? []),
  shipping_provider_name: Text,
  tracking_number: Text,
});
export type PackageDetail = z.infer<typeof PackageDetail>;

/** Get Package Shipping Document. */
export const ShippingDocument = z.looseObject({
  doc_url: z.string().min(1),
  tracking_number: Text,
});

/** Mark Package As Shipped. */
export const MarkedPackage = z.looseObject({
  package_id: Id.nullish(),
  warning: z.looseObject({ message: Text }).nullish().catch(null),
});
export type MarkedPackage = z.infer<typeof MarkedPackage>;

/** Get Shipping Providers. */
export const ShippingProviders = z.looseObject({
  shipping_providers: z.array(z.looseObject({ id: Id, name: z.string().min(1) })).nullish()
    .transform((providers) => providers ?? []),
});
export type ShippingProvider = z.infer<typeof ShippingProviders>["shipping_providers"][number];
