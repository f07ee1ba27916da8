/** The plan's limits on labels, in tests of something else. */
import type { TestStack } from "./stack.ts";

/** Lets a seller buy as many labels as a test needs, as an operator does: a trial has two a month. */
export async function allowLabels(stack: TestStack, { id }: { id: string }): Promise<void> {
  const limits = {
    daily_label_limit: 10_000,
    monthly_label_limit: 10_000,
    daily_label_cents: 100_000_000,
    monthly_label_cents: 100_000_000,
  };
  await stack.sql`select public.set_label_limit(${id}, ${stack.sql.json(limits)})`;
}

/** The limits of the plan hold again. */
export async function endAllowance(stack: TestStack, { id }: { id: string }): Promise<void> {
  await stack.sql`select public.set_label_limit(${id}, null)`;
}
