/** Links to labels: read from the provider where the stored link has expired or is missing. */
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import type { Shipment } from "./shipment.ts";

/** Time that the seller needs to open the link. */
const MARGIN_MS = 3600 * 1000;

const BOUGHT = ["purchased", "void_requested", "void_rejected"];

/** Failures that say nothing about the label itself. */
const UNREACHABLE = ["carrier_unavailable", "tiktok_unavailable", "carrier_busy"];

/** @param now Milliseconds since 1970. */
export function hasLiveLink(shipment: Shipment, now: number): boolean {
  const { label_url, label_expires_at } = shipment;
  return label_url !== null &&
    (label_expires_at === null || Date.parse(label_expires_at) - now > MARGIN_MS);
}

/** Reads the label from the provider and stores its link. @throws {LabelError} */
export async function fetchLabel(
  { purchases, providers }: LabelDependencies,
  shipmentId: string,
  eventId?: number,
): Promise<Shipment> {
  const purchase = await purchases.getForWorker(shipmentId);
  if (purchase === undefined || !BOUGHT.includes(purchase.state)) {
    throw new LabelError("not_purchased");
  }
  const document = await providers[purchase.provider].label(purchase);
  const stored = await purchases.storeDocument(shipmentId, document, eventId);
  // The link of an old order is shown, but not stored: docs/privacy.md.
  return stored.label_url === null ? { ...stored, ...document } : stored;
}

type LabelLink = Pick<
  Shipment,
  "label_url" | "label_format" | "label_expires_at" | "tracking_number"
>;

function toLink(shipment: Shipment): LabelLink {
  const { label_url, label_format, label_expires_at, tracking_number } = shipment;
  return { label_url, label_format, label_expires_at, tracking_number };
}

/** A link that a seller opens now, in the format of the purchase if possible. @throws {LabelError} */
export async function getLabelLink(
  dependencies: LabelDependencies,
  userId: string,
  shipmentId: string,
): Promise<LabelLink> {
  const { shipment, purchase } = await dependencies.purchases.get(userId, shipmentId);
  if (purchase === null) throw new LabelError("not_purchased");
  if (shipment.state === "voided") throw new LabelError("label_voided");
  const isLive = hasLiveLink(shipment, Date.now());
  if (isLive && shipment.label_format === purchase.label_format) return toLink(shipment);
  try {
    return toLink(await fetchLabel(dependencies, shipmentId));
  } catch (error) {
    if (!(error instanceof LabelError)) throw error;
    // A label in another format is better than none.
    if (isLive) return toLink(shipment);
    if (!UNREACHABLE.includes(error.code)) throw error;
    const { cause, retryAfterSeconds } = error;
    throw new LabelError("label_unavailable", { cause, retryAfterSeconds });
  }
}
