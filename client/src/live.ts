/** Types of live messages. */
import type { components } from "./generated/api.ts";

type Schemas = components["schemas"];

interface OrderMessage {
  /** Id in the table orders, not TikTok's. */
  order_id: string;
  order_status: Schemas["OrderStatus"];
  payment_status: Schemas["PaymentStatus"];
}

interface ShipmentMessage {
  shipment_id: string;
  /** Id in the table orders, not TikTok's. */
  order_id: string;
  status: Schemas["ShipmentStatus"];
}

/** Payloads of a seller's private topic `user:<user id>`, by event. They name what changed; read the rows then. */
export interface LiveEvents {
  /** New orders that were stored together are one message. */
  orders_received: { orders: OrderMessage[] };
  order_changed: OrderMessage;
  shipment_created: ShipmentMessage;
  shipment_changed: ShipmentMessage;
}
