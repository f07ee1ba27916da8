/** Tracks parcels that were not labelled here, by a tracker at EasyPost. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Outcome } from "../values/schemas.ts";
import { plainName } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { EasyPostClient } from "./providers/easypost/client.ts";
import { EasyPostError } from "./providers/easypost/easypost_error.ts";
import { toLabelError } from "./providers/easypost/errors.ts";
import type { FoundTracker } from "./providers/easypost/schemas.ts";
import { toTrackingUpdate } from "./providers/easypost/tracking.ts";

/** `get_own_tracker` in SQL. */
const OwnNumber = z.object({
  attempt: z.int(),
  carrier: z.string(),
  tracking_number: z.string(),
  tracker_id: z.nullable(z.string()),
  may_create: z.boolean(),
});
type OwnNumber = z.infer<typeof OwnNumber>;

/** CHECK_TRACKING of an own tracking number: makes its tracker, or reads it. */
export async function trackOwnNumber(
  { database, easypost }: LabelDependencies,
  shipmentId: string,
  { event_id }: ClaimedEvent,
): Promise<EventResult> {
  const wanted = { p_shipment_id: shipmentId };
  const own = await callFunction(database, "get_own_tracker", wanted, z.nullable(OwnNumber));
  if (own === null) return { ignored: "tracking_not_accepted" };
  const tracker = await findTracker(easypost, own);
  const args = {
    p_event_id: event_id,
    p_shipment_id: shipmentId,
    p_attempt: own.attempt,
    p_tracker_id: tracker?.id ?? null,
    p_update: tracker ? toTrackingUpdate(tracker) : null,
  };
  return await callFunction(database, "store_own_tracker", args, Outcome);
}

/**
 * `undefined` if EasyPost does not track the carrier or the number, or the plan has no room for another tracker,
 * which the platform pays: it is tried again the next day. EasyPost makes one tracker for a carrier and number
 * (https://support.easypost.com/hc/en-us/articles/360044353091), so a repeated call costs nothing.
 */
async function findTracker(
  easypost: EasyPostClient,
  { tracking_number: tracking_code, carrier, tracker_id, may_create }: OwnNumber,
): Promise<FoundTracker | undefined> {
  const isRefused = (error: unknown) =>
    error instanceof EasyPostError && [400, 404, 422].includes(error.status) && error.code !== "";
  const creations = [
    () => easypost.createTracker({ tracking_code, carrier: plainName(carrier) }),
    // EasyPost has other names for some carriers, and recognizes many by the number.
    () => easypost.createTracker({ tracking_code }),
  ];
  const attempts = [
    ...(tracker_id === null ? [] : [() => easypost.getTracker(tracker_id)]),
    ...(may_create ? creations : []),
  ];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRefused(error)) throw toLabelError(error);
    }
  }
  return undefined;
}
