/** Pages of the section Seller. */
import type { Route } from "../../route.ts";
import { OrderPage } from "./order.tsx";
import { OrdersPage } from "./orders.tsx";
import { OverviewPage } from "./overview.tsx";
import { PlanPage } from "./plan.tsx";
import { ReturnPage } from "./return.tsx";
import { ShopsPage } from "./shops.tsx";

const seller = { section: "seller", isForSellers: true } as const;

export const sellerRoutes: readonly Route[] = [
  {
    ...seller,
    path: "/seller",
    title: "Overview",
    page: OverviewPage,
    entry: { label: "Overview", icon: "overview" },
  },
  {
    ...seller,
    path: "/seller/orders",
    title: "Orders",
    page: OrdersPage,
    entry: { label: "Orders", icon: "orders" },
  },
  { ...seller, path: "/seller/orders/:id", title: "Order", page: OrderPage },
  {
    ...seller,
    path: "/seller/shops",
    title: "Shops",
    page: ShopsPage,
    entry: { label: "Shops", icon: "shops" },
  },
  {
    ...seller,
    path: "/seller/plan",
    title: "Plan",
    page: PlanPage,
    entry: { label: "Plan", icon: "plan" },
  },
  // APP_URL: where TikTok's and Stripe's pages, and the links in mails, end.
  { path: "/app", title: "Welcome back", page: ReturnPage },
];
