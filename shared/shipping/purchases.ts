/** Purchases of labels in the database: one method for each SQL function of supabase/migrations/*_label_*.sql. */
import * as z from "zod";
import type { DatabaseClient } from "../database/client.ts";
import { unwrap } from "../database/errors.ts";
import type { Json } from "../database/types.ts";
import {
  type BoughtLabel,
  type Choice,
  type LabelDocument,
  Purchase,
  type Rate,
} from "./provider.ts";
import type { Parcel } from "./parcel.ts";
import { OrderToShip, ProviderName } from "./provider.ts";
import type { Sender } from "./sender.ts";

/** A label and its parcel as sellers see them: docs/labels.md. Amounts are decimal strings. */
export const Shipment = z.looseObject({
  id: z.uuid(),
  order_id: z.uuid(),
  state: z.string(),
  reason: z.string().nullable(),
  provider: ProviderName,
  carrier: z.string().nullable(),
  tracking_number: z.string().nullable(),
  label_url: z.string().nullable(),
  label_expires_at: z.string().nullable(),
  label_format: z.string(),
  tiktok_notified_at: z.string().nullable(),
});
export type Shipment = z.infer<typeof Shipment>;

/** What a seller asks for: the argument `p_request` of `request_label`. */
export interface LabelRequest {
  order_id: string;
  parcel: Parcel;
  label_format: string;
  provider?: string;
  rate_id?: string;
  service?: string;
  line_item_ids?: string[];
  sender?: Sender;
}

const RequestAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("requested"), purchase: Purchase }),
  z.object({ outcome: z.literal("unsettled"), purchase: Purchase }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("in_progress"), shipment: Shipment }),
  z.object({ outcome: z.literal("key_reused") }),
  z.object({ outcome: z.literal("refused"), code: z.string() }),
]);
export type RequestAnswer = z.infer<typeof RequestAnswer>;

const VoidRequestAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("requested"), purchase: Purchase }),
  z.object({ outcome: z.literal("exists"), shipment: Shipment }),
  z.object({ outcome: z.literal("refused"), code: z.string() }),
]);

const WorkersPurchase = Purchase.extend({
  /** Its worker must have died. */
  abandoned: z.boolean(),
  /** Since its state changed. */
  seconds: z.int(),
  shipment: Shipment,
});
export type WorkersPurchase = z.infer<typeof WorkersPurchase>;

const OrderAnswer = z.union([
  z.object({ refusal: z.string() }),
  z.object({ provider: ProviderName, order: OrderToShip }),
]);

/** Every method throws `DatabaseError`: PT404 where something is not there, or not the seller's. */
export class Purchases {
  readonly #database: DatabaseClient;

  constructor(database: DatabaseClient) {
    this.#database = database;
  }

  async orderToShip(userId: string, orderId: string): Promise<z.infer<typeof OrderAnswer>> {
    const result = await this.#database.rpc("get_order_to_ship", {
      p_user_id: userId,
      p_order_id: orderId,
    });
    return OrderAnswer.parse(unwrap("get_order_to_ship", result));
  }

  /** Returns them with the ids by which they can be chosen, cheapest first. */
  async storeRates(
    order: OrderToShip,
    { provider, parcel, sender, rates }: {
      provider: ProviderName;
      parcel: Parcel;
      /** To be kept for the shop. */
      sender: Sender | undefined;
      rates: Rate[];
    },
  ): Promise<Json> {
    const result = await this.#database.rpc("store_label_rates", {
      p_order_id: order.id,
      p_parcel: parcel,
      // Left out, the function would be another one.
      p_sender: (sender ?? null) as Json,
      p_rates: rates.map((rate) => ({ ...rate, provider })) as unknown as Json,
    });
    return unwrap("store_label_rates", result);
  }

  async request(
    userId: string,
    key: string,
    hash: string,
    request: LabelRequest,
  ): Promise<RequestAnswer> {
    const { order_id, ...wanted } = request;
    const result = await this.#database.rpc("request_label", {
      p_user_id: userId,
      p_idempotency_key: key,
      p_request_hash: hash,
      p_order_id: order_id,
      p_request: wanted as unknown as Json,
    });
    return RequestAnswer.parse(unwrap("request_label", result));
  }

  /** False: another worker has taken it over, and nothing may be bought. */
  async start(purchase: Purchase, choice: Choice): Promise<boolean> {
    const result = await this.#database.rpc("start_label_purchase", {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_choice: choice as unknown as Json,
    });
    return unwrap("start_label_purchase", result);
  }

  async finish(id: string, label: BoughtLabel, eventId?: number): Promise<Shipment> {
    const result = await this.#database.rpc("finish_label_purchase", {
      p_purchase_id: id,
      p_label: label as unknown as Json,
      ...(eventId !== undefined && { p_event_id: eventId }),
    });
    return Shipment.parse(unwrap("finish_label_purchase", result));
  }

  async fail(purchase: Purchase, reason: string, eventId?: number): Promise<Shipment> {
    const result = await this.#database.rpc("fail_label_purchase", {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_reason: reason,
      ...(eventId !== undefined && { p_event_id: eventId }),
    });
    return Shipment.parse(unwrap("fail_label_purchase", result));
  }

  async doubt(purchase: Purchase, reason: string): Promise<Shipment> {
    const result = await this.#database.rpc("mark_label_purchase_unknown", {
      p_purchase_id: purchase.id,
      p_attempt: purchase.attempt,
      p_reason: reason,
    });
    return Shipment.parse(unwrap("mark_label_purchase_unknown", result));
  }

  async get(userId: string, id: string): Promise<{ shipment: Shipment; purchase: Purchase }> {
    const result = await this.#database.rpc("get_shipment", {
      p_user_id: userId,
      p_shipment_id: id,
    });
    return z.object({ shipment: Shipment, purchase: Purchase }).parse(
      unwrap("get_shipment", result),
    );
  }

  /** Every label that was asked for an order, oldest first. */
  async list(userId: string, orderId: string): Promise<Shipment[]> {
    const result = await this.#database.rpc("list_shipments", {
      p_user_id: userId,
      p_order_id: orderId,
    });
    return z.array(Shipment).parse(unwrap("list_shipments", result));
  }

  /** `undefined` if it is gone, with the account that it was of. */
  async forWorker(id: string): Promise<WorkersPurchase | undefined> {
    const result = await this.#database.rpc("get_label_purchase", { p_purchase_id: id });
    return WorkersPurchase.nullable().parse(unwrap("get_label_purchase", result)) ?? undefined;
  }

  async storeDocument(id: string, document: LabelDocument, eventId?: number): Promise<Shipment> {
    const result = await this.#database.rpc("store_label_document", {
      p_purchase_id: id,
      p_document: document as unknown as Json,
      ...(eventId !== undefined && { p_event_id: eventId }),
    });
    return Shipment.parse(unwrap("store_label_document", result));
  }

  async requestVoid(userId: string, id: string): Promise<z.infer<typeof VoidRequestAnswer>> {
    const result = await this.#database.rpc("request_label_void", {
      p_user_id: userId,
      p_shipment_id: id,
    });
    return VoidRequestAnswer.parse(unwrap("request_label_void", result));
  }

  async settleVoid(
    id: string,
    { state, reason }: { state: string; reason: string | null },
    eventId?: number,
  ): Promise<Shipment> {
    const result = await this.#database.rpc("settle_label_void", {
      p_purchase_id: id,
      p_state: state,
      // The generated types do not know that SQL arguments may be null.
      p_reason: reason as string,
      ...(eventId !== undefined && { p_event_id: eventId }),
    });
    return Shipment.parse(unwrap("settle_label_void", result));
  }

  async noteTikTokTold(
    id: string,
    told: { packageId?: string | null; warning?: string | null; error?: string },
    eventId?: number,
  ): Promise<void> {
    const result = await this.#database.rpc("record_tiktok_notification", {
      p_purchase_id: id,
      p_package_id: (told.packageId ?? null) as string,
      p_warning: (told.warning ?? null) as string,
      p_error: (told.error ?? null) as string,
      ...(eventId !== undefined && { p_event_id: eventId }),
    });
    unwrap("record_tiktok_notification", result);
  }
}
