/** Reads the parameters of calls that create and update subscriptions. */
import { apiErrors } from "./errors.ts";
import { DAY_SECONDS } from "./ids.ts";
import { type CheckoutLine, OPEN_STATUSES, PAUSE_BEHAVIORS, type Subscription } from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Prices } from "./prices.ts";
import { endingFields, itemList } from "./subscription_objects.ts";

const MAX_TRIAL_DAYS = 730;

/** The end of the trial, or `null` without one. @throws {ApiError} */
export function readTrialEnd(params: Params, now: number): number | null {
  const days = params.integer("trial_period_days");
  if (days === undefined) return null;
  if (days < 1 || days > MAX_TRIAL_DAYS) {
    throw apiErrors.invalid(`The trial must last between 1 and ${MAX_TRIAL_DAYS} days.`, {
      param: params.name("trial_period_days"),
    });
  }
  return now + days * DAY_SECONDS;
}

/** The items of a new subscription. @throws {ApiError} */
export function readNewItems(params: Params, prices: Prices): CheckoutLine[] {
  const lines = params.list("items").map((item) => {
    const price = prices.findRecurring(item.required("price"), item.name("price"));
    return { price, quantity: 1 };
  });
  if (lines.length === 0) throw apiErrors.required("items");
  if (new Set(lines.map(({ price }) => price.id)).size < lines.length) {
    throw apiErrors.invalid("Subscription items cannot have the same price twice.", {
      param: "items",
    });
  }
  return lines;
}

/** The items after an update, which can change the price of each. */
function readChangedItems(
  subscription: Subscription,
  params: Params,
  prices: Prices,
): Subscription["items"] {
  const items = [...subscription.items.data];
  for (const item of params.list("items")) {
    const id = item.required("id");
    const index = items.findIndex((candidate) => candidate.id === id);
    const before = items[index];
    if (!before) throw apiErrors.missing("subscription_item", id, item.name("id"));
    const price = prices.findRecurring(item.required("price"), item.name("price"));
    items[index] = { ...before, price };
  }
  return itemList(subscription.id, items);
}

/**
 * The fields that an update sets.
 * @param now The present time of the subscription.
 * @throws {ApiError}
 */
export function readChanges(
  subscription: Subscription,
  params: Params,
  { methods, prices, now }: { methods: PaymentMethods; prices: Prices; now: number },
): Partial<Subscription> {
  const fields: Partial<Subscription> = { metadata: params.metadata(subscription.metadata) };
  if (!OPEN_STATUSES.includes(subscription.status)) {
    if (params.hasOnly(["metadata"])) return fields;
    throw apiErrors.invalid("A canceled subscription can only update its metadata.");
  }
  const method = params.nullable("default_payment_method");
  if (method !== undefined) {
    fields.default_payment_method = method &&
      methods.ofCustomer(method, subscription.customer, "default_payment_method").id;
  }
  const isEnding = params.boolean("cancel_at_period_end");
  if (isEnding !== undefined && isEnding !== subscription.cancel_at_period_end) {
    Object.assign(fields, endingFields(subscription, isEnding, now));
  }
  if (params.has("pause_collection")) {
    const behavior = params.object("pause_collection").oneOf("behavior", PAUSE_BEHAVIORS);
    fields.pause_collection = behavior ? { behavior, resumes_at: null } : null;
  }
  if (params.has("items")) fields.items = readChangedItems(subscription, params, prices);
  return fields;
}
