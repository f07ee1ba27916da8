/**
 * TikTok's Fulfillment and Logistics API (202309), call by call. Calls that spend money or notify the buyer
 * are sent once: an unknown outcome is settled by reading.
 */
import type * as z from "zod/mini";
import { Nothing } from "../../values/schemas.ts";
import type { ShopAccess, TikTokClient } from "./client.ts";
import {
  CreatedPackage,
  type MarkedPackage,
  MarkedPackage as MarkedPackageSchema,
  PackageDetail,
  ShippingDocument,
  ShippingProviders,
  ShippingServices,
} from "./fulfillment_schemas.ts";
import type { ShippingProvider, ShippingService } from "./fulfillment_schemas.ts";

type Access = Required<ShopAccess>;

/** Decimal strings. */
export interface Measures {
  dimension: { length: string; width: string; height: string; unit: string };
  weight: { value: string; unit: string };
}

export interface OwnTracking {
  tracking_number: string;
  shipping_provider_id: string;
}

const BASE = "/fulfillment/202309";

/** Get Eligible Shipping Service: TikTok's labels for some units of an order. United States only. */
export async function getShippingServices(
  tiktok: TikTokClient,
  access: Access,
  orderId: string,
  lineItemIds: string[],
  measures: Measures,
): Promise<ShippingService[]> {
  const { shipping_services } = await tiktok.call(ShippingServices, access, {
    method: "POST",
    path: `${BASE}/orders/${orderId}/shipping_services/query`,
    body: { order_line_item_ids: lineItemIds, ...measures },
    repeatable: true,
  });
  return shipping_services;
}

/** Create Packages: buys a label, for money. United States only. */
export async function createPackage(
  tiktok: TikTokClient,
  access: Access,
  orderId: string,
  body: Measures & { order_line_item_ids: string[]; shipping_service_id?: string },
): Promise<z.infer<typeof CreatedPackage>> {
  return await tiktok.call(CreatedPackage, access, {
    method: "POST",
    path: `${BASE}/packages`,
    body: { order_id: orderId, ...body },
    repeatable: false,
  });
}

/**
 * Create Packages 202512: buys one label for orders that TikTok combined. United States only. Single orders stay with
 * 202309, whose answer names the units. Its guide: "Pass one order as the primary `order_id`, and list the other
 * combined order IDs in `order_list_ids`".
 */
export async function createCombinedPackage(
  tiktok: TikTokClient,
  access: Access,
  [orderId, ...otherIds]: string[],
  body: Measures & { shipping_service_id?: string },
): Promise<z.infer<typeof CreatedPackage>> {
  return await tiktok.call(CreatedPackage, access, {
    method: "POST",
    path: "/fulfillment/202512/packages",
    body: { ship_type: "3", order_id: orderId, order_list_ids: otherIds, ...body },
    repeatable: false,
  });
}

/**
 * Ship Package. Outside the United States it arranges TikTok's shipping of a package, which exists since
 * the payment. With `ownTracking` it reports the seller's own shipping, where Mark Package As Shipped is not
 * offered.
 */
export async function shipPackage(
  tiktok: TikTokClient,
  access: Access,
  packageId: string,
  ownTracking?: OwnTracking,
): Promise<void> {
  await tiktok.call(Nothing, access, {
    method: "POST",
    path: `${BASE}/packages/${packageId}/ship`,
    body: ownTracking === undefined ? {} : { self_shipment: ownTracking },
    repeatable: false,
  });
}

/** Get Package Detail. */
export async function getPackage(
  tiktok: TikTokClient,
  access: Access,
  packageId: string,
): Promise<PackageDetail> {
  return await tiktok.call(PackageDetail, access, {
    method: "GET",
    path: `${BASE}/packages/${packageId}`,
    repeatable: true,
  });
}

/** Get Package Shipping Document: a link that is valid for 24 hours. */
export async function getShippingDocument(
  tiktok: TikTokClient,
  access: Access,
  packageId: string,
  query: Record<string, string>,
): Promise<z.infer<typeof ShippingDocument>> {
  return await tiktok.call(ShippingDocument, access, {
    method: "GET",
    path: `${BASE}/packages/${packageId}/shipping_documents`,
    query,
    repeatable: true,
  });
}

/** Mark Package As Shipped: reports the seller's own label. The United States, the EU, UK and Japan. */
export async function markPackageAsShipped(
  tiktok: TikTokClient,
  access: Access,
  orderId: string,
  body: OwnTracking & { order_line_item_ids: string[] },
): Promise<MarkedPackage> {
  return await tiktok.call(MarkedPackageSchema, access, {
    method: "POST",
    path: `${BASE}/orders/${orderId}/packages`,
    body,
    repeatable: false,
  });
}

/**
 * Update Package Shipping Info: another tracking number for a package that is marked as shipped. TikTok counts the
 * updates, and takes one in the United States.
 */
export async function updateShippingInfo(
  tiktok: TikTokClient,
  access: Access,
  packageId: string,
  tracking: OwnTracking,
): Promise<void> {
  await tiktok.call(Nothing, access, {
    method: "POST",
    path: `${BASE}/packages/${packageId}/shipping_info/update`,
    body: tracking,
    repeatable: false,
  });
}

/**
 * Get Shipping Providers of an order's delivery option: TikTok's own list of carriers.
 * @param countries See `countryQuery`.
 */
export async function getShippingProviders(
  tiktok: TikTokClient,
  access: Access,
  deliveryOptionId: string,
  countries: Record<string, string>,
): Promise<ShippingProvider[]> {
  const { shipping_providers } = await tiktok.call(ShippingProviders, access, {
    method: "GET",
    path: `/logistics/202309/delivery_options/${deliveryOptionId}/shipping_providers`,
    query: countries,
    repeatable: true,
  });
  return shipping_providers;
}
