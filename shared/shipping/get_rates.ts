/** Reads the prices of labels for an order from the provider that may serve it. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { isRefusedCarrier } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure, NamedOrders, notFoundAs, refusedWith } from "./errors.ts";
import type { Parcel } from "./parcel.ts";
import { OrderToShip } from "./schemas.ts";
import { ProviderName } from "./shipment.ts";
import type { Sender } from "./sender.ts";

const OrderAnswer = z.union([
  z.object({ refusal: LabelFailure, ...NamedOrders.shape }),
  z.object({
    provider: ProviderName,
    refused_carriers: z.array(z.string()),
    /** The units that the label would cover, of all orders. */
    line_item_ids: z.array(z.string()),
    order: OrderToShip,
  }),
]);

/** A rate as `store_label_rates` returns it. Amounts are decimal strings in major units. */
export const StoredRate = z.object({
  rate_id: z.uuid(),
  provider: ProviderName,
  carrier: z.string(),
  service: z.string(),
  service_name: z.string(),
  /** `null` where TikTok states the price only after the purchase. */
  price: z.nullable(z.string()),
  currency: z.nullable(z.string()),
  days_min: z.nullable(z.int()),
  days_max: z.nullable(z.int()),
  is_default: z.boolean(),
  expires_at: z.string(),
});
export type StoredRate = z.infer<typeof StoredRate>;

export interface RequestedRates {
  order_id: string;
  /** Every order of a combined parcel. */
  order_ids?: string[] | undefined;
  parcel: Parcel;
  sender: Sender | undefined;
  line_item_ids?: string[] | undefined;
}

/** Returns the rates with the ids that a purchase may name, cheapest first. @throws {LabelError} */
export async function getRates(
  { database, providers }: LabelDependencies,
  userId: string,
  { order_id, order_ids, parcel, sender, line_item_ids }: RequestedRates,
): Promise<StoredRate[]> {
  const wanted = {
    p_user_id: userId,
    p_order_id: order_id,
    p_request: { ...(order_ids && { order_ids }), ...(line_item_ids && { line_item_ids }) },
  };
  const answer = await callFunction(database, "get_order_to_ship", wanted, OrderAnswer)
    .catch(notFoundAs("order_not_found"));
  if ("refusal" in answer) throw refusedWith(answer.refusal, answer);

  // TikTok decides who ships: its own labels for orders that it ships, EasyPost for the others.
  const { provider, refused_carriers, line_item_ids: lineItemIds, order } = answer;
  const request = { parcel, sender: sender ?? order.sender, lineItemIds };
  const offered = await providers[provider].rates(order, request);
  const rates = offered.filter(({ carrier }) => !isRefusedCarrier(carrier, refused_carriers));
  if (rates.length < offered.length && rates.length === 0) {
    throw new LabelError("no_carrier_accepted");
  }
  const args = {
    p_order_id: order.id,
    p_parcel: parcel,
    // Kept for the shop. Without this argument SQL would call another function.
    p_sender: sender ?? null,
    p_rates: rates.map((rate) => ({ ...rate, provider, address_digest: order.address_digest })),
  };
  return await callFunction(database, "store_label_rates", args, z.array(StoredRate));
}
