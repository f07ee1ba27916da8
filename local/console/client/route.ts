/** What the list of pages says about a page. */
import type { FC } from "hono/jsx/dom";
import type { IconName } from "./components/icon.tsx";

export interface PageProps {
  /** Parameters of the path: `/seller/orders/:id` has `id`. */
  params: Record<string, string>;
}

/** Pages that stand next to each other in the navigation; the bar at the top has the sections. */
export type Section = "seller" | "world" | "operator";

export const SECTIONS: Record<Section, string> = {
  seller: "Seller",
  world: "World",
  operator: "Operator",
};

export interface Route {
  path: string;
  /** Title of the browser's window. */
  title: string;
  page: FC<PageProps>;
  /** Without one the page has no navigation. */
  section?: Section;
  /** Makes the page an entry of its section's navigation. */
  entry?: { label: string; icon: IconName };
  /** Whether the start page is shown in its place as long as no seller is signed in. */
  isForSellers?: boolean;
}
