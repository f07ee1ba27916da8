/** Finds out at the carrier what became of a purchase whose worker died, or never got an answer. */
import { LabelError } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { Shipment, WorkersPurchase } from "./purchases.ts";

/** By then the carrier has done whatever it was asked, or never will. */
const CERTAIN_SECONDS = 120;

export function isUnsettled({ state }: WorkersPurchase): boolean {
  return ["requested", "purchasing", "unknown"].includes(state);
}

/**
 * Adopts a label that is there, and gives up a purchase that certainly bought none; buys nothing.
 * @returns `undefined` if it is too early to say.
 * @throws {LabelError} if the carrier cannot be read.
 */
export async function settlePurchase(
  { purchases, providers }: LabelDependencies,
  purchase: WorkersPurchase,
  eventId?: number,
): Promise<Shipment | undefined> {
  // Nothing is bought before a purchase is "purchasing".
  if (purchase.state === "requested") {
    return purchase.abandoned ? await purchases.fail(purchase, "abandoned", eventId) : undefined;
  }
  let reason = "not_bought";
  const label = await providers[purchase.provider].find(purchase).catch((error) => {
    // Shipped in another way than was asked for: in Seller Center, in several packages.
    if (!(error instanceof LabelError) || error.code !== "already_shipped") throw error;
    reason = error.code;
    return undefined;
  });
  if (label !== undefined) return await purchases.finish(purchase.id, label, eventId);
  if (purchase.seconds < CERTAIN_SECONDS) return undefined;
  return await purchases.fail(purchase, reason, eventId);
}
