/** Fields of an event in a log line: its ids and type, never its body. */
import type { LogFields } from "../logging/fields.ts";
import type { ClaimedEvent } from "./events.ts";

/** The object's id is left out where it is a vendor's: Stripe's and tracking numbers are personal. */
export function eventFields(
  { source, event_type, shop_id, object_id }: Pick<
    ClaimedEvent,
    "source" | "event_type" | "shop_id" | "object_id"
  >,
): LogFields<"source" | "event_type" | "shop_id" | "tiktok_order_id" | "object_id"> {
  return {
    source,
    event_type,
    shop_id,
    ...(source === "tiktok" && { tiktok_order_id: object_id }),
    ...(source === "creatorflow" && { object_id }),
  };
}
