/** Links to labels: fresh ones where the stored one has ended, or is not there yet. */
import { LabelError } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { Shipment } from "./purchases.ts";

/** Somebody still has to open the link. */
const MARGIN_MS = 3600 * 1000;

const BOUGHT = ["purchased", "void_requested", "void_rejected"];

/** @param now Milliseconds since 1970. */
export function hasLiveLink(shipment: Shipment, now: number): boolean {
  const { label_url, label_expires_at } = shipment;
  return label_url !== null &&
    (label_expires_at === null || Date.parse(label_expires_at) - now > MARGIN_MS);
}

/** Asks the provider, and keeps what it says. @throws {LabelError} */
export async function fetchLabel(
  { purchases, providers }: LabelDependencies,
  shipmentId: string,
  eventId?: number,
): Promise<Shipment> {
  const purchase = await purchases.forWorker(shipmentId);
  if (purchase === undefined || !BOUGHT.includes(purchase.state)) {
    throw new LabelError("not_purchased");
  }
  const document = await providers[purchase.provider].label(purchase);
  return await purchases.storeDocument(shipmentId, document, eventId);
}
