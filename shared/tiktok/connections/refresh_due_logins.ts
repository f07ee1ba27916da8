/** Refreshes every login whose access token expires soon, for the scheduler. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import { limitConcurrency } from "../../values/limit_concurrency.ts";
import {
  LEASE_SECONDS,
  LeasedLogin,
  type LoginDependencies,
  pairWriter,
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
}) satisfies z.ZodMiniType<Record<RefreshOutcome | "expired", number>>;
export type RefreshSummary = z.infer<typeof RefreshSummary>;

/** Calls of TikTok at once. */
export const REFRESH_CONCURRENCY = 16;
/** The scheduler waits for a run's answer, but no longer than a minute. */
export const REFRESH_BUDGET_MS = 45_000;

export interface RefreshDueOptions {
  /** @default {REFRESH_CONCURRENCY} */
  concurrency?: number;
  /** No login is claimed after this long; claimed ones are finished. @default {REFRESH_BUDGET_MS} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/**
 * Logins are claimed and stored in groups while others are refreshed, and a login that waits for the database
 * takes none of the places: so many calls of TikTok are always under way. Any number may run at the same time: each login
 * is leased to one of them.
 * @throws {DatabaseError} after the others have finished theirs
 */
export async function refreshDueLogins(
  dependencies: LoginDependencies,
  { concurrency = REFRESH_CONCURRENCY, budgetMs = REFRESH_BUDGET_MS, now = Date.now }:
    RefreshDueOptions = {},
): Promise<RefreshSummary> {
  const end = now() + budgetMs;
  const summary = { refreshed: 0, superseded: 0, waiting: 0, needs_reauth: 0, expired: 0 };
  const limit = limitConcurrency(concurrency);
  const write = pairWriter(dependencies.database);
  const groupSize = Math.ceil(concurrency / 2);
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (login: LeasedLogin) => {
    const refreshing = refreshLogin(dependencies, login, { limit, write })
      .then(({ outcome }) => void summary[outcome]++, (error) => void failures.push(error))
      .finally(() => running.delete(refreshing));
    running.add(refreshing);
  };
  let mayHaveMore = true;
  while (mayHaveMore || running.size > 0) {
    if (mayHaveMore && now() >= end) {
      mayHaveMore = false;
    } else if (mayHaveMore && running.size < concurrency + groupSize) {
      const claim = await claimLogins(dependencies, groupSize).catch((error) => {
        failures.push(error);
        return { expired: 0, logins: [] };
      });
      summary.expired += claim.expired;
      claim.logins.forEach(start);
      mayHaveMore = claim.logins.length > 0;
    } else {
      await Promise.race(running);
    }
  }
  if (failures.length > 0) throw failures[0];
  return summary;
}

async function claimLogins(
  { database }: LoginDependencies,
  limit: number,
): Promise<z.infer<typeof Claim>> {
  const args = { p_limit: limit, p_lease_seconds: LEASE_SECONDS };
  return await callFunction(database, "claim_tiktok_logins", args, Claim);
}
