/** Labels of all orders that need attention. */
import { supabase } from "../supabase.ts";
import { takeData } from "./take.ts";

const SHOWN = 5;

/** Labels that are no longer wanted. @throws {CallError} */
export async function listAdvisedShipments(): Promise<
  { id: string; order_id: string; advice: string | null }[]
> {
  return await takeData(
    supabase.from("shipments").select("id, order_id, advice")
      .not("advice", "is", null)
      .not("status", "in", "(voided,delivered,returned)")
      .order("advised_at", { ascending: false })
      .limit(SHOWN),
  );
}
