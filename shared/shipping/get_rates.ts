/** Reads the prices of labels for an order from the provider that may serve it. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { Json } from "../database/types.ts";
import { isRefusedCarrier } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure, notFoundAs } from "./errors.ts";
import type { Parcel } from "./parcel.ts";
import { OrderToShip, ProviderName } from "./schemas.ts";
import type { Sender } from "./sender.ts";

const OrderAnswer = z.union([
  z.object({ refusal: LabelFailure }),
  z.object({
    provider: ProviderName,
    refused_carriers: z.array(z.string()),
    order: OrderToShip,
  }),
]);

export interface RequestedRates {
  order_id: string;
  parcel: Parcel;
  sender: Sender | undefined;
  line_item_ids?: string[] | undefined;
}

/** Returns the rates with the ids that a purchase may name, cheapest first. @throws {LabelError} */
export async function getRates(
  { database, providers }: LabelDependencies,
  userId: string,
  { order_id, parcel, sender, line_item_ids }: RequestedRates,
): Promise<Json> {
  const wanted = { p_user_id: userId, p_order_id: order_id };
  const answer = await callFunction(database, "get_order_to_ship", wanted, OrderAnswer)
    .catch(notFoundAs("order_not_found"));
  if ("refusal" in answer) throw new LabelError(answer.refusal);

  // TikTok decides who ships: its own labels for orders that it ships, EasyPost for the others.
  const { provider, refused_carriers, order } = answer;
  const lineItemIds = line_item_ids ?? order.line_item_ids;
  if (lineItemIds.some((id) => order.cancelled_line_item_ids.includes(id))) {
    throw new LabelError("unit_cancelled");
  }
  if (!lineItemIds.every((id) => order.line_item_ids.includes(id))) {
    throw new LabelError("line_items_unknown");
  }
  const request = { parcel, sender: sender ?? order.sender, lineItemIds };
  const offered = await providers[provider].rates(order, request);
  const rates = offered.filter(({ carrier }) => !isRefusedCarrier(carrier, refused_carriers));
  if (rates.length < offered.length && rates.length === 0) {
    throw new LabelError("carrier_not_accepted");
  }
  const args = {
    p_order_id: order.id,
    p_parcel: parcel,
    // Kept for the shop. Without this argument SQL would call another function.
    p_sender: sender ?? null,
    p_rates: rates.map((rate) => ({ ...rate, provider })),
  };
  return await callFunction(database, "store_label_rates", args, z.json());
}
