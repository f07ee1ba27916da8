/** Every page of the console. A page is one file in pages/, and one entry here. */
import type { Route } from "./route.ts";
import { sellerRoutes } from "./pages/seller/routes.ts";
import { operatorRoutes } from "./pages/operator/routes.ts";
import { StartPage } from "./pages/start.tsx";
import { worldRoutes } from "./pages/world/routes.ts";

export const ROUTES: readonly Route[] = [
  { path: "/", title: "Start", page: StartPage },
  ...sellerRoutes,
  ...worldRoutes,
  ...operatorRoutes,
];
