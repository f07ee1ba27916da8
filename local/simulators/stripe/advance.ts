/** How a test lets something happen to a subscription. */
import type { PAUSE_BEHAVIORS } from "./lifecycle.ts";
import type { Subscription, SubscriptionStatus } from "./objects.ts";

export interface ChangeDetail {
  /** For `change_price`. */
  price?: string;
  /** For `pause_collection`. @default "void" */
  behavior?: typeof PAUSE_BEHAVIORS[number];
}

/** Such a change does not happen to a subscription in such a state. */
export class ImpossibleChange extends Error {}

export interface Change {
  /** In which states it can happen. */
  from: SubscriptionStatus[];
  help: string;
  run: (subscription: Subscription, detail: ChangeDetail) => Subscription;
}

export type ChangeName =
  | "renew"
  | "payment_fails"
  | "payment_succeeds"
  | "payment_succeeded"
  | "trial_will_end"
  | "trial_ends"
  | "give_up_unpaid"
  | "give_up_cancel"
  | "incomplete_expires"
  | "pause"
  | "resume"
  | "pause_collection"
  | "resume_collection"
  | "cancel"
  | "cancel_at_period_end"
  | "keep"
  | "period_ends"
  | "change_price"
  | "dispute";

/** @throws {ImpossibleChange} */
export function advanceSubscription(
  subscription: Subscription,
  change: Change,
  detail: ChangeDetail,
): Subscription {
  if (!change.from.includes(subscription.status)) {
    throw new ImpossibleChange(
      `That does not happen to a subscription that is ${subscription.status}; to one that is ` +
        `${change.from.join(", ")}, it does.`,
    );
  }
  return change.run(subscription, detail);
}
