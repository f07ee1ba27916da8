/** The customer at Stripe that is a seller of ours: made once, with the first checkout. */
import * as z from "zod";
import { unwrap } from "../database/errors.ts";
import { hashesOf, openId, sealId } from "./encrypted_ids.ts";
import { ask, isMissing } from "./stripe.ts";
import type { BillingDependencies } from "./dependencies.ts";

const COLUMN = "stripe_customers.stripe_customer_id";

const Seller = z.object({ email: z.string(), stripe_customer_id: z.string().nullable() });

/** Stripe's id; `undefined` for a seller who never went to the checkout. @throws {DatabaseError} PT404 */
export async function findCustomerOf(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  userId: string,
): Promise<{ email: string; customerId: string | undefined }> {
  const result = await database.rpc("get_stripe_customer", { p_user_id: userId });
  const { email, stripe_customer_id: text } = Seller.parse(unwrap("get_stripe_customer", result));
  return { email, customerId: text === null ? undefined : await openId(keys, COLUMN, text) };
}

/** @param key Requests with the same one make one customer together. */
async function makeCustomer(
  stripe: BillingDependencies["stripe"],
  { userId, email, key, goneId }: { userId: string; email: string; key: string; goneId?: string },
): Promise<string> {
  // Made by a call whose answer was never stored; Stripe knows an Idempotency-Key for a day only.
  const earlier = await ask(
    stripe.customers.search({ query: `metadata['user_id']:'${userId}'`, limit: 2 }),
  );
  // The search lags behind: it may still find one that was deleted.
  const customer = earlier.data.find(({ id }) => id !== goneId) ??
    await ask(stripe.customers.create(
      { email, metadata: { user_id: userId } },
      { idempotencyKey: key },
    ));
  return customer.id;
}

/** Stripe's id. @throws {BillingError} @throws {DatabaseError} PT404 */
export async function ensureCustomer(
  dependencies: BillingDependencies,
  userId: string,
): Promise<string> {
  const { stripe, database, keys } = dependencies;
  const { email, customerId } = await findCustomerOf(dependencies, userId);
  if (customerId !== undefined) return customerId;
  const made = await makeCustomer(stripe, { userId, email, key: `customer:${userId}` });
  const sealed = await sealId(keys, COLUMN, made);
  const stored = await database.rpc("store_stripe_customer", {
    p_user_id: userId,
    p_stripe_customer_id: sealed.text,
    p_stripe_customer_id_hash: sealed.hash,
  });
  return await openId(keys, COLUMN, unwrap("store_stripe_customer", stored));
}

/** Whether Stripe says that it was deleted; one that it never had was not. @throws {BillingError} */
export async function isDeleted(
  stripe: BillingDependencies["stripe"],
  customerId: string,
): Promise<boolean> {
  try {
    return (await ask(stripe.customers.retrieve(customerId))).deleted === true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Another customer for a seller whose customer was deleted at Stripe. Returns Stripe's id.
 * @throws {BillingError} @throws {DatabaseError} PT404
 */
export async function replaceCustomer(
  dependencies: BillingDependencies,
  userId: string,
  goneId: string,
): Promise<string> {
  const { stripe, database, keys } = dependencies;
  const { email } = await findCustomerOf(dependencies, userId);
  const made = await makeCustomer(stripe, {
    userId,
    email,
    key: `customer:${userId}:${goneId}`,
    goneId,
  });
  const sealed = await sealId(keys, COLUMN, made);
  const stored = await database.rpc("replace_stripe_customer", {
    p_user_id: userId,
    p_deleted_hashes: await hashesOf(keys, COLUMN, goneId),
    p_stripe_customer_id: sealed.text,
    p_stripe_customer_id_hash: sealed.hash,
  });
  return await openId(keys, COLUMN, unwrap("replace_stripe_customer", stored));
}
