/** The clock of a stack that stands still: its jobs run when a test says so. */
import { createScheduler } from "../../local/supabase/scheduler.ts";
import type { TestStack } from "./stack.ts";

/** A minute of no other job than the event worker's. */
export const QUIET_MINUTE = "10:01";

/** Runs the jobs that are due at these times of a day, one time after the other. */
export async function tickAt(
  { database }: Pick<TestStack, "database">,
  ...times: string[]
): Promise<void> {
  const scheduler = createScheduler(database.adminUrl);
  try {
    for (const time of times) await scheduler.tick(new Date(`2026-11-23T${time}Z`));
  } finally {
    await scheduler.stop();
  }
}
