/** All but the reading of shipments: loaded with the first request that needs it. */
import { handleWith } from "../../shared/inbox/events.ts";
import { Inbox } from "../../shared/inbox/inbox.ts";
import { EventProcessor } from "../../shared/inbox/process_events.ts";
import type { LabelDependencies } from "../../shared/shipping/dependencies.ts";
import { markShipped } from "../../shared/shipping/mark_shipped.ts";

export { buyLabel } from "../../shared/shipping/buy_label.ts";
export { isFoundAtTikTok } from "../../shared/shipping/check_order.ts";
export { createLabelDependencies } from "../../shared/shipping/dependencies.ts";
export { getLabelLink } from "../../shared/shipping/fetch_label.ts";
export { getRates } from "../../shared/shipping/get_rates.ts";
export { getBatch, requestBatch } from "../../shared/shipping/label_batch.ts";
export { listCarriers } from "../../shared/shipping/own_carriers.ts";
export { addOwnTracking, correctTracking } from "../../shared/shipping/own_tracking.ts";
export { voidLabel } from "../../shared/shipping/void_label.ts";
export {
  BatchBody,
  hashRequest,
  LabelBody,
  OwnTrackingBody,
  RatesBody,
  TrackingBody,
} from "./bodies.ts";

/** An own number reaches TikTok before its answer: the seller sees a refusal. */
export function createProcessor(labels: LabelDependencies): EventProcessor {
  return new EventProcessor(new Inbox(labels.database), {
    creatorflow: { MARK_SHIPPED: handleWith(() => labels, markShipped) },
  });
}
