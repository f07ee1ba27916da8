/** TikTok's carriers of an order. */
import type { ShopAccess } from "../tiktok/api/client.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import { getShippingProviders } from "../tiktok/api/fulfillment.ts";
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";
import { getOrders } from "../tiktok/api/orders.ts";
import { countryQuery } from "../tiktok/api/provider_countries.ts";
import type { Order } from "../tiktok/api/schemas.ts";
import { findNamedProvider, findShippingProvider, isRefusedCarrier } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import type { ParcelForWorker } from "./schemas.ts";

type Access = Required<ShopAccess>;

/** @throws {TikTokError} */
export async function readOrderAtTikTok(
  { tiktok }: LabelDependencies,
  access: Access,
  id: string,
): Promise<Order> {
  const order = (await getOrders(tiktok, access, [id])).orders.get(id);
  if (order === undefined) throw new TikTokError("TikTok does not show the order");
  return order;
}

export interface ParcelRoute {
  /** The shop's region. */
  region: string | null | undefined;
  /** Country that the parcel is sent from. */
  origin?: string | undefined;
}

/** The carriers that TikTok lists for the order's delivery option. @throws {TikTokError} */
export async function listShippingProviders(
  { tiktok, countryParameters }: LabelDependencies,
  access: Access,
  order: Order,
  { region, origin }: ParcelRoute,
): Promise<ShippingProvider[]> {
  const destination = order.recipient_address?.region_code;
  const countries = countryQuery(countryParameters, { region, origin, destination });
  return await getShippingProviders(tiktok, access, order.delivery_option_id || "0", countries);
}

/** The carrier of a parcel in TikTok's list. @throws {TikTokError} or, for an own number, {LabelError} */
export async function chooseProvider(
  dependencies: LabelDependencies,
  access: Access,
  { parcel, order, carrier }: { parcel: ParcelForWorker; order: Order; carrier: string },
): Promise<ShippingProvider> {
  const route = { region: parcel.order.shop?.region, origin: parcel.sender?.country };
  const providers = await listShippingProviders(dependencies, access, order, route);
  const isOwn = parcel.provider === "own";
  const find = isOwn ? findNamedProvider : findShippingProvider;
  const provider = find(carrier, providers);
  if (provider === undefined) {
    // The seller wrote the name of an own number's carrier.
    throw isOwn
      ? new LabelError("carrier_unknown")
      : new TikTokError(`TikTok has no shipping provider for ${carrier}`);
  }
  // The seller's request could not check it while TikTok was unreachable.
  if (isOwn && isRefusedCarrier(provider.name, parcel.refused_carriers)) {
    throw new LabelError("carrier_not_accepted");
  }
  return provider;
}
