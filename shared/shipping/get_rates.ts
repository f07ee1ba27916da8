/** What the label of an order would cost, by every provider that may serve it. */
import type { Json } from "../database/types.ts";
import { LabelError, labelProblem } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { Parcel } from "./parcel.ts";
import type { Sender } from "./sender.ts";

/** @throws {Problem} why there are none; DatabaseError PT404 */
export async function getRates(
  { purchases, providers }: LabelDependencies,
  userId: string,
  { order_id, parcel, sender, line_item_ids }: {
    order_id: string;
    parcel: Parcel;
    sender: Sender | undefined;
    line_item_ids?: string[] | undefined;
  },
): Promise<Json> {
  const answer = await purchases.orderToShip(userId, order_id);
  if ("refusal" in answer) throw labelProblem(answer.refusal);
  // TikTok decides who may: its own labels for what it ships, any other for the rest.
  const { provider, order } = answer;
  const lineItemIds = line_item_ids ?? order.line_item_ids;
  if (!lineItemIds.every((id) => order.line_item_ids.includes(id))) {
    throw labelProblem("line_items_unknown");
  }
  const request = { parcel, sender: sender ?? order.sender, lineItemIds };
  const rates = await providers[provider].rates(order, request).catch((error) => {
    throw error instanceof LabelError ? labelProblem(error.code, error) : error;
  });
  return await purchases.storeRates(order, { provider, parcel, sender, rates });
}
