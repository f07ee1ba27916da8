/** Stores the current states of subscriptions at Stripe, regardless of what events say. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { DatabaseError } from "../database/errors.ts";
import type { IgnoreReason } from "../inbox/ignore_reasons.ts";
import { LoggableError } from "../loggable_error.ts";
import { limitConcurrency } from "../values/limit_concurrency.ts";
import { findCustomers, type StoredCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { idOf, mapSubscription, type SubscriptionState } from "./map_subscription.ts";
import { endOrphans } from "./orphans.ts";
import { isMissing } from "./errors.ts";
import { callStripe } from "./stripe.ts";

const Applied = z.object({
  outcome: z.enum(["applied", "unchanged", "conflict", "price_unknown", "settled"]),
  released: z.int(),
});
type Applied = z.infer<typeof Applied>;

/** `ignored`: nothing was stored, and the events are not settled. */
export type SyncResult =
  | { outcome: "applied" | "unchanged" | "settled"; released: number }
  | { ignored: IgnoreReason };

/** `error`: this subscription could not be read or stored. */
export type SyncOutcome = SyncResult | { error: unknown };

export interface NamedSubscription {
  subscriptionId: string;
  /** `null` if unknown. A wrong id costs one more call of Stripe. */
  customerId: string | null;
  /** Events to settle in the transaction that stores the state; may be none. */
  eventIds: readonly number[];
}

/** An element of the argument of SQL `apply_subscriptions`. */
interface Item {
  event_ids: readonly number[];
  customer_hashes: string[];
  version: number;
  subscription: SubscriptionState;
}

/** Outcome of reading a subscription: its result, its customer for the next round, or what to store. */
type Reading = { result: SyncOutcome } | { customerId: string | null } | { item: Item };

/** Attempts while other workers update the same customer. */
const MAX_CONFLICTS = 10;

/** Stripe allows 100 calls a second, and 25 in a sandbox. */
const limitReads = limitConcurrency(8);

/**
 * Reads each subscription once, and stores all of them in one transaction.
 * @param subscriptions Each once.
 * @returns One for each, in their order.
 * @throws {DatabaseError} if the customers could not be read
 */
export async function syncSubscriptions(
  dependencies: BillingDependencies,
  subscriptions: readonly NamedSubscription[],
): Promise<SyncOutcome[]> {
  const outcomes = new Map<string, SyncOutcome>();
  let open = [...subscriptions];
  for (let round = 0; open.length > 0 && round < MAX_CONFLICTS; round++) {
    // The versions are read before Stripe: if one changes meanwhile, `apply_subscriptions` answers `conflict`
    // and both are read again.
    const ids = open.flatMap(({ customerId }) => customerId ?? []);
    const customers = await findCustomers(dependencies, ids);
    const readings = await Promise.all(
      open.map((named) => tryReading(dependencies, named, customers)),
    );
    const items = readings.flatMap((reading) => "item" in reading ? [reading.item] : []);
    const applied = (await applyItems(dependencies.database, items)).values();
    const next: NamedSubscription[] = [];
    for (const [n, reading] of readings.entries()) {
      const named = open[n] as NamedSubscription;
      if ("customerId" in reading) {
        next.push({ ...named, customerId: reading.customerId });
        continue;
      }
      const outcome = "item" in reading ? toOutcome(applied.next().value) : reading.result;
      if (outcome === "conflict") next.push(named);
      else outcomes.set(named.subscriptionId, outcome);
    }
    open = next;
  }
  return subscriptions.map(({ subscriptionId }) =>
    outcomes.get(subscriptionId) ?? {
      error: new LoggableError(
        `The customer changed ${MAX_CONFLICTS} times while its subscription was read`,
      ),
    }
  );
}

function toOutcome(applied: Applied | { error: unknown } | undefined): SyncOutcome | "conflict" {
  if (applied === undefined) {
    return { error: new LoggableError("apply_subscriptions gave no outcome") };
  }
  if ("error" in applied) return applied;
  const { outcome, released } = applied;
  if (outcome === "price_unknown") return { ignored: "unknown_price" };
  return outcome === "conflict" ? outcome : { outcome, released };
}

/** Never rejects: one subscription that cannot be read stops no other. */
async function tryReading(
  dependencies: BillingDependencies,
  named: NamedSubscription,
  customers: Map<string, StoredCustomer>,
): Promise<Reading> {
  try {
    return await readSubscription(dependencies, named, customers);
  } catch (error) {
    return { result: { error } };
  }
}

async function readSubscription(
  dependencies: BillingDependencies,
  { subscriptionId, customerId, eventIds }: NamedSubscription,
  customers: Map<string, StoredCustomer>,
): Promise<Reading> {
  const { keys, config } = dependencies;
  const stripe = await dependencies.loadStripe();
  const subscription = await limitReads(() =>
    callStripe(stripe.subscriptions.retrieve(subscriptionId)).catch(undefinedIfMissing)
  );
  if (subscription === undefined) return { result: { ignored: "unknown_subscription" } };
  const actualCustomer = idOf(subscription.customer);
  if (actualCustomer !== customerId) return { customerId: actualCustomer };
  const customer = customers.get(actualCustomer ?? "");
  if (customer === undefined) return { result: { ignored: "unknown_customer" } };
  if (customer.user_id === null) {
    // Bought, or renewed, without an account: it must not wait for the nightly comparison.
    await endOrphans(dependencies, actualCustomer as string, customer.deletion_requested);
    return { result: { ignored: "account_deleted" } };
  }
  const namedUser = subscription.metadata.user_id;
  if (namedUser !== undefined && namedUser !== customer.user_id) {
    return { result: { ignored: "user_mismatch" } };
  }
  return {
    item: {
      event_ids: eventIds,
      customer_hashes: customer.hashes,
      version: customer.version,
      subscription: await mapSubscription(keys, config.prices, subscription),
    },
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** One for each item, in their order: a state that the database refuses stops no other. */
async function applyItems(
  database: DatabaseClient,
  items: Item[],
): Promise<(Applied | { error: unknown })[]> {
  if (items.length === 0) return [];
  try {
    return await callFunction(
      database,
      "apply_subscriptions",
      { p_items: items },
      z.array(Applied),
    );
  } catch (error) {
    // Without a code it did not answer.
    const isRefusal = error instanceof DatabaseError && error.code !== "";
    if (items.length === 1 || !isRefusal) return items.map(() => ({ error }));
  }
  const alone: (Applied | { error: unknown })[] = [];
  for (const item of items) alone.push(...await applyItems(database, [item]));
  return alone;
}
