/** What the seller's first page shows, but for the list of orders: docs/sellers-view.md. */
import type { OrderOverview, Usage } from "../../../../shared/database/results.ts";
import { supabase } from "../supabase.ts";
import { type Account, getAccount, getUsage } from "./plan.ts";
import { listAdvisedShipments } from "./shipments.ts";
import { listShops, type Shop } from "./shops.ts";
import { takeData } from "./take.ts";

export interface Overview {
  shops: Shop[];
  usage: Usage;
  account: Account;
  counts: OrderOverview;
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
  return { shops, usage, account, counts: counts as unknown as OrderOverview, advised };
}
