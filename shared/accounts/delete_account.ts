/** Deletes a seller's account: first what Stripe could charge, then every row. Each step may be repeated. */
import * as z from "zod/mini";
import { closeCustomer } from "../billing/close_customer.ts";
import { searchCustomers } from "../billing/customers.ts";
import { idHashes } from "../billing/encrypted_ids.ts";
import { CUSTOMER_COLUMN, readCustomer } from "../billing/read_customer.ts";
import { callFunction } from "../database/call_function.ts";
import { DatabaseError, isNotFound } from "../database/errors.ts";
import { LoggableError } from "../loggable_error.ts";
import { decryptAccess } from "../tiktok/connections/encrypted_tokens.ts";
import { unsubscribeWebhooks } from "../tiktok/webhooks/subscriptions.ts";
import type { AccountDependencies } from "./dependencies.ts";
import { EmailMismatchError } from "./errors.ts";

/** Attempts while a checkout replaces the customer, or other work holds the rows, at the same time. */
const MAX_ATTEMPTS = 5;

const DEADLOCK = "40P01";

/** More than the 110 s of `delete_account`, and less than the 150 s after which a hosted function gets no answer out. */
const DELETION_MS = 115_000;

const Deleted = z.object({
  outcome: z.enum(["deleted", "absent", "customer_changed"]),
  shops: z.array(z.object({
    shop_id: z.string(),
    shop_cipher: z.string(),
    access_token: z.string(),
  })),
});
type Shop = z.infer<typeof Deleted>["shops"][number];

const DONE = { unsubscribe: () => Promise.resolve() };

/**
 * An account that was deleted already is a success.
 * @returns `unsubscribe` ends the webhooks of the shops at TikTok, best effort.
 * @throws {EmailMismatchError} @throws {BillingError} @throws {DatabaseError} nothing was deleted here
 */
export async function deleteAccount(
  dependencies: AccountDependencies,
  userId: string,
  email: string,
): Promise<{ unsubscribe: () => Promise<void> }> {
  for (let attempt = 1;; attempt++) {
    const seller = await readCustomer(dependencies, userId).catch(undefinedIfNotFound);
    if (seller === undefined) return DONE;
    if (normalizeEmail(seller.email) !== normalizeEmail(email)) throw new EmailMismatchError();
    const closed = await closeCustomers(dependencies, userId, seller.customerId);
    const { outcome, shops } = await deleteRows(dependencies, userId, closed);
    if (outcome !== "customer_changed") {
      return { unsubscribe: () => unsubscribeShops(dependencies, shops) };
    }
    if (attempt >= MAX_ATTEMPTS) {
      throw new LoggableError(
        `The customer changed ${MAX_ATTEMPTS} times while the account was deleted`,
      );
    }
  }
}

function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

function undefinedIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

/** Closes the bound customer, and those whose id was lost before it was stored. Returns their ids. */
async function closeCustomers(
  { loadStripe }: AccountDependencies,
  userId: string,
  bound: string | undefined,
): Promise<string[]> {
  const stripe = await loadStripe();
  const found = await searchCustomers(stripe, userId);
  const ids = new Set([...bound === undefined ? [] : [bound], ...found.map(({ id }) => id)]);
  for (const id of ids) await closeCustomer(stripe, id);
  return [...ids];
}

async function deleteRows(
  { database, keys }: AccountDependencies,
  userId: string,
  closed: string[],
): Promise<z.infer<typeof Deleted>> {
  const args = {
    p_user_id: userId,
    p_customer_hashes: closed.flatMap((id) => idHashes(keys, CUSTOMER_COLUMN, id)),
    p_stripe_customer_ids: closed,
  };
  for (let attempt = 1;; attempt++) {
    try {
      const signal = AbortSignal.timeout(DELETION_MS);
      return await callFunction(database, "delete_account", args, Deleted, { signal });
    } catch (error) {
      const isDeadlock = error instanceof DatabaseError && error.code === DEADLOCK;
      if (!isDeadlock || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

async function unsubscribeShops(
  dependencies: AccountDependencies,
  shops: Shop[],
): Promise<void> {
  for (const shop of shops) {
    const access = await decryptAccess(dependencies.keys, shop);
    // The inbox ignores what TikTok still sends.
    if (access === undefined) continue;
    const { tiktok } = await dependencies.loadTikTok();
    await unsubscribeWebhooks(tiktok, access);
  }
}
