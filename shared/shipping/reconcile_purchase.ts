/** Settles a purchase whose worker died or got no answer, by reading it at the carrier. */
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import type { PurchaseForWorker } from "./schemas.ts";
import type { Shipment } from "./shipment.ts";

/** After so long the carrier has carried out the purchase, or never will. */
const CERTAIN_SECONDS = 120;

export function isUnsettled({ state }: PurchaseForWorker): boolean {
  return ["requested", "purchasing", "unknown"].includes(state);
}

/**
 * Adopts a label that exists, and fails a purchase that certainly bought none; buys nothing.
 * @returns `undefined` while the outcome is not certain.
 * @throws {LabelError} if the carrier cannot be read.
 */
export async function reconcilePurchase(
  { purchases, providers }: LabelDependencies,
  purchase: PurchaseForWorker,
  eventId?: number,
): Promise<Shipment | undefined> {
  // Nothing is bought before a purchase is "purchasing".
  if (purchase.state === "requested") {
    return purchase.abandoned ? await purchases.fail(purchase, "abandoned", eventId) : undefined;
  }
  let reason = "not_bought";
  const label = await providers[purchase.provider].find(purchase).catch((error) => {
    // Shipped in another way than requested: in Seller Center, in several packages.
    if (!(error instanceof LabelError) || error.code !== "already_shipped") throw error;
    reason = error.code;
    return undefined;
  });
  if (label !== undefined) return await purchases.finish(purchase.id, label, eventId);
  if (purchase.seconds < CERTAIN_SECONDS) return undefined;
  return await purchases.fail(purchase, reason, eventId);
}
