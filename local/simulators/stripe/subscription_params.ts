/** What calls say of a subscription's trial. */
import { refusals } from "./errors.ts";
import { DAY_SECONDS } from "./ids.ts";
import type { MissingPaymentMethod } from "./objects.ts";
import type { Params } from "./params.ts";

const MISSING_METHODS = ["create_invoice", "pause", "cancel"] as const;
const MAX_TRIAL_DAYS = 730;

/** When the trial ends that a call wants; `null` for none. @throws {StripeRefusal} */
export function trialEndOf(params: Params, now: number): number | null | undefined {
  if (params.text("trial_end") === "now") return null;
  const end = params.integer("trial_end");
  const days = params.integer("trial_period_days");
  if (end !== undefined && days !== undefined) {
    throw refusals.invalid(
      "You may only specify one of these parameters: trial_end, trial_period_days.",
    );
  }
  const name = params.name(end === undefined ? "trial_period_days" : "trial_end");
  if (end !== undefined && end <= now) {
    throw refusals.invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", {
      param: name,
    });
  }
  if (days !== undefined && (days < 1 || days > MAX_TRIAL_DAYS)) {
    throw refusals.invalid(`The trial must last between 1 and ${MAX_TRIAL_DAYS} days.`, {
      param: name,
    });
  }
  return end ?? (days === undefined ? undefined : now + days * DAY_SECONDS);
}

export function missingMethodOf(params: Params): MissingPaymentMethod | undefined {
  return params.object("trial_settings").object("end_behavior").oneOf(
    "missing_payment_method",
    MISSING_METHODS,
  );
}
