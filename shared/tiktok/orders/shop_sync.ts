/** Code that the parts of a shop's sync share. */
import type { ShopEvent } from "../../inbox/events.ts";
import type { ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokDependencies } from "../dependencies.ts";

/** The sync that an event asked for. */
export interface ShopSync {
  dependencies: TikTokDependencies;
  event: ShopEvent;
  connection: ShopConnection;
  /** Whether it may read another page. */
  hasTime: () => boolean;
}

/** Window of changes: at `from` or later, and before `to`, in unix seconds. */
export interface SyncWindow {
  from: number;
  to: number;
}
