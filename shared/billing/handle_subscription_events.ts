/** Handles events about subscriptions: each subscription is read and stored once for all its events. */
import * as z from "zod/mini";
import type { ClaimedEvent, EventHandler, EventResult } from "../inbox/events.ts";
import { LoggableError } from "../loggable_error.ts";
import { findCustomers, type StoredCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { ignoreForeign } from "./handle_events.ts";
import {
  parseStripeEvent,
  readStripeIds,
  type StripeEvent,
  type StripeIds,
} from "./parse_webhook.ts";
import { type SyncOutcome, syncSubscriptions } from "./sync_subscriptions.ts";
import { withFallback } from "../values/schemas.ts";

/** Events of any subscriptions are handled together: one call of the database reads all customers, one stores all. */
export function subscriptionHandler(dependencies: () => BillingDependencies): EventHandler {
  return {
    groupOf: () => "subscriptions",
    handle: async (events) => await syncNamedSubscriptions(dependencies(), events),
  };
}

/** An event of ours, with the ids that it names. */
interface NamingEvent extends StripeIds {
  claimed: ClaimedEvent;
  event: StripeEvent;
}

async function syncNamedSubscriptions(
  dependencies: BillingDependencies,
  events: ClaimedEvent[],
): Promise<EventResult[]> {
  const parsed = events.map((claimed) => parseEvent(dependencies, claimed));
  const ours = parsed.flatMap((event) => "claimed" in event ? [event] : []);
  const sessions = ours.filter(isFinishedCheckout);
  const customers = await findCustomers(
    dependencies,
    sessions.flatMap(({ customerId }) => customerId ?? []),
  );
  const checked = parsed.map((event) => "claimed" in event ? checkEvent(event, customers) : event);
  const naming = checked.flatMap((event) => "claimed" in event ? [event] : []);
  const bySubscription = Map.groupBy(naming, ({ subscriptionId }) => subscriptionId as string);
  const named = [...bySubscription].map(([subscriptionId, group]) => ({
    subscriptionId,
    customerId: group.find(({ customerId }) => customerId !== null)?.customerId ?? null,
    eventIds: group.map(({ claimed }) => claimed.event_id),
  }));
  const outcomes = await syncSubscriptions(dependencies, named);
  const results = new Map(named.map(({ subscriptionId }, n) => [subscriptionId, outcomes[n]]));
  return checked.map((event) =>
    "claimed" in event ? toResult(results.get(event.subscriptionId as string)) : event
  );
}

/** A body that is not an event fails alone. */
function parseEvent(
  dependencies: BillingDependencies,
  claimed: ClaimedEvent,
): NamingEvent | EventResult {
  try {
    const event = parseStripeEvent(claimed.body);
    return ignoreForeign(dependencies, event) ?? { claimed, event, ...readStripeIds(event) };
  } catch (error) {
    return { error };
  }
}

function isFinishedCheckout({ event }: NamingEvent): boolean {
  return event.type === "checkout.session.completed";
}

const Session = z.looseObject({ client_reference_id: withFallback(z.nullish(z.string()), null) });

/** A finished checkout counts if ours created its session; the others, if they name a subscription. */
function checkEvent(
  naming: NamingEvent,
  customers: Map<string, StoredCustomer>,
): NamingEvent | EventResult {
  if (isFinishedCheckout(naming)) {
    const customer = customers.get(naming.customerId ?? "");
    if (customer === undefined) return { ignored: "unknown_customer" };
    // Our sessions name the user of their customer.
    const named = Session.parse(naming.event.object).client_reference_id;
    if (customer.user_id !== null && named !== customer.user_id) {
      return { ignored: "user_mismatch" };
    }
  }
  return naming.subscriptionId === null ? { ignored: "no_subscription_named" } : naming;
}

function toResult(outcome: SyncOutcome | undefined): EventResult {
  if (outcome === undefined) return { error: new LoggableError("The subscription was not read") };
  if ("ignored" in outcome || "error" in outcome) return outcome;
  return { outcome: `subscription_${outcome.outcome}`, more: outcome.released > 0 };
}
