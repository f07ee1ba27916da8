/**
 * Creates an object at Stripe once, with Idempotency-Keys that no failure can pin: Stripe keeps the first
 * answer to a key for at least 24 hours, errors of the execution too
 * (https://docs.stripe.com/api/idempotent_requests). A key names an attempt, and a saved failure raises it.
 */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { readCustomer } from "./read_customer.ts";
import { BillingError } from "./errors.ts";

/** Other requests of the seller may create, expire or fail at the same time. */
const MAX_ROUNDS = 8;

/** Attempts of one request that may fail with an answer that Stripe has saved. */
const MAX_FAILED_ATTEMPTS = 2;

/** Another request with the same key still runs. */
const KEY_IN_USE = 409;

/** Stripe answers these before the execution, and saves nothing. */
const UNSAVED = [401, KEY_IN_USE, 429];

/**
 * Found already, or missing: requests with the same name and attempt share one creation. `undefined`: another
 * request changed it meanwhile.
 */
export type Seen<T> = { found: T } | { missing: string } | undefined;

export interface Creation<T> {
  /** Reads what exists at Stripe. */
  look: () => Promise<Seen<T>>;
  create: (idempotencyKey: string) => Promise<T>;
}

/** @throws {BillingError} @throws {DatabaseError} not found: account deleted */
export async function createOnce<T>(
  dependencies: Pick<BillingDependencies, "database" | "keys">,
  userId: string,
  { look, create }: Creation<T>,
): Promise<T> {
  let pinned: { key: string; failure: BillingError } | undefined;
  let failedAttempts = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // Read before looking: an object of a newer attempt is then found, one of this attempt is shared.
    const { attempt } = await readCustomer(dependencies, userId);
    const raise = () => raiseAttempt(dependencies, userId, attempt);
    const seen = await look();
    if (seen === undefined) continue;
    if ("found" in seen) return seen.found;
    const key = `${seen.missing}:${attempt}`;
    if (key === pinned?.key) {
      // Nothing was created under this key: its saved answer is a failure.
      await raise();
      if (++failedAttempts >= MAX_FAILED_ATTEMPTS) throw pinned.failure;
      continue;
    }
    try {
      return await create(key);
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
      if (isSaved(error)) {
        if (isCertainRefusal(error)) {
          await raise();
          throw error;
        }
        pinned = { key, failure: error };
      } else if (error.status !== KEY_IN_USE) throw error;
    }
  }
  throw pinned?.failure ?? new BillingError({ type: "overtaken" });
}

/** Without an answer (status 0) it is unknown: the same key then brings the answer. */
function isSaved({ status }: BillingError): boolean {
  return status >= 400 && !UNSAVED.includes(status);
}

/** A 5xx may have created something, and a replayed answer says nothing about this request. */
function isCertainRefusal({ status, isReplayed }: BillingError): boolean {
  return status < 500 && !isReplayed;
}

async function raiseAttempt(
  { database }: Pick<BillingDependencies, "database">,
  userId: string,
  attempt: number,
): Promise<void> {
  const args = { p_user_id: userId, p_failed: attempt };
  await callFunction(database, "raise_stripe_attempt", args, z.int());
}
