/** Tracking numbers that sellers bring from elsewhere: checked, stored, and sent to TikTok at once. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import { ClaimedEvent } from "../inbox/events.ts";
import type { EventProcessor } from "../inbox/process_events.ts";
import { errorText, log } from "../log.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";
import type { Order } from "../tiktok/api/schemas.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { findNamedProvider, isRefusedCarrier } from "./carriers.ts";
import { checkOrder } from "./check_order.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError, LabelFailure, notFoundAs } from "./errors.ts";
import { toReadError } from "./own_refusals.ts";
import { OrderInParcel, OrderToShip, Shipment } from "./schemas.ts";
import { listShippingProviders, readOrderAtTikTok } from "./shipping_providers.ts";

/** `request_own_tracking` and `request_tracking_correction` in SQL. */
const Answer = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("ready"),
    order: OrderToShip,
    part: OrderInParcel.optional(),
    refused_carriers: z.array(z.string()),
  }),
  z.object({ outcome: z.literal("stored"), shipment: Shipment, event: ClaimedEvent }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("key_reused") }),
  z.object({
    outcome: z.literal("refused"),
    code: LabelFailure,
    order_ids: z.array(z.uuid()).nullish(),
  }),
]);
type Answer = z.infer<typeof Answer>;
type Ready = Extract<Answer, { outcome: "ready" }>;

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
      throw new LabelError(answer.code, { orderIds: answer.order_ids ?? undefined });
    case "key_reused":
      throw new LabelError("idempotency_key_reused");
    case "exists":
      return { created: false, shipment: checkWithdrawn(answer.shipment) };
    case "ready":
      throw new Error("Nothing was stored");
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

/** Returns TikTok's name of the carrier, or the seller's own while TikTok is unreachable. @throws {LabelError} */
async function checkAtTikTok(
  labels: LabelDependencies,
  { order, part, refused_carriers }: Ready,
  carrier: string,
): Promise<string> {
  let found: { order: Order; providers: ShippingProvider[] };
  try {
    found = await readCarriers(labels, order);
  } catch (error) {
    if (error instanceof LabelError || !(error instanceof TikTokError)) throw error;
    log.info("carrier not checked yet", { order_id: order.id, error: errorText(error) });
    return carrier;
  }
  if (part !== undefined) checkOrder(found.order, part, { provider: "own", attempt: 1 });
  const provider = findNamedProvider(carrier, found.providers);
  if (provider === undefined) throw new LabelError("carrier_unknown");
  if (isRefusedCarrier(provider.name, refused_carriers)) {
    throw new LabelError("carrier_not_accepted");
  }
  return provider.name;
}

/** @throws {LabelError} for TikTok's refusals @throws {TikTokError} while TikTok is unreachable */
async function readCarriers(
  labels: LabelDependencies,
  { shop, sender, tiktok_order_id }: OrderToShip,
): Promise<{ order: Order; providers: ShippingProvider[] }> {
  if (shop === null) throw new LabelError("shop_not_connected");
  const route = { region: shop.region, origin: sender?.country };
  return await new ShopConnection(labels, shop).call(async (access) => {
    const order = await readOrderAtTikTok(labels, access, tiktok_order_id);
    return { order, providers: await listShippingProviders(labels, access, order, route) };
  }).catch((error) => {
    throw toReadError(error);
  });
}

const OrderAnswer = z.object({
  order: OrderToShip,
  refused_carriers: z.array(z.string()),
  refusal: LabelFailure.nullable(),
});

/** The carriers that a seller may name for an order. @throws {LabelError} */
export async function listCarriers(
  labels: LabelDependencies,
  userId: string,
  orderId: string,
): Promise<ShippingProvider[]> {
  const args = { p_user_id: userId, p_order_id: orderId };
  const { order, refused_carriers, refusal } = await callFunction(
    labels.database,
    "get_order_for_own_tracking",
    args,
    OrderAnswer,
  ).catch(notFoundAs("order_not_found"));
  if (refusal !== null) throw new LabelError(refusal);
  const { providers } = await readCarriers(labels, order).catch((error) => {
    if (!(error instanceof TikTokError)) throw error;
    throw new LabelError("tiktok_unavailable", { cause: error });
  });
  return providers.filter(({ name }) => !isRefusedCarrier(name, refused_carriers))
    .map(({ id, name }) => ({ id, name }));
}
