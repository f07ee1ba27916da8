/** The carriers that a seller may name for an own tracking number: TikTok's list without the refused ones. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { errorText, log } from "../log.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";
import type { Order } from "../tiktok/api/schemas.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { findNamedProvider, isRefusedCarrier } from "./carriers.ts";
import { checkOrder } from "./check_order.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure, notFoundAs } from "./errors.ts";
import { toReadError } from "./own_refusals.ts";
import { type OrderInParcel, OrderToShip } from "./schemas.ts";
import { listShippingProviders, readOrderAtTikTok } from "./shipping_providers.ts";

/** A number that SQL found nothing against. */
export interface UncheckedNumber {
  order: OrderToShip;
  /** The order's part in the parcel; absent for a correction, whose parcel is shipped. */
  part?: OrderInParcel | undefined;
  refused_carriers: string[];
}

/** Returns TikTok's name of the carrier, or the seller's own while TikTok is unreachable. @throws {LabelError} */
export async function checkAtTikTok(
  labels: LabelDependencies,
  { order, part, refused_carriers }: UncheckedNumber,
  carrier: string,
): Promise<string> {
  let found: { order: Order; providers: ShippingProvider[] };
  try {
    found = await readCarriers(labels, order);
  } catch (error) {
    if (error instanceof LabelError || !(error instanceof TikTokError)) throw error;
    log.info("carrier not checked yet", { order_id: order.id, error: errorText(error) });
    return carrier;
  }
  if (part !== undefined) {
    checkOrder(found.order, part, { provider: "own", attempt: 1, region: order.shop?.region });
  }
  const provider = findNamedProvider(carrier, found.providers);
  if (provider === undefined) throw new LabelError("carrier_unknown");
  if (isRefusedCarrier(provider.name, refused_carriers)) {
    throw new LabelError("carrier_not_accepted");
  }
  return provider.name;
}

/** @throws {LabelError} for TikTok's refusals @throws {TikTokError} while TikTok is unreachable */
async function readCarriers(
  labels: LabelDependencies,
  { shop, sender, tiktok_order_id }: OrderToShip,
): Promise<{ order: Order; providers: ShippingProvider[] }> {
  if (shop === null) throw new LabelError("shop_not_connected");
  const route = { region: shop.region, origin: sender?.country };
  return await new ShopConnection(labels, shop).call(async (access) => {
    const order = await readOrderAtTikTok(labels, access, tiktok_order_id);
    return { order, providers: await listShippingProviders(labels, access, order, route) };
  }).catch((error) => {
    throw toReadError(error);
  });
}

const OrderAnswer = z.object({
  order: OrderToShip,
  refused_carriers: z.array(z.string()),
  refusal: z.nullable(LabelFailure),
});

/** The carriers that a seller may name for an order. @throws {LabelError} */
export async function listCarriers(
  labels: LabelDependencies,
  userId: string,
  orderId: string,
): Promise<ShippingProvider[]> {
  const args = { p_user_id: userId, p_order_id: orderId };
  const { order, refused_carriers, refusal } = await callFunction(
    labels.database,
    "get_order_for_own_tracking",
    args,
    OrderAnswer,
  ).catch(notFoundAs("order_not_found"));
  if (refusal !== null) throw new LabelError(refusal);
  const { providers } = await readCarriers(labels, order).catch((error) => {
    if (!(error instanceof TikTokError)) throw error;
    throw new LabelError("tiktok_unavailable", { cause: error });
  });
  return providers.filter(({ name }) => !isRefusedCarrier(name, refused_carriers))
    .map(({ id, name }) => ({ id, name }));
}
