/**
 * Results of the database's functions for sellers, which return `jsonb`: for the API's document, and as types. No
 * function imports it.
 */
import * as z from "zod/mini";
import { type NamedSchema, TIME } from "../http/operations.ts";

const LabelPeriod = z.object({
  labels: z.int(),
  label_limit: z.int(),
  cost: z.string(),
  cost_limit: z.string(),
  shop_labels: z.int(),
  shop_limit_reached: z.boolean(),
});

export const USAGE = {
  id: "Usage",
  schema: z.object({
    used: z.int(),
    limit: z.int(),
    not_counted: z.int(),
    held: z.int(),
    held_to_ship: z.int(),
    held_ship_by: z.nullable(z.string()),
    shops: z.array(z.object({ shop_id: z.string(), used: z.int() })),
    labels: z.object({ today: LabelPeriod, month: LabelPeriod, currency: z.string() }),
    month_ends_at: z.string(),
  }),
  description: "get_usage(): the plan's usage in the current month (UTC).",
  fields: {
    used: "Stored orders that count; may be above limit after a change to a smaller plan.",
    limit: "Orders a month.",
    not_counted: "Stored orders that use no place.",
    held: "Orders that wait for a larger plan or the next month.",
    held_to_ship: "Those of them that have to be shipped.",
    held_ship_by: { ...TIME, description: "The earliest time of these." },
    shops: "What each connected shop used of the same limit in all accounts.",
    labels:
      "The seller's labels and their cost as decimal strings in major units of currency, with " +
      "limits. shop_labels: the most labels that a connected shop used in all accounts; " +
      "shop_limit_reached: it can buy none.",
    month_ends_at: { ...TIME, description: "used becomes 0." },
  },
} satisfies NamedSchema;
export type Usage = z.infer<typeof USAGE.schema>;

export const HELD_ORDERS = {
  id: "HeldOrders",
  schema: z.object({
    total: z.int(),
    orders: z.array(z.object({
      place: z.int(),
      shop_id: z.string(),
      tiktok_order_id: z.string(),
      order_status: z.string(),
      ship_by: z.nullable(z.string()),
      tiktok_created_at: z.nullable(z.string()),
      held_at: z.string(),
    })),
    month_ends_at: z.string(),
  }),
  description: "get_held_orders(): orders that wait for the plan, the most urgent first.",
  fields: {
    total: "Number of held orders, on all pages.",
    orders: "A page; place 1 is stored next.",
    month_ends_at: { ...TIME, description: "Then they are stored, as far as the plan has room." },
  },
} satisfies NamedSchema;
export type HeldOrders = z.infer<typeof HELD_ORDERS.schema>;

export const DASHBOARD = {
  id: "DashboardMetrics",
  schema: z.object({
    user_id: z.uuid(),
    subscription_tier: z.string(),
    total_orders: z.int(),
    monthly_orders: z.int(),
    total_revenue: z.string(),
    monthly_revenue: z.string(),
    revenue: z.array(z.object({
      currency: z.string(),
      gross: z.string(),
      refunded: z.string(),
      orders: z.int(),
    })),
    label_costs: z.array(z.object({
      currency: z.string(),
      cost: z.string(),
      labels: z.int(),
    })),
    connected_shops: z.int(),
    last_order_date: z.nullable(z.string()),
  }),
  description: "get_dashboard_metrics(): the seller's figures of this moment.",
  fields: {
    total_revenue: "Adds up all currencies and unpaid orders: show revenue.",
    monthly_revenue: "As total_revenue, of this month (UTC).",
    revenue: "Of orders that buyers paid, by currency; decimal strings in its major units.",
    label_costs: "Of labels that are not voided, by currency; decimal strings in its major units.",
    last_order_date: { ...TIME, description: "When the newest order was stored." },
  },
} satisfies NamedSchema;

export const ORDER_OVERVIEW = {
  id: "OrderOverview",
  schema: z.object({
    to_ship: z.int(),
    late: z.int(),
    due_soon: z.int(),
    awaiting_collection: z.int(),
    in_transit: z.int(),
    hours: z.array(z.object({ hour: z.string(), orders: z.int() })),
  }),
  description: "get_order_overview(): orders by their state, and new ones by the hour.",
  fields: {
    to_ship: "Orders that have to be shipped.",
    late: "Those of them whose time to ship is over.",
    due_soon: "Those of them that have to be shipped within a day, late ones included.",
    awaiting_collection: "Orders that wait for the carrier.",
    in_transit: "Orders that are with the carrier.",
    hours: "The last 24 hours, the present one last; hour is its first moment.",
  },
} satisfies NamedSchema;
export type OrderOverview = z.infer<typeof ORDER_OVERVIEW.schema>;
