/** Pages of the section Seller. */
import type { Route } from "../../route.ts";
import { OverviewPage } from "./overview.tsx";

const seller = { section: "seller", isForSellers: true } as const;

export const sellerRoutes: readonly Route[] = [
  {
    ...seller,
    path: "/seller",
    title: "Overview",
    page: OverviewPage,
    entry: { label: "Overview", icon: "overview" },
  },
];
