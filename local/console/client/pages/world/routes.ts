/** Page of the section World. */
import type { Route } from "../../route.ts";
import { WorldPage } from "./world.tsx";

export const worldRoutes: readonly Route[] = [
  {
    section: "world",
    path: "/world",
    title: "World",
    page: WorldPage,
    entry: { label: "World", icon: "world" },
  },
];
