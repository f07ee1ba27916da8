/** Gives labels back: asked for by the seller, decided by the provider, perhaps days later. */
import { LabelError, labelProblem } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { LabelProvider, Purchase, VoidAnswer } from "./provider.ts";
import type { Shipment } from "./purchases.ts";

/** A refusal is a decision; whoever cannot be asked has made none. @throws {LabelError} */
async function decide(provider: LabelProvider, purchase: Purchase): Promise<VoidAnswer> {
  try {
    return await provider.void(purchase);
  } catch (error) {
    if (!(error instanceof LabelError) || error.code !== "carrier_refused") throw error;
    return { state: "void_rejected", reason: "void_refused" };
  }
}

/** @throws {Problem} why it is not voided; DatabaseError PT404 */
export async function voidLabel(
  { purchases, providers }: LabelDependencies,
  userId: string,
  shipmentId: string,
): Promise<Shipment> {
  const answer = await purchases.requestVoid(userId, shipmentId);
  if (answer.outcome === "refused") throw labelProblem(answer.code);
  if (answer.outcome === "exists") return answer.shipment;
  const { purchase } = answer;
  const decision = await decide(providers[purchase.provider], purchase).catch(async (error) => {
    if (!(error instanceof LabelError)) throw error;
    await purchases.settleVoid(shipmentId, { state: "void_requested", reason: "not_asked" });
    throw labelProblem("void_pending", { cause: error });
  });
  const shipment = await purchases.settleVoid(shipmentId, decision);
  if (shipment.state === "void_rejected") throw labelProblem(shipment.reason ?? "void_refused");
  return shipment;
}

/** Asks how a void stands that was not decided yet. @throws {LabelError} */
export async function checkVoid(
  { purchases, providers }: LabelDependencies,
  shipmentId: string,
  eventId: number,
): Promise<string | undefined> {
  const purchase = await purchases.forWorker(shipmentId);
  if (purchase?.state !== "void_requested") return undefined;
  const decision = await decide(providers[purchase.provider], purchase);
  const { state } = await purchases.settleVoid(shipmentId, decision, eventId);
  return state;
}
