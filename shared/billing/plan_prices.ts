/** Price of each plan, which only Stripe knows. */
import * as z from "zod/mini";
import type { BillingDependencies } from "./dependencies.ts";
import { PaidPlan } from "./plans.ts";
import { readStripe } from "./stripe.ts";

export interface PlanPrice {
  plan: PaidPlan;
  /** Decimal; `null` for a price that depends on the quantity. */
  amount: string | null;
  /** ISO 4217. */
  currency: string;
  /** A payment every so many intervals; `null` for a price that is paid once. */
  interval: "day" | "week" | "month" | "year" | null;
  interval_count: number;
}

const Price = z.looseObject({
  unit_amount: z.nullish(z.int().check(z.minimum(0))),
  currency: z.string().check(z.regex(/^[a-zA-Z]{3}$/)),
  recurring: z.nullish(z.looseObject({
    interval: z.enum(["day", "week", "month", "year"]),
    interval_count: z._default(z.int().check(z.minimum(1)), 1),
  })),
});

/** Stripe counts in the smallest unit. ISK and UGX have none, but Stripe still counts hundredths of them. */
const WITHOUT_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
const WITH_THREE_DECIMALS = ["BHD", "JOD", "KWD", "OMR", "TND"];

function toDecimal(amount: number, currency: string): string {
  if (WITHOUT_DECIMALS.includes(currency)) return String(amount);
  const decimals = WITH_THREE_DECIMALS.includes(currency) ? 3 : 2;
  const digits = String(amount).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

async function readPrice(
  { loadStripe, config }: Pick<BillingDependencies, "loadStripe" | "config">,
  plan: PaidPlan,
): Promise<PlanPrice> {
  const stripe = await loadStripe();
  const price = await readStripe(Price, stripe.prices.retrieve(config.prices[plan]));
  const { unit_amount: amount, recurring } = price;
  const currency = price.currency.toUpperCase();
  return {
    plan,
    amount: typeof amount === "number" ? toDecimal(amount, currency) : null,
    currency,
    interval: recurring?.interval ?? null,
    interval_count: recurring?.interval_count ?? 1,
  };
}

/** A price at Stripe never changes its amount; the configuration names another one with the next start. */
const KEPT_MS = 10 * 60_000;

/** Every seller's page reads the prices: while Stripe refuses them, that does not use up its quota. */
const FAILURE_KEPT_MS = 5_000;

/**
 * Returns a function that reads the prices of all plans, the cheapest plan first, and keeps them for ten minutes.
 * It rejects with a `BillingError`, which is kept for five seconds. Calls at the same time share one reading.
 * @param now A clock in milliseconds that never goes back.
 */
export function planPriceReader(
  dependencies: Pick<BillingDependencies, "loadStripe" | "config">,
  now: () => number = () => performance.now(),
): () => Promise<PlanPrice[]> {
  let reading: { keptUntil: number; prices: Promise<PlanPrice[]> } | undefined;
  const beginReading = () => {
    const prices = Promise.all(PaidPlan.options.map((plan) => readPrice(dependencies, plan)));
    const begun = { keptUntil: Infinity, prices };
    const keepFor = (milliseconds: number) => () => {
      begun.keptUntil = now() + milliseconds;
    };
    prices.then(keepFor(KEPT_MS), keepFor(FAILURE_KEPT_MS));
    return begun;
  };
  return () => {
    if (reading === undefined || now() >= reading.keptUntil) reading = beginReading();
    return reading.prices;
  };
}
