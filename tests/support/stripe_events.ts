/** Stripe events that a test holds back, delivers itself, and follows to their end. */
import assert from "node:assert/strict";
import type { StripeEvent } from "../../local/simulators/stripe/objects.ts";
import type { EventSendOptions } from "../../local/simulators/stripe/simulator.ts";
import { settledEvents } from "./shop.ts";
import type { TestStack } from "./stack.ts";

/** Takes the events that Stripe has not sent; of one type if it is given. */
export function takeEvents(stack: TestStack, type?: string): StripeEvent[] {
  const events = stack.stripe.pendingEvents.splice(0);
  return type === undefined ? events : events.filter((event) => event.type === type);
}

/** Takes the events that Stripe has not sent, and returns the first of the type. */
export function takeEvent(stack: TestStack, type: string): StripeEvent {
  const [event] = takeEvents(stack, type);
  assert.ok(event, `Stripe has no unsent ${type}`);
  return event;
}

/** Sends an event, and returns its row once no event is open. */
export async function deliver(stack: TestStack, event: StripeEvent, options?: EventSendOptions) {
  assert.equal(await stack.stripe.send(event, options), 200);
  await settledEvents(stack);
  return await storedEvent(stack, event.id);
}

export async function storedEvent(stack: TestStack, id: string) {
  const [row] = await stack.sql`
    select status, reason, claims from private.inbox_events
    where source = 'stripe' and external_id = ${id}`;
  return { ...row };
}

export async function countPlanChanges(stack: TestStack, userId: string): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as changes from public.analytics_events
    where user_id = ${userId} and event_type = 'plan_changed'`;
  return row?.changes;
}
