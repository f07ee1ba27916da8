/** The changes that a test or a person can cause at a subscription, by name. */
import { OPEN_STATUSES, type PauseBehavior, type Subscription } from "./objects.ts";
import type { SubscriptionStatus } from "./objects.ts";
import { Params } from "./params.ts";
import type { Payments } from "./payments.ts";
import type { Store } from "./store.ts";
import type { SubscriptionInvoices } from "./subscription_invoices.ts";
import type { SubscriptionLifecycle } from "./subscription_lifecycle.ts";
import { periodOf } from "./subscription_objects.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface ChangeDetail {
  /** For `change_price`. */
  price?: string;
  /** For `pause_collection`. @default {"void"} */
  behavior?: PauseBehavior;
}

/** The subscription has a status that does not allow the change. */
export class ImpossibleChange extends Error {
  override name = "ImpossibleChange";
}

export interface Change {
  /** The statuses that allow it. */
  from: readonly SubscriptionStatus[];
  help: string;
  run: (subscription: Subscription, detail: ChangeDetail) => void;
}

export const CHANGE_NAMES = [
  ...["renew", "payment_fails", "payment_succeeds", "trial_will_end", "trial_ends"] as const,
  ...["give_up_unpaid", "give_up_cancel", "incomplete_expires", "pause", "resume"] as const,
  ...["pause_collection", "resume_collection", "cancel", "cancel_at_period_end"] as const,
  ...["keep", "period_ends", "change_price", "dispute"] as const,
] as const;
export type ChangeName = typeof CHANGE_NAMES[number];

export interface ChangeOptions {
  store: Store;
  payments: Payments;
  invoices: SubscriptionInvoices;
  lifecycle: SubscriptionLifecycle;
  subscriptions: Subscriptions;
}

const RUNNING: SubscriptionStatus[] = ["active", "past_due", "unpaid"];
const BILLED: SubscriptionStatus[] = ["trialing", "incomplete", ...RUNNING];

export function makeChanges(options: ChangeOptions): Record<ChangeName, Change> {
  const { store, payments, invoices, lifecycle, subscriptions } = options;

  function update(subscription: Subscription, form: Record<string, string>): void {
    subscriptions.update(subscription, Params.read(new URLSearchParams(form).toString()));
  }

  function disputePayment(subscription: Subscription): void {
    const intentId = invoices.latest(subscription)?.simulated_payment_intent ?? "";
    const intent = store.state.get("paymentIntents", intentId);
    const charge = store.state.get("charges", intent?.latest_charge ?? "");
    if (intent?.status !== "succeeded" || !charge) {
      throw new ImpossibleChange(`${subscription.id} has no payment that could be disputed.`);
    }
    payments.dispute(charge, "needs_response");
  }

  return {
    renew: {
      from: RUNNING,
      help: "the next period starts, and is paid",
      run: (subscription) => lifecycle.renew(subscription, "succeeds"),
    },
    payment_fails: {
      from: BILLED,
      help: "the payment of the open invoice, or of the next period, fails",
      run: (subscription) => lifecycle.pay(subscription, "fails"),
    },
    payment_succeeds: {
      from: BILLED,
      help: "the open invoice, or the next period, is paid",
      run: (subscription) => lifecycle.pay(subscription, "succeeds"),
    },
    trial_will_end: {
      from: ["trialing"],
      help: "Stripe announces the end of the trial",
      run: (subscription) => store.report("customer.subscription.trial_will_end", subscription),
    },
    trial_ends: {
      from: ["trialing"],
      help: "the trial ends, and the card is charged; without a card see trial_settings",
      run: (subscription) => lifecycle.endTrial(subscription),
    },
    give_up_unpaid: {
      from: ["past_due"],
      help: "Stripe stops collecting: unpaid",
      run: (subscription) => lifecycle.stopCollecting(subscription, "unpaid"),
    },
    give_up_cancel: {
      from: ["past_due", "unpaid"],
      help: "Stripe stops collecting: canceled",
      run: (subscription) => lifecycle.stopCollecting(subscription, "canceled"),
    },
    incomplete_expires: {
      from: ["incomplete"],
      help: "the first invoice was not paid within 23 hours",
      run: (subscription) => lifecycle.expire(subscription),
    },
    pause: {
      from: ["trialing", "active"],
      help: "status paused, as after a trial without a card",
      run: (subscription) => lifecycle.pause(subscription),
    },
    resume: {
      from: ["paused"],
      help: "a new period starts, and the card is charged",
      run: (subscription) => lifecycle.resume(subscription),
    },
    pause_collection: {
      from: OPEN_STATUSES,
      help: "{behavior?}: invoices are not collected; the status stays",
      run: (subscription, { behavior = "void" }) =>
        update(subscription, { "pause_collection[behavior]": behavior }),
    },
    resume_collection: {
      from: OPEN_STATUSES,
      help: "invoices are collected again",
      run: (subscription) => update(subscription, { pause_collection: "" }),
    },
    cancel: {
      from: OPEN_STATUSES,
      help: "the subscription ends at once",
      run: (subscription) => lifecycle.cancel(subscription),
    },
    cancel_at_period_end: {
      from: OPEN_STATUSES,
      help: "the subscription will end with its period",
      run: (subscription) => update(subscription, { cancel_at_period_end: "true" }),
    },
    keep: {
      from: OPEN_STATUSES,
      help: "the subscription will no longer end with its period",
      run: (subscription) => update(subscription, { cancel_at_period_end: "false" }),
    },
    period_ends: {
      from: ["trialing", ...RUNNING],
      help: "the period ends: the subscription too if it was to, otherwise the card is charged",
      run: (subscription) =>
        subscription.status === "trialing" && periodOf(subscription).end === subscription.trial_end
          ? lifecycle.endTrial(subscription)
          : lifecycle.renew(subscription),
    },
    change_price: {
      from: OPEN_STATUSES,
      help: "{price}: another price for its first item",
      run: (subscription, { price }) => {
        if (price === undefined) throw new ImpossibleChange("change_price needs a price.");
        const id = subscription.items.data[0]?.id ?? "";
        update(subscription, { "items[0][id]": id, "items[0][price]": price });
      },
    },
    dispute: {
      from: [...OPEN_STATUSES, "canceled"],
      help: "the bank disputes the last payment",
      run: disputePayment,
    },
  };
}
