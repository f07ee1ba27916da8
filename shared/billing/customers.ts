/** The Stripe customer of a seller: created once, with the first checkout. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId, encryptId, idHashes } from "./encrypted_ids.ts";
import { callStripe, isMissing } from "./stripe.ts";

const COLUMN = "stripe_customers.stripe_customer_id";

const Seller = z.object({ email: z.string(), stripe_customer_id: z.string().nullable() });

const Customer = z.object({ user_id: z.uuid(), version: z.int() });

/** A seller's customer, with the hashes of its id. */
export type StoredCustomer = z.infer<typeof Customer> & { hashes: string[] };

/**
 * `customerId` is Stripe's id; `undefined` before the seller's first checkout.
 * @throws {DatabaseError} not found: account deleted
 */
export async function readCustomer(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  userId: string,
): Promise<{ email: string; customerId: string | undefined }> {
  const args = { p_user_id: userId };
  const seller = await callFunction(database, "get_stripe_customer", args, Seller);
  const { email, stripe_customer_id: text } = seller;
  return { email, customerId: text === null ? undefined : await decryptId(keys, COLUMN, text) };
}

/** Finds the seller of a customer; `undefined` for a customer that no checkout created. */
export async function findCustomer(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  customerId: string,
): Promise<StoredCustomer | undefined> {
  const hashes = idHashes(keys, COLUMN, customerId);
  const args = { p_hashes: hashes };
  const found = await callFunction(database, "find_stripe_customer", args, Customer.nullable());
  return found === null ? undefined : { ...found, hashes };
}

/**
 * Returns Stripe's id.
 * @param key Requests with the same key create one customer together.
 * @param deletedId The search lags behind: it may still find this customer.
 */
async function createCustomer(
  stripe: BillingDependencies["stripe"],
  { userId, email, key, deletedId }: {
    userId: string;
    email: string;
    key: string;
    deletedId?: string;
  },
): Promise<string> {
  // The answer of an earlier call may be lost; Stripe knows an Idempotency-Key for a day only.
  const earlier = await callStripe(
    stripe.customers.search({ query: `metadata['user_id']:'${userId}'`, limit: 2 }),
  );
  const customer = earlier.data.find(({ id }) => id !== deletedId) ??
    await callStripe(stripe.customers.create(
      { email, metadata: { user_id: userId } },
      { idempotencyKey: key },
    ));
  return customer.id;
}

/** Returns Stripe's id. @throws {BillingError} @throws {DatabaseError} not found: account deleted */
export async function ensureCustomer(
  dependencies: BillingDependencies,
  userId: string,
): Promise<string> {
  const { stripe, database, keys } = dependencies;
  const { email, customerId } = await readCustomer(dependencies, userId);
  if (customerId !== undefined) return customerId;
  const created = await createCustomer(stripe, { userId, email, key: `customer:${userId}` });
  const { text, hash } = await encryptId(keys, COLUMN, created);
  const args = {
    p_user_id: userId,
    p_stripe_customer_id: text,
    p_stripe_customer_id_hash: hash,
  };
  const stored = await callFunction(database, "store_stripe_customer", args, z.string());
  return await decryptId(keys, COLUMN, stored);
}

/** Whether Stripe says "deleted"; a customer that Stripe never had is not. @throws {BillingError} */
export async function isDeleted(
  stripe: BillingDependencies["stripe"],
  customerId: string,
): Promise<boolean> {
  try {
    return (await callStripe(stripe.customers.retrieve(customerId))).deleted === true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Creates another customer for a seller whose customer was deleted at Stripe. Returns Stripe's id.
 * @throws {BillingError} @throws {DatabaseError} not found: account deleted
 */
export async function replaceCustomer(
  dependencies: BillingDependencies,
  userId: string,
  deletedId: string,
): Promise<string> {
  const { stripe, database, keys } = dependencies;
  const { email } = await readCustomer(dependencies, userId);
  const key = `customer:${userId}:${deletedId}`;
  const created = await createCustomer(stripe, { userId, email, key, deletedId });
  const { text, hash } = await encryptId(keys, COLUMN, created);
  const args = {
    p_user_id: userId,
    p_deleted_hashes: idHashes(keys, COLUMN, deletedId),
    p_stripe_customer_id: text,
    p_stripe_customer_id_hash: hash,
  };
  const stored = await callFunction(database, "replace_stripe_customer", args, z.string());
  return await decryptId(keys, COLUMN, stored);
}
