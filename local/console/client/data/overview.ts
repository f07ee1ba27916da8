/** What the seller's first page shows, but for the list of orders: docs/sellers-view.md. */
import { supabase } from "../supabase.ts";
import { type Account, getAccount, getUsage, type Usage } from "./plan.ts";
import { listAdvisedShipments } from "./shipments.ts";
import { listShops, type Shop } from "./shops.ts";
import { takeData } from "./take.ts";

/** Numbers of orders by their state, and of new ones by the hour. */
export interface OrderCounts {
  to_ship: number;
  /** Orders to ship whose time to ship is over. */
  late: number;
  /** Orders to ship within a day, or late already. */
  due_soon: number;
  awaiting_collection: number;
  in_transit: number;
  /** The last 24, the present one last. */
  hours: { hour: string; orders: number }[];
}

export interface Overview {
  shops: Shop[];
  usage: Usage;
  account: Account;
  counts: OrderCounts;
  /** Labels that are no longer wanted. */
  advised: { id: string; order_id: string; advice: string | null }[];
}

/** One call for each part, however many orders there are. @throws {CallError} */
export async function readOverview(): Promise<Overview> {
  const [shops, usage, account, counts, advised] = await Promise.all([
    listShops(),
    getUsage(),
    getAccount(),
    takeData(supabase.rpc("get_order_overview")),
    listAdvisedShipments(),
  ]);
  return { shops, usage, account, counts: counts as unknown as OrderCounts, advised };
}
