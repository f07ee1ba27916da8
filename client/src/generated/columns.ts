// Made by `deno task openapi`; changes are overwritten.
import type { components } from "./api.ts";

/** By table and column. */
export interface Columns {
  orders: {
    order_status: components["schemas"]["OrderStatus"];
    payment_status: components["schemas"]["PaymentStatus"];
    order_kind: components["schemas"]["OrderKind"];
    address_status: components["schemas"]["AddressStatus"];
    shipping_address: components["schemas"]["ShippingAddress"];
    order_items: components["schemas"]["OrderItems"];
    amounts: components["schemas"]["OrderAmounts"];
  };
  shipments: {
    status: components["schemas"]["ShipmentStatus"];
    provider: components["schemas"]["ShipmentProvider"];
  };
  tiktok_shops: {
    connection_status: components["schemas"]["ConnectionStatus"];
  };
  users: {
    subscription_status: components["schemas"]["UserSubscriptionStatus"];
    subscription_tier: components["schemas"]["PlanName"];
  };
  subscriptions: {
    status: components["schemas"]["SubscriptionStatus"];
  };
}

/** What the functions return. */
export interface Results {
  get_usage: components["schemas"]["Usage"];
  get_held_orders: components["schemas"]["HeldOrders"];
  get_dashboard_metrics: components["schemas"]["DashboardMetrics"];
  get_order_overview: components["schemas"]["OrderOverview"];
}
