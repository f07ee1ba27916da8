/** Purchases of labels in the database: one method for each SQL function of the migrations 730 to 736. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { Nothing } from "../values/schemas.ts";
import { LabelFailure, NamedOrders, notFoundAs } from "./errors.ts";
import type {
  BoughtLabel,
  LabelDocument,
  PreparedChoice,
  VoidDecision,
} from "./providers/provider.ts";
import { type LabelRequest, ParcelForWorker, Purchase, PurchaseForWorker } from "./schemas.ts";
import { Shipment } from "./shipment.ts";

const RequestAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("requested"), purchase: Purchase }),
  z.object({ outcome: z.literal("unsettled"), purchase: Purchase }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("in_progress"), shipment: Shipment }),
  z.object({ outcome: z.literal("key_reused") }),
  z.object({
    outcome: z.literal("refused"),
    code: LabelFailure,
    ...NamedOrders.shape,
  }),
]);
export type RequestAnswer = z.infer<typeof RequestAnswer>;

const StartAnswer = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("started"),
    /** Periods in which the platform has reached 80 % of a limit with this label. */
    near: z.array(z.enum(["day", "month"])),
  }),
  z.object({ outcome: z.literal("taken_over") }),
  z.object({ outcome: z.literal("refused"), code: LabelFailure }),
]);
export type StartAnswer = z.infer<typeof StartAnswer>;

const VoidRequestAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("requested"), purchase: Purchase }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("refused"), code: LabelFailure }),
]);
export type VoidRequestAnswer = z.infer<typeof VoidRequestAnswer>;

/** An own tracking number has no purchase. */
const SellersPurchase = z.object({ shipment: Shipment, purchase: z.nullable(Purchase) });

export interface RequestedLabel {
  userId: string;
  /** The seller's name for this request: repeated with it, the request buys nothing more. */
  idempotencyKey: string;
  /** SHA-256 of the whole request. */
  hash: string;
  request: LabelRequest;
}

/** The outcome of notifying TikTok; absent fields are `null`. */
export interface TikTokNotification {
  packageId?: string | null;
  warning?: string | null;
  error?: string;
}

/**
 * Methods that take a seller's id throw a `LabelError` for rows that do not exist or are another seller's.
 * An `eventId` is settled in the same transaction.
 */
export class Purchases {
  readonly #database: DatabaseClient;

  constructor(database: DatabaseClient) {
    this.#database = database;
  }

  async request({ userId, idempotencyKey, hash, request }: RequestedLabel): Promise<RequestAnswer> {
    const { order_id, ...wanted } = request;
    const args = {
      p_user_id: userId,
      p_idempotency_key: idempotencyKey,
      p_request_hash: hash,
      p_order_id: order_id,
      p_request: wanted,
    };
    return await callFunction(this.#database, "request_label", args, RequestAnswer)
      .catch(notFoundAs("order_not_found"));
  }

  /** The last check before money is spent; unless it is `started`, nothing may be bought. */
  async start(purchase: Purchase, choice: PreparedChoice): Promise<StartAnswer> {
    const args = {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_choice: choice,
    };
    return await callFunction(this.#database, "start_label_purchase", args, StartAnswer);
  }

  async finish(id: string, label: BoughtLabel, eventId?: number): Promise<Shipment> {
    const args = { p_purchase_id: id, p_label: label, p_event_id: eventId };
    return await callFunction(this.#database, "finish_label_purchase", args, Shipment);
  }

  async fail(purchase: Purchase, reason: string, eventId?: number): Promise<Shipment> {
    const args = {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_reason: reason,
      p_event_id: eventId,
    };
    return await callFunction(this.#database, "fail_label_purchase", args, Shipment);
  }

  async markUnknown(purchase: Purchase, reason: string): Promise<Shipment> {
    const args = {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_reason: reason,
    };
    return await callFunction(this.#database, "mark_label_purchase_unknown", args, Shipment);
  }

  async get(userId: string, id: string): Promise<z.infer<typeof SellersPurchase>> {
    const args = { p_user_id: userId, p_shipment_id: id };
    return await callFunction(this.#database, "get_shipment", args, SellersPurchase)
      .catch(notFoundAs("shipment_not_found"));
  }

  /** `undefined` if the purchase was deleted with its account. */
  async getForWorker(id: string): Promise<PurchaseForWorker | undefined> {
    const args = { p_purchase_id: id };
    const schema = z.nullable(PurchaseForWorker);
    return await callFunction(this.#database, "get_label_purchase", args, schema) ?? undefined;
  }

  /** As `getForWorker`, also for an own tracking number. */
  async getParcel(id: string): Promise<ParcelForWorker | undefined> {
    const args = { p_purchase_id: id };
    const schema = z.nullable(ParcelForWorker);
    return await callFunction(this.#database, "get_label_purchase", args, schema) ?? undefined;
  }

  async storeDocument(id: string, document: LabelDocument, eventId?: number): Promise<Shipment> {
    const args = { p_purchase_id: id, p_document: document, p_event_id: eventId };
    return await callFunction(this.#database, "store_label_document", args, Shipment);
  }

  async requestVoid(userId: string, id: string): Promise<VoidRequestAnswer> {
    const args = { p_user_id: userId, p_shipment_id: id };
    return await callFunction(this.#database, "request_label_void", args, VoidRequestAnswer)
      .catch(notFoundAs("shipment_not_found"));
  }

  async settleVoid(
    id: string,
    { state, reason }: VoidDecision,
    eventId?: number,
  ): Promise<Shipment> {
    const args = { p_purchase_id: id, p_state: state, p_reason: reason, p_event_id: eventId };
    return await callFunction(this.#database, "settle_label_void", args, Shipment);
  }

  async recordTikTokNotification(
    id: string,
    { packageId = null, warning = null, error }: TikTokNotification,
    eventId?: number,
  ): Promise<void> {
    const args = {
      p_purchase_id: id,
      p_package_id: packageId,
      p_warning: warning,
      p_error: error ?? null,
      p_event_id: eventId,
    };
    await callFunction(this.#database, "record_tiktok_notification", args, Nothing);
  }
}
