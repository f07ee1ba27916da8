/** Refreshes every login whose access token expires soon, for the scheduler. */
import * as z from "zod";
import { callFunction } from "../../database/call_function.ts";
import {
  LEASE_SECONDS,
  LeasedLogin,
  type LoginDependencies,
  refreshLogin,
  type RefreshOutcome,
} from "./refresh_login.ts";

const Claim = z.object({ expired: z.int(), logins: z.array(LeasedLogin) });

/** Logins by outcome; `expired`: shops whose authorization has expired, without a call to TikTok. */
export const RefreshSummary = z.object({
  refreshed: z.int(),
  superseded: z.int(),
  waiting: z.int(),
  needs_reauth: z.int(),
  expired: z.int(),
}) satisfies z.ZodType<Record<RefreshOutcome | "expired", number>>;
export type RefreshSummary = z.infer<typeof RefreshSummary>;

export interface RefreshDueOptions {
  /** Logins refreshed at once. @default {5} */
  concurrency?: number;
  /** No login is claimed after this long; claimed ones are finished. @default {45000} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/**
 * Any number may run at the same time: each login is leased to one of them.
 * @throws {DatabaseError} after the others have finished theirs
 */
export async function refreshDueLogins(
  dependencies: LoginDependencies,
  { concurrency = 5, budgetMs = 45_000, now = Date.now }: RefreshDueOptions = {},
): Promise<RefreshSummary> {
  const end = now() + budgetMs;
  const summary = { refreshed: 0, superseded: 0, waiting: 0, needs_reauth: 0, expired: 0 };
  const refreshOneByOne = async () => {
    while (now() < end) {
      const args = { p_limit: 1, p_lease_seconds: LEASE_SECONDS };
      const { database } = dependencies;
      const { expired, logins } = await callFunction(database, "claim_tiktok_logins", args, Claim);
      summary.expired += expired;
      const [login] = logins;
      if (login === undefined) return;
      const { outcome } = await refreshLogin(dependencies, login);
      summary[outcome]++;
    }
  };
  const runs = await Promise.allSettled(Array.from({ length: concurrency }, refreshOneByOne));
  const failed = runs.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return summary;
}
