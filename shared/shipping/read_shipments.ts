/** Reads a seller's labels and their parcels from the database. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { notFoundAs } from "./errors.ts";
import { Shipment } from "./shipment.ts";

const Found = z.object({ shipment: Shipment });

/** @throws {LabelError} if it does not exist, or is another seller's */
export async function getShipment(
  database: DatabaseClient,
  userId: string,
  id: string,
): Promise<Shipment> {
  const args = { p_user_id: userId, p_shipment_id: id };
  const { shipment } = await callFunction(database, "get_shipment", args, Found)
    .catch(notFoundAs("shipment_not_found"));
  return shipment;
}

/** Every label that was requested for an order, oldest first. @throws {LabelError} */
export async function listShipments(
  database: DatabaseClient,
  userId: string,
  orderId: string,
): Promise<Shipment[]> {
  const args = { p_user_id: userId, p_order_id: orderId };
  return await callFunction(database, "list_shipments", args, z.array(Shipment))
    .catch(notFoundAs("order_not_found"));
}
