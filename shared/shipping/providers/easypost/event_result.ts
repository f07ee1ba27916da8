/** What EasyPost events are about: trackers and refunds. */
import * as z from "zod/mini";
import { IdText } from "../../../values/schemas.ts";
import type { EasyPostEvent } from "./parse_webhook.ts";
import { Tracker } from "./schemas.ts";

const Refund = z.looseObject({ shipment_id: IdText });

/** `undefined` for events about something else. */
export function trackerOf({ description, result }: EasyPostEvent): Tracker | undefined {
  return description.startsWith("tracker.") ? Tracker.safeParse(result).data : undefined;
}

/** EasyPost's id of the shipment whose refund was decided; `undefined` for other events. */
export function refundedShipmentOf({ description, result }: EasyPostEvent): string | undefined {
  return description.startsWith("refund.") ? Refund.safeParse(result).data?.shipment_id : undefined;
}
