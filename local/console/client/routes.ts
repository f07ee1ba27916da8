/** Every page of the console. A page is one file in pages/, and one entry here. */
import type { Route } from "./route.ts";
import { sellerRoutes } from "./pages/seller/routes.ts";
import { StartPage } from "./pages/start.tsx";

export const ROUTES: readonly Route[] = [
  { path: "/", title: "Start", page: StartPage },
  ...sellerRoutes,
];
