/** Waits for the effects of the seeding's steps. */
import type postgres from "postgres";
import { pollUntil } from "../time/poll_until.ts";

const TIMEOUT_MS = 60_000;

/** @throws {Error} if it does not happen within a minute */
export async function until(what: string, read: () => Promise<boolean>): Promise<void> {
  if (await pollUntil(read, { timeoutMs: TIMEOUT_MS, intervalMs: 100 })) return;
  throw new Error(
    `Waited a minute without success until ${what}. The log of the functions says why; ` +
      "seed again to continue.",
  );
}

/** Waits until no event is due or being processed. */
export async function untilSettled(sql: postgres.Sql): Promise<void> {
  await until("every event is processed", async () => {
    const open = await sql`
      select from private.event_queue
      where status = 'processing' or status = 'pending' and next_attempt_at <= now() limit 1`;
    return open.length === 0;
  });
}
