/** The Stripe customer of a seller: created once, with the first checkout. */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { isNotFound } from "../database/errors.ts";
import { closeCustomer } from "./close_customer.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId, type EncryptedId, encryptId, idHashes } from "./encrypted_ids.ts";
import { isEmailRefused } from "./errors.ts";
import { createOnce } from "./idempotency.ts";
import { CUSTOMER_COLUMN, readCustomer } from "./read_customer.ts";
import { callStripe, listOf, readStripe } from "./stripe.ts";
import { IdText } from "../values/schemas.ts";

const Customer = z.object({
  hash: z.string(),
  user_id: z.nullable(z.uuid()),
  version: z.int(),
  deletion_requested: z.boolean(),
});

/** A customer that our checkout created, with the hashes of its id; without a user once the account was deleted. */
export type StoredCustomer = Omit<z.infer<typeof Customer>, "hash"> & { hashes: string[] };

/** By Stripe's id; without those that no checkout created. */
export async function findCustomers(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  customerIds: readonly string[],
): Promise<Map<string, StoredCustomer>> {
  const hashes = new Map(customerIds.map((id) => [id, idHashes(keys, CUSTOMER_COLUMN, id)]));
  if (hashes.size === 0) return new Map();
  const args = { p_hashes: [...hashes.values()].flat() };
  const found = await callFunction(database, "find_stripe_customers", args, z.array(Customer));
  const byHash = new Map(found.map(({ hash, ...customer }) => [hash, customer]));
  return new Map(
    [...hashes].flatMap(([id, ofId]) => {
      const hash = ofId.find((candidate) => byHash.has(candidate));
      const customer = hash === undefined ? undefined : byHash.get(hash);
      return customer === undefined ? [] : [[id, { ...customer, hashes: ofId }] as const];
    }),
  );
}

/** Stripe's id, and the e-mail address that Stripe has. */
interface CreatedCustomer {
  id: string;
  email: string | null;
}

const StripeCustomer = z.looseObject({ id: IdText, email: z.nullish(z.string()) });

/** Stripe knows an Idempotency-Key for a day only: afterwards a customer whose id was lost is searched. */
export async function searchCustomers(
  stripe: Stripe,
  userId: string,
): Promise<CreatedCustomer[]> {
  const query = `metadata['user_id']:'${userId}'`;
  const call = stripe.customers.search({ query, limit: 100 });
  const { data } = await readStripe(listOf(StripeCustomer), call);
  return data.map(({ id, email }) => ({ id, email: email ?? null }));
}

/** @param deletedId The customer that is replaced; the search lags behind and may still find it. */
async function createCustomer(
  dependencies: BillingDependencies,
  { userId, email, deletedId }: { userId: string; email: string; deletedId?: string },
): Promise<CreatedCustomer> {
  const stripe = await dependencies.loadStripe();
  return await createOnce(dependencies, userId, {
    look: async () => {
      const earlier = await searchCustomers(stripe, userId);
      const found = earlier.find(({ id }) => id !== deletedId);
      const missing = ["customer", userId, deletedId].filter(Boolean).join(":");
      return found === undefined ? { missing } : { found };
    },
    create: async (idempotencyKey) => {
      const metadata = { user_id: userId };
      const create = (fields: Stripe.CustomerCreateParams, idempotencyKey: string) =>
        readStripe(StripeCustomer, stripe.customers.create(fields, { idempotencyKey }));
      const created = await create({ email, metadata }, idempotencyKey).catch((error) => {
        if (!isEmailRefused(error)) throw error;
        return create({ metadata }, `${idempotencyKey}:no-email`);
      });
      // An answer of an earlier request may be repeated: its address is what Stripe has.
      return { id: created.id, email: created.email ?? null };
    },
  });
}

/**
 * Stores what was created. Returns the id of the bound customer, which another request may have stored.
 * @throws {DatabaseError} not found: account deleted; what was created is then deleted too
 */
async function storeCustomer(
  { loadStripe, keys }: BillingDependencies,
  { id }: CreatedCustomer,
  store: (encrypted: EncryptedId) => Promise<string>,
): Promise<string> {
  try {
    return await decryptId(
      keys,
      CUSTOMER_COLUMN,
      await store(await encryptId(keys, CUSTOMER_COLUMN, id)),
    );
  } catch (error) {
    if (isNotFound(error)) await closeCustomer(await loadStripe(), id);
    throw error;
  }
}

/** Returns Stripe's id. @throws {BillingError} @throws {DatabaseError} not found: account deleted */
export async function ensureCustomer(
  dependencies: BillingDependencies,
  userId: string,
): Promise<string> {
  const { email, customerId } = await readCustomer(dependencies, userId);
  if (customerId !== undefined) return customerId;
  const created = await createCustomer(dependencies, { userId, email });
  return await storeCustomer(dependencies, created, ({ text, hash }) => {
    const args = {
      p_user_id: userId,
      p_stripe_customer_id: text,
      p_stripe_customer_id_hash: hash,
      p_email: created.email,
    };
    return callFunction(dependencies.database, "store_stripe_customer", args, z.string());
  });
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
  const { database, keys } = dependencies;
  const { email } = await readCustomer(dependencies, userId);
  const created = await createCustomer(dependencies, { userId, email, deletedId });
  return await storeCustomer(dependencies, created, ({ text, hash }) => {
    const args = {
      p_user_id: userId,
      p_deleted_hashes: idHashes(keys, CUSTOMER_COLUMN, deletedId),
      p_stripe_customer_id: text,
      p_stripe_customer_id_hash: hash,
      p_email: created.email,
    };
    return callFunction(database, "replace_stripe_customer", args, z.string());
  });
}

/**
 * Binds a customer of Stripe again to the user that it names, who has none: a restored backup is older than
 * the row. Returns whether the customer is theirs.
 * @throws {BillingError} @throws {DatabaseError} not found: account deleted
 */
export async function adoptCustomer(
  { loadStripe, database, keys }: BillingDependencies,
  userId: string,
  customerId: string,
): Promise<boolean> {
  const stripe = await loadStripe();
  const customer = await callStripe(stripe.customers.retrieve(customerId));
  if (customer.deleted === true || customer.metadata.user_id !== userId) return false;
  const { text, hash } = await encryptId(keys, CUSTOMER_COLUMN, customerId);
  const args = {
    p_user_id: userId,
    p_stripe_customer_id: text,
    p_stripe_customer_id_hash: hash,
    p_email: customer.email ?? null,
  };
  const bound = await callFunction(database, "store_stripe_customer", args, z.string());
  return await decryptId(keys, CUSTOMER_COLUMN, bound) === customerId;
}
