/** The steps of a random billing history, as fast-check generates them. */
import fc from "fast-check";
import type { ChangeName } from "../../local/simulators/stripe/simulator.ts";

const PRICES = ["price_starter", "price_growth", "price_scale", "unknown"] as const;

const CHANGES: ChangeName[] = [
  ...["renew", "payment_fails", "payment_succeeds", "trial_will_end", "trial_ends"] as const,
  ...["give_up_unpaid", "give_up_cancel", "incomplete_expires", "pause", "resume"] as const,
  ...["pause_collection", "resume_collection", "cancel", "cancel_at_period_end", "keep"] as const,
  ...["period_ends", "change_price", "change_price", "dispute"] as const,
];

/** `user`, `subscription` and `event` are numbers that pick one of the existing objects. */
export type BillingStep =
  | { do: "buy"; user: number; plan: "starter" | "growth" | "scale" }
  | {
    do: "make";
    user: number;
    price: typeof PRICES[number];
    kind: "paid" | "trial" | "incomplete";
  }
  | { do: "change"; subscription: number; change: ChangeName; price: typeof PRICES[number] }
  | { do: "race"; subscription: number; change: ChangeName; price: typeof PRICES[number] }
  | { do: "delete"; user: number }
  | { do: "deliver"; event: number; times: number }
  | { do: "fault"; kind: "internal" | "html" | "rate_limit" | "lost" | "truncated"; count: number }
  | { do: "crash"; calls: number; what: "call" | "answer" }
  | { do: "work" }
  | { do: "rest" };

const user = fc.nat({ max: 1 });
const price = fc.constantFrom(...PRICES);

export const billingStep: fc.Arbitrary<BillingStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("buy" as const),
      user,
      plan: fc.constantFrom("starter" as const, "growth" as const, "scale" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("make" as const),
      user,
      price,
      kind: fc.constantFrom("paid" as const, "trial" as const, "incomplete" as const),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      subscription: fc.nat({ max: 5 }),
      change: fc.constantFrom(...CHANGES),
      price,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("race" as const),
      subscription: fc.nat({ max: 5 }),
      change: fc.constantFrom(...CHANGES),
      price,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), user }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      event: fc.nat({ max: 60 }),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      kind: fc.constantFrom(
        ...["internal", "html", "rate_limit", "lost", "truncated"] as const,
      ),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      calls: fc.integer({ min: 1, max: 3 }),
      what: fc.constantFrom("call" as const, "answer" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "work" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "rest" as const }) },
);
