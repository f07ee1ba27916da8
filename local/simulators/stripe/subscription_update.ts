/** What a call changes of a subscription: its prices, its trial, its end. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Catalog } from "./catalog.ts";
import type { Endings } from "./endings.ts";
import { refusals } from "./errors.ts";
import { type Lifecycle, PAUSE_BEHAVIORS } from "./lifecycle.ts";
import type { Subscription } from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import { itemList, periodOf, withPeriod } from "./subscription_factory.ts";
import { addProrations, changedItems } from "./subscription_items.ts";
import { missingMethodOf, trialEndOf } from "./subscription_params.ts";

const UPDATED = "customer.subscription.updated";
const PRORATIONS = ["create_prorations", "always_invoice", "none"] as const;
const ENDED = ["canceled", "incomplete_expired"];

export interface UpdateOptions {
  books: Books;
  catalog: Catalog;
  methods: PaymentMethods;
  billing: Billing;
  endings: Endings;
  lifecycle: Lifecycle;
}

/** What stays to be said of one that has ended. */
function checkOpen(subscription: Subscription, params: Params): void {
  const allowed = ["cancellation_details", "metadata", "expand"];
  if (!ENDED.includes(subscription.status)) return;
  if (params.keys().every((key) => allowed.includes(key))) return;
  throw refusals.invalid(
    "A canceled subscription can only update its cancellation_details and metadata.",
  );
}

/** Fields that a call just sets. @throws {StripeRefusal} */
function plainFields(
  subscription: Subscription,
  params: Params,
  { methods, endings }: UpdateOptions,
): Partial<Subscription> {
  const fields: Partial<Subscription> = { metadata: params.metadata(subscription.metadata) };
  const description = params.nullable("description");
  if (description !== undefined) fields.description = description;
  const method = params.nullable("default_payment_method");
  if (method !== undefined) {
    fields.default_payment_method = method &&
      methods.ofCustomer(method, subscription.customer, "default_payment_method").id;
  }
  const ends = params.boolean("cancel_at_period_end");
  if (ends !== undefined && ends !== subscription.cancel_at_period_end) {
    Object.assign(fields, endings.cancellationFields(subscription, ends));
  }
  const cancelAt = params.text("cancel_at");
  if (cancelAt !== undefined) fields.cancel_at = params.integer("cancel_at") ?? null;
  const details = params.object("cancellation_details");
  if (params.has("cancellation_details")) {
    const before = fields.cancellation_details ?? subscription.cancellation_details;
    const { comment = before.comment, feedback = before.feedback } = {
      comment: details.nullable("comment"),
      feedback: details.nullable("feedback"),
    };
    fields.cancellation_details = { ...before, comment, feedback };
  }
  const pause = params.object("pause_collection");
  if (params.has("pause_collection")) {
    const behavior = pause.oneOf("behavior", PAUSE_BEHAVIORS);
    fields.pause_collection = behavior
      ? { behavior, resumes_at: pause.integer("resumes_at") ?? null }
      : null;
  }
  const missing = missingMethodOf(params);
  if (missing) fields.trial_settings = { end_behavior: { missing_payment_method: missing } };
  return fields;
}

/** @throws {StripeRefusal} */
export function updateSubscription(
  subscription: Subscription,
  params: Params,
  options: UpdateOptions,
): Subscription {
  const { books, catalog, lifecycle } = options;
  checkOpen(subscription, params);
  const now = books.secondsAt(subscription.id);
  const prorations = params.oneOf("proration_behavior", PRORATIONS) ?? "create_prorations";
  const fields = plainFields(subscription, params, options);
  const trialEnd = trialEndOf(params, now);
  const period = periodOf(subscription);
  const items = changedItems(subscription, params, { catalog, period, created: now });
  fields.items = itemList(subscription.id, items);

  if (trialEnd) {
    const trial = { start: subscription.trial_start ?? now, end: trialEnd };
    fields.items = withPeriod({ ...subscription, items: fields.items }, trial);
    Object.assign(fields, { status: "trialing", trial_start: trial.start, trial_end: trialEnd });
    fields.billing_cycle_anchor = trialEnd;
    return lifecycle.change(subscription, fields, UPDATED);
  }
  if (trialEnd === null && subscription.status === "trialing") {
    return lifecycle.endTrial(lifecycle.change(subscription, fields), { at: now });
  }
  return repriced(subscription, fields, { ...options, now, prorations });
}

/** Other prices in the same rhythm go on with the period; in another one, a new period begins. */
function repriced(
  before: Subscription,
  fields: Partial<Subscription>,
  { books, billing, lifecycle, now, prorations }: UpdateOptions & {
    now: number;
    prorations: typeof PRORATIONS[number];
  },
): Subscription {
  const rhythm = ({ items }: Pick<Subscription, "items">) => {
    const recurring = items.data[0]?.price.recurring;
    return `${recurring?.interval_count} ${recurring?.interval}`;
  };
  const after = { ...before, ...fields };
  const isBilled = before.status === "active" || before.status === "past_due";
  const period = periodOf(before);
  if (isBilled && prorations !== "none") addProrations(books, { before, after, period, now });
  const isNewRhythm = isBilled && rhythm(before) !== rhythm(after);
  if (isNewRhythm) {
    fields.items = withPeriod(after, billing.nextPeriod(after, now, now));
    fields.billing_cycle_anchor = now;
  }
  const isInvoiced = isNewRhythm || (isBilled && prorations === "always_invoice" &&
    JSON.stringify(before.items) !== JSON.stringify(after.items));
  if (!isInvoiced) return lifecycle.change(before, fields, UPDATED);
  const invoice = billing.invoice({ ...after, ...fields }, "subscription_update", {
    onlyPending: !isNewRhythm,
  });
  return lifecycle.charge(before, invoice, { ...fields, latest_invoice: invoice.id });
}
