/** Labels that a carrier sold after their purchase had failed: it answered later than we waited. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { log } from "../log.ts";
import type { LabelDependencies } from "./dependencies.ts";

/**
 * Stores the label of a failed purchase, if the carrier has sold it since.
 * @returns The id of its shipment; `null` without such a label.
 * @throws {LabelError} if the carrier cannot be read
 */
export async function adoptLateLabel(
  { database, purchases, providers }: LabelDependencies,
  carrierShipmentId: string,
): Promise<string | null> {
  const args = { p_carrier_shipment_id: carrierShipmentId };
  const id = await callFunction(database, "find_failed_purchase", args, z.nullable(z.string()));
  const purchase = id === null ? undefined : await purchases.getForWorker(id);
  if (purchase === undefined) return null;
  const label = await providers[purchase.provider].find(purchase);
  if (label === undefined) return null;
  await purchases.finish(purchase.id, label);
  log.error("label sold after its purchase had failed", { shipment_id: purchase.id });
  return purchase.id;
}
