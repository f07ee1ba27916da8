/** Voids labels: requested by the seller, decided by the provider, perhaps days later. */
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure } from "./errors.ts";
import type { LabelProvider, VoidDecision } from "./providers/provider.ts";
import type { Purchase } from "./schemas.ts";
import type { Shipment } from "./shipment.ts";

/** A refusal is a decision, with its cause; an unreachable provider has made none. @throws {LabelError} */
async function requestDecision(
  provider: LabelProvider,
  purchase: Purchase,
): Promise<VoidDecision & { cause?: unknown }> {
  try {
    return await provider.void(purchase);
  } catch (error) {
    if (!(error instanceof LabelError) || error.code !== "carrier_refused") throw error;
    return { state: "void_rejected", reason: "void_refused", cause: error.cause };
  }
}

/** @throws {LabelError} why the label is not voided */
export async function voidLabel(
  { purchases, providers }: LabelDependencies,
  userId: string,
  shipmentId: string,
): Promise<Shipment> {
  const answer = await purchases.requestVoid(userId, shipmentId);
  if (answer.outcome === "refused") throw new LabelError(answer.code);
  if (answer.outcome === "exists") return answer.shipment;
  const { purchase } = answer;
  const provider = providers[purchase.provider];
  const decision = await requestDecision(provider, purchase).catch(async (error) => {
    if (!(error instanceof LabelError)) throw error;
    await purchases.settleVoid(shipmentId, { state: "void_requested", reason: "not_asked" });
    throw error.code === "shop_paused" ? error : new LabelError("void_pending", { cause: error });
  });
  const shipment = await purchases.settleVoid(shipmentId, decision);
  if (shipment.state === "void_rejected") {
    const code = LabelFailure.parse(shipment.reason ?? "void_refused");
    throw new LabelError(code, { cause: decision.cause });
  }
  return shipment;
}

/** Reads the provider's decision about a void that is pending. @throws {LabelError} */
export async function checkVoid(
  { purchases, providers }: LabelDependencies,
  shipmentId: string,
  eventId: number,
): Promise<string | undefined> {
  const purchase = await purchases.getForWorker(shipmentId);
  if (purchase?.state !== "void_requested") return undefined;
  const decision = await requestDecision(providers[purchase.provider], purchase);
  const { state } = await purchases.settleVoid(shipmentId, decision, eventId);
  return state;
}
