/** What a test may let happen to a subscription, by name. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Subscription, SubscriptionStatus } from "./objects.ts";
import { type Change, type ChangeName, ImpossibleChange } from "./advance.ts";
import { Params } from "./params.ts";
import type { Payments } from "./payments.ts";
import { periodOf } from "./subscription_factory.ts";
import { type UpdateOptions, updateSubscription } from "./subscription_update.ts";

export interface AdvanceOptions extends UpdateOptions {
  books: Books;
  billing: Billing;
  lifecycle: Lifecycle;
  payments: Payments;
}

const RUNNING: SubscriptionStatus[] = ["active", "past_due", "unpaid"];
const BILLED: SubscriptionStatus[] = ["trialing", "incomplete", ...RUNNING];
const ALIVE: SubscriptionStatus[] = [...BILLED, "paused"];

export function changes(options: AdvanceOptions): Record<ChangeName, Change> {
  const { books, billing, endings, lifecycle, payments } = options;

  function update(subscription: Subscription, form: Record<string, string>): Subscription {
    const params = Params.read(new URLSearchParams(form).toString());
    return updateSubscription(subscription, params, options);
  }

  function dispute(subscription: Subscription): Subscription {
    const invoice = billing.latestInvoice(subscription);
    const payment = books.state.all("invoicePayments").findLast(({ invoice: id, status }) =>
      id === invoice?.id && status === "paid"
    );
    const intent = payment && books.state.get("paymentIntents", payment.payment.payment_intent);
    const charge = intent?.latest_charge && books.state.get("charges", intent.latest_charge);
    if (!charge) {
      throw new ImpossibleChange(`Nothing was paid for ${subscription.id} that could be disputed.`);
    }
    payments.dispute(charge);
    return subscription;
  }

  const succeeds: Change = {
    from: BILLED,
    help: "the open invoice is paid, else the next period's",
    run: (subscription) => lifecycle.pay(subscription, "succeeds"),
  };
  return {
    renew: {
      from: RUNNING,
      help: "the next period begins, and is paid",
      run: (subscription) => lifecycle.renew(subscription, "succeeds"),
    },
    payment_fails: {
      from: BILLED,
      help: "an attempt at the open invoice fails, else at the next period's",
      run: (subscription) => lifecycle.pay(subscription, "fails"),
    },
    payment_succeeds: succeeds,
    payment_succeeded: succeeds,
    trial_will_end: {
      from: ["trialing"],
      help: "Stripe tells of the trial's end",
      run: (subscription) => {
        books.tell("customer.subscription.trial_will_end", subscription);
        return subscription;
      },
    },
    trial_ends: {
      from: ["trialing"],
      help:
        "the trial is over, and the first period paid as the card has it; without one, see trial_settings",
      run: (subscription) => lifecycle.endTrial(subscription),
    },
    give_up_unpaid: {
      from: ["past_due"],
      help: "Stripe stops collecting: unpaid",
      run: (subscription) => endings.giveUp(subscription, "unpaid"),
    },
    give_up_cancel: {
      from: ["past_due", "unpaid"],
      help: "Stripe stops collecting: canceled",
      run: (subscription) => endings.giveUp(subscription, "canceled"),
    },
    incomplete_expires: {
      from: ["incomplete"],
      help: "nobody paid the first invoice within 23 hours",
      run: (subscription) => endings.expire(subscription),
    },
    pause: {
      from: ["trialing", "active"],
      help: "status paused, as after a trial without a card",
      run: (subscription) => lifecycle.pause(subscription),
    },
    resume: {
      from: ["paused"],
      help: "a new period begins and is paid as the card has it",
      run: (subscription) => lifecycle.resume(subscription),
    },
    pause_collection: {
      from: ALIVE,
      help: "{behavior?}: invoices are not collected; the status stays",
      run: (subscription, { behavior = "void" }) =>
        update(subscription, { "pause_collection[behavior]": behavior }),
    },
    resume_collection: {
      from: ALIVE,
      help: "invoices are collected again",
      run: (subscription) => update(subscription, { pause_collection: "" }),
    },
    cancel: {
      from: ALIVE,
      help: "it ends at once",
      run: (subscription) => endings.cancel(subscription),
    },
    cancel_at_period_end: {
      from: ALIVE,
      help: "it is to end with its period",
      run: (subscription) => endings.cancelAtPeriodEnd(subscription, true),
    },
    keep: {
      from: ALIVE,
      help: "it is not to end after all",
      run: (subscription) => endings.cancelAtPeriodEnd(subscription, false),
    },
    period_ends: {
      from: ["trialing", ...RUNNING],
      help:
        "the period is over: it ends if it was to, else the next one is paid as the card has it",
      run: (subscription) =>
        subscription.status === "trialing" && periodOf(subscription).end === subscription.trial_end
          ? lifecycle.endTrial(subscription)
          : lifecycle.renew(subscription),
    },
    change_price: {
      from: ALIVE,
      help: "{price}: another price for its first item",
      run: (subscription, { price }) => {
        if (price === undefined) throw new ImpossibleChange("change_price needs a price.");
        const id = subscription.items.data[0]?.id ?? "";
        return update(subscription, { "items[0][id]": id, "items[0][price]": price });
      },
    },
    dispute: {
      from: [...ALIVE, "canceled"],
      help: "the bank takes the last payment back",
      run: dispute,
    },
  };
}
