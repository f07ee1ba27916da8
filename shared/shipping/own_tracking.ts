/** Tracking numbers that sellers bring from elsewhere: checked, stored, and sent to TikTok at once. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { ClaimedEvent } from "../inbox/events.ts";
import type { EventProcessor } from "../inbox/process_events.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure, NamedOrders, notFoundAs, refusedWith } from "./errors.ts";
import { checkAtTikTok } from "./own_carriers.ts";
import { OrderInParcel, OrderToShip } from "./schemas.ts";
import { Shipment } from "./shipment.ts";
import { LoggableError } from "../loggable_error.ts";

/** `request_own_tracking` and `request_tracking_correction` in SQL. */
const Answer = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("ready"),
    order: OrderToShip,
    part: z.optional(OrderInParcel),
    refused_carriers: z.array(z.string()),
  }),
  z.object({ outcome: z.literal("stored"), shipment: Shipment, event: ClaimedEvent }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("key_reused") }),
  z.object({
    outcome: z.literal("refused"),
    code: LabelFailure,
    ...NamedOrders.shape,
  }),
]);
type Answer = z.infer<typeof Answer>;

export interface OwnTrackingRequest {
  order_id: string;
  line_item_ids?: string[] | undefined;
  /** TikTok's name of the carrier, or its id. */
  carrier: string;
  tracking_number: string;
}

export interface OwnTrackingDependencies {
  labels: LabelDependencies;
  processor: EventProcessor;
}

export interface StoredTracking {
  created: boolean;
  shipment: Shipment;
}

/** Calls SQL with the carrier as TikTok names it; `isCheck` stores nothing. */
type Store = (carrier: string, isCheck: boolean) => Promise<Answer>;

/** @throws {LabelError} */
export async function addOwnTracking(
  dependencies: OwnTrackingDependencies,
  { userId, idempotencyKey, hash, request }: {
    userId: string;
    idempotencyKey: string;
    hash: string;
    request: OwnTrackingRequest;
  },
): Promise<StoredTracking> {
  const { order_id, carrier, ...wanted } = request;
  const store: Store = async (name, isCheck) =>
    await callFunction(dependencies.labels.database, "request_own_tracking", {
      p_user_id: userId,
      p_idempotency_key: idempotencyKey,
      p_request_hash: hash,
      p_order_id: order_id,
      p_request: { ...wanted, carrier: name },
      p_is_check: isCheck,
    }, Answer).catch(notFoundAs("order_not_found"));
  return await storeAndNotify(dependencies, userId, carrier, store);
}

/** @throws {LabelError} */
export async function correctTracking(
  dependencies: OwnTrackingDependencies,
  userId: string,
  shipmentId: string,
  { carrier, tracking_number }: { carrier: string; tracking_number: string },
): Promise<Shipment> {
  const store: Store = async (name, isCheck) =>
    await callFunction(dependencies.labels.database, "request_tracking_correction", {
      p_user_id: userId,
      p_shipment_id: shipmentId,
      p_carrier: name,
      p_tracking_number: tracking_number,
      p_is_check: isCheck,
    }, Answer).catch(notFoundAs("shipment_not_found"));
  const { shipment } = await storeAndNotify(dependencies, userId, carrier, store);
  // TikTok refused it, and keeps the earlier number.
  if (shipment.tracking_number !== tracking_number) throw refusalOf(shipment);
  return shipment;
}

async function storeAndNotify(
  { labels, processor }: OwnTrackingDependencies,
  userId: string,
  carrier: string,
  store: Store,
): Promise<StoredTracking> {
  // 1. What we know ourselves costs no call.
  let answer = await store(carrier, true);
  // 2. What TikTok says before anything is stored; while it is unreachable, MARK_SHIPPED finds it out later.
  if (answer.outcome === "ready") {
    answer = await store(await checkAtTikTok(labels, answer, carrier), false);
  }
  switch (answer.outcome) {
    case "refused":
      throw refusedWith(answer.code, answer);
    case "key_reused":
      throw new LabelError("idempotency_key_reused");
    case "exists":
      return { created: false, shipment: checkWithdrawn(answer.shipment) };
    case "ready":
      throw new LoggableError("Nothing was stored");
    case "stored": {
      // 3. Notify TikTok; a worker does it later if this fails.
      await processor.processClaimed(answer.event);
      const { shipment } = await labels.purchases.get(userId, answer.shipment.id);
      return { created: true, shipment: checkWithdrawn(shipment) };
    }
  }
}

function refusalOf({ id, reason, tiktok_error_code }: Shipment): LabelError {
  const code = LabelFailure.safeParse(tiktok_error_code ?? reason).data;
  return new LabelError(code ?? "tracking_withdrawn", { shipmentId: id });
}

/** @throws {LabelError} TikTok's refusal of a number that was withdrawn */
function checkWithdrawn(shipment: Shipment): Shipment {
  if (shipment.state === "voided") throw refusalOf(shipment);
  return shipment;
}
