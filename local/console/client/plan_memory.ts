/// <reference lib="dom" />
/** Remembers across Stripe's pages which plan the seller had. */
const KEY = "creatorflow-plan-before";

export function rememberPlan(plan: string): void {
  sessionStorage.setItem(KEY, plan);
}

export function rememberedPlan(): string | null {
  return sessionStorage.getItem(KEY);
}
