/** Reads the Stripe customer of a seller. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId } from "./encrypted_ids.ts";

export const CUSTOMER_COLUMN = "stripe_customers.stripe_customer_id";

const Seller = z.object({
  email: z.string(),
  stripe_customer_id: z.nullable(z.string()),
  attempt: z.int(),
});

export interface SellerCustomer {
  email: string;
  /** Stripe's id; `undefined` before the seller's first checkout. */
  customerId: string | undefined;
  /** The attempt that the seller's Idempotency-Keys name. */
  attempt: number;
}

/** @throws {DatabaseError} not found: account deleted */
export async function readCustomer(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  userId: string,
): Promise<SellerCustomer> {
  const args = { p_user_id: userId };
  const seller = await callFunction(database, "get_stripe_customer", args, Seller);
  const { email, attempt, stripe_customer_id: text } = seller;
  const customerId = text === null ? undefined : await decryptId(keys, CUSTOMER_COLUMN, text);
  return { email, attempt, customerId };
}
