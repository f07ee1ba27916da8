/** Gives TikTok the tracking number of a parcel, once: what TikTok has is read first. */
import type { ShopAccess } from "../tiktok/api/client.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import {
  markPackageAsShipped,
  type OwnTracking,
  shipPackage,
  updateShippingInfo,
} from "../tiktok/api/fulfillment.ts";
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import { PartlyNotifiedError } from "./own_refusals.ts";
import type { TikTokNotification } from "./purchases.ts";
import type { OrderInParcel, ParcelForWorker } from "./schemas.ts";
import { chooseProvider, readOrderAtTikTok } from "./shipping_providers.ts";
import { hasMarkAsShipped, isInWholePackage, isPartOfPackage } from "./whole_package.ts";

/** Stored in place of the text of TikTok's warning. */
const ACCEPTED_WITH_WARNING = "accepted_with_warning";

export interface NumberedParcel {
  parcel: ParcelForWorker;
  /** EasyPost's name of the carrier, or TikTok's for an own number. */
  carrier: string;
  trackingNumber: string;
}

interface ParcelOfOrder extends NumberedParcel {
  /** At TikTok. */
  order: Order;
  /** The order's part in the parcel. */
  part: OrderInParcel;
}

/** A repetition skips the orders for which TikTok has the number already. @throws {TikTokError | LabelError} */
export async function notifyForEachOrder(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  numbered: NumberedParcel,
): Promise<TikTokNotification | null> {
  let first: TikTokNotification | null = null;
  for (const part of numbered.parcel.orders) {
    const order = await readOrderAtTikTok(dependencies, access, part.tiktok_order_id);
    const notification = await notifyTikTok(dependencies, access, { ...numbered, order, part });
    first ??= notification;
  }
  return first;
}

/** "This interface cannot be used in this region or this business type." */
const CALL_NOT_OFFERED = 21008106;

/**
 * `null` if every unit of the order in the parcel was cancelled since, or has another label. TikTok documents which
 * markets have which call, not which businesses there: a shop that is refused one gets the other.
 */
async function notifyTikTok(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  wanted: ParcelOfOrder,
): Promise<TikTokNotification | null> {
  const isMarked = hasMarkAsShipped(wanted.parcel.order.shop?.region);
  try {
    return await sendNumber(dependencies, access, wanted, isMarked);
  } catch (error) {
    if (!(error instanceof TikTokError) || error.code !== CALL_NOT_OFFERED) throw error;
    // A package that was given its number before the refusal is not given it again.
    const order = await readOrderAtTikTok(dependencies, access, wanted.part.tiktok_order_id);
    const now = { ...wanted, order };
    // Ship Package needs a package.
    const hasPackages = unitsOf(now).every((line) => line.package_id || isCancelled(line));
    if (isMarked && !hasPackages) throw error;
    return await sendNumber(dependencies, access, now, !isMarked);
  }
}

/** The order's units in the parcel that have no other label. */
function unitsOf({ order, part }: ParcelOfOrder): LineItem[] {
  const ids = part.line_item_ids.filter((id) => !part.labelled_elsewhere.includes(id));
  return (order.line_items ?? []).filter(({ id }) => ids.includes(id));
}

async function sendNumber(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  wanted: ParcelOfOrder,
  isMarked: boolean,
): Promise<TikTokNotification | null> {
  const { tiktok } = dependencies;
  const { parcel, order, part, trackingNumber } = wanted;
  const lineItemIds = part.line_item_ids.filter((id) => !part.labelled_elsewhere.includes(id));
  if (lineItemIds.length === 0) return null;
  const units = unitsOf(wanted);
  const lines = units.filter((line) => !isCancelled(line));
  if (order.status === "CANCELLED" || units.length > 0 && lines.length === 0) return null;
  const packageId = lines.find((line) => line.package_id)?.package_id || null;
  // The answer to an earlier call was lost: TikTok has the number.
  if (haveTrackingNumber(lines, trackingNumber)) return { packageId };
  // A correction replaces the number of the whole package, if the package has one.
  const unnumbered = lines.filter((line) => !line.tracking_number).map(({ id }) => id);
  const firstNumbered = isFirstNumber(parcel) ? lineItemIds : unnumbered;
  if (isPartOfPackage(order, firstNumbered, isMarked)) {
    throw parcel.provider === "own"
      ? new LabelError("line_items_combined")
      : new TikTokError("TikTok ships these units in one package with others");
  }

  const provider = await chooseProvider(dependencies, access, wanted);
  const tracking: OwnTracking = {
    tracking_number: trackingNumber,
    shipping_provider_id: provider.id,
  };
  if (isShippedElsewhere(wanted, lines)) throw new LabelError("already_shipped");
  let isPartlyKnown = lines.some((line) => line.tracking_number === trackingNumber);
  const notify = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call.catch((error) => {
      throw isPartlyKnown && error instanceof TikTokError ? new PartlyNotifiedError(error) : error;
    });
    isPartlyKnown = true;
    return answer;
  };
  const isWhole = (line: LineItem) => isInWholePackage(line, isMarked);
  for (const [id, inPackage] of Map.groupBy(lines.filter(isWhole), (line) => line.package_id)) {
    if (haveTrackingNumber(inPackage, trackingNumber)) continue;
    // TikTok has the number of another label, which was voided since, or the one that the seller corrects.
    const isCorrection = inPackage.some((line) => line.tracking_number);
    const send = isCorrection ? updateShippingInfo : shipPackage;
    await notify(send(tiktok, access, String(id), tracking));
  }
  const unmarked = lines.length > 0
    ? lines.filter((line) => !isWhole(line)).map(({ id }) => id)
    : lineItemIds;
  if (unmarked.length === 0) return { packageId };
  const marked = await notify(markPackageAsShipped(tiktok, access, order.id, {
    ...tracking,
    order_line_item_ids: unmarked,
  }));
  return {
    packageId: marked.package_id ?? packageId,
    warning: marked.warning ? ACCEPTED_WITH_WARNING : null,
  };
}

function haveTrackingNumber(lines: LineItem[], trackingNumber: string): boolean {
  return lines.length > 0 && lines.every((line) => line.tracking_number === trackingNumber);
}

/** Not the correction of an own number. */
function isFirstNumber({ provider, attempt }: ParcelForWorker): boolean {
  return provider !== "own" || attempt === 1;
}

/** An own number never replaces one that the seller gave TikTok in Seller Center, unless as a correction. */
function isShippedElsewhere({ parcel, part }: ParcelOfOrder, lines: LineItem[]): boolean {
  return parcel.provider === "own" && isFirstNumber(parcel) &&
    lines.some(({ tracking_number }) =>
      tracking_number && !part.tracking_numbers.includes(tracking_number)
    );
}
