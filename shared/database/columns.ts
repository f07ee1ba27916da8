/**
 * Facts that the database's own types lack: the shapes of JSON columns and of functions that return `jsonb`, and
 * the codes of text columns. For the API's document and the client that is made of it; no function imports it.
 */
import * as z from "zod/mini";
import type { NamedSchema } from "../http/operations.ts";
import { ParcelProvider, ShipmentStatus } from "../shipping/shipment.ts";
import { ConnectionStatus } from "../tiktok/connections/describe_connection.ts";
import type { Amounts } from "../tiktok/orders/map_amounts.ts";
import type { AddressStatus, ShippingAddress } from "../tiktok/orders/map_address.ts";
import type { OrderItem } from "../tiktok/orders/map_order_items.ts";
import { DASHBOARD, HELD_ORDERS, ORDER_OVERVIEW, USAGE } from "./results.ts";

const text = z.nullable(z.string());

const Address = z.object({
  name: text,
  phone: text,
  line1: text,
  line2: text,
  city: text,
  state: text,
  postal_code: text,
  country: text,
  full_address: text,
  districts: z.array(z.object({ level: z.string(), type: z.string(), name: z.string() })),
}) satisfies z.ZodMiniType<ShippingAddress>;

const ADDRESS: NamedSchema = {
  id: "ShippingAddress",
  schema: z.partial(Address),
  description: "orders.shipping_address; empty if address_status is none.",
  fields: {
    country: "ISO 3166-1 alpha-2.",
    full_address: "TikTok's own one-line form.",
    districts: "TikTok's country, state, city and so on; which of them exist differs by country.",
  },
};

const ITEM: NamedSchema = {
  id: "OrderItem",
  schema: z.object({
    sku_id: text,
    product_id: text,
    product_name: text,
    sku_name: text,
    seller_sku: text,
    image_url: text,
    is_gift: z.boolean(),
    gift_retail_price: text,
    quantity: z.int(),
    unit_price: text,
    total_price: text,
    line_item_ids: z.array(z.string()),
    cancelled_line_item_ids: z.array(z.string()),
    components: z.array(z.object({
      product_id: text,
      sku_id: text,
      seller_sku: text,
      quantity: z.nullable(z.number()),
    })),
    units: z.array(z.object({
      line_item_id: z.string(),
      status: text,
      cancelled_by: text,
      cancel_reason: text,
      package_id: text,
    })),
  }) satisfies z.ZodMiniType<OrderItem>,
  description: "A product of an order. Amounts are decimal strings in the order's currency.",
  fields: {
    gift_retail_price: "Retail price of one gift or sample, in the order's currency.",
    quantity: "Number of units that are not cancelled.",
    unit_price: "Price of one of them in the order's currency; null if they differ.",
    total_price: "Sum over them in the order's currency; null if TikTok gave no price for one.",
    line_item_ids: "TikTok's id of each unit that is not cancelled: labels name these.",
    components: "What a virtual bundle consists of; empty for other products.",
    units: "Every unit, cancelled or not.",
  },
};

const codes = (id: string, schema: z.ZodMiniType, description: string): NamedSchema => ({
  id,
  schema,
  description,
});

const OrderStatus = z.enum([
  "received",
  "on_hold",
  "awaiting_shipment",
  "partially_shipped",
  "awaiting_collection",
  "in_transit",
  "delivered",
  "completed",
  "cancelled",
]);
const PaymentStatus = z.enum(["pending", "paid", "partially_refunded", "refunded", "cancelled"]);
const OrderKind = z.enum(["sale", "sample", "replacement", "exchange"]);
const StripeStatus = z.enum([
  "trialing",
  "active",
  "past_due",
  "unpaid",
  "canceled",
  "incomplete",
  "incomplete_expired",
  "paused",
]);

/** By table and column. */
export const COLUMNS: Record<string, Record<string, NamedSchema>> = {
  orders: {
    order_status: codes("OrderStatus", OrderStatus, "orders.order_status: docs/orders.md."),
    payment_status: codes("PaymentStatus", PaymentStatus, "orders.payment_status."),
    order_kind: codes("OrderKind", OrderKind, "orders.order_kind: only a sale brings revenue."),
    address_status: codes(
      "AddressStatus",
      z.enum(["readable", "masked", "none"]) satisfies z.ZodMiniType<AddressStatus>,
      "masked: TikTok replaced parts by asterisks.",
    ),
    shipping_address: ADDRESS,
    order_items: {
      id: "OrderItems",
      schema: z.array(ITEM.schema),
      description: "orders.order_items.",
      parts: [ITEM],
    },
    amounts: {
      id: "OrderAmounts",
      schema: z.record(z.string(), z.string()) satisfies z.ZodMiniType<Amounts>,
      description: "orders.amounts: TikTok's own names; decimal strings in the order's currency.",
    },
  },
  shipments: {
    status: codes("ShipmentStatus", ShipmentStatus, "shipments.status: of the parcel."),
    provider: codes("ShipmentProvider", ParcelProvider, "Who sold the label; own: elsewhere."),
  },
  tiktok_shops: {
    connection_status: codes("ConnectionStatus", ConnectionStatus, "Of a connected shop."),
  },
  users: {
    subscription_status: codes(
      "UserSubscriptionStatus",
      z.enum(["trial", ...StripeStatus.options]),
      "trial, or Stripe's status: docs/billing.md.",
    ),
    subscription_tier: codes(
      "PlanName",
      z.enum(["trial", "starter", "growth", "scale"]),
      "The name of a plan.",
    ),
  },
  subscriptions: {
    status: codes("SubscriptionStatus", StripeStatus, "Stripe's status: docs/billing.md."),
  },
};

/** By function, what it returns as `jsonb`. */
export const RESULTS: Record<string, NamedSchema> = {
  get_usage: USAGE,
  get_held_orders: HELD_ORDERS,
  get_dashboard_metrics: DASHBOARD,
  get_order_overview: ORDER_OVERVIEW,
};

/** Every named schema of the database. */
export const DATABASE_SCHEMAS: NamedSchema[] = [
  ...Object.values(COLUMNS).flatMap((columns) => Object.values(columns)),
  ...Object.values(RESULTS),
];
