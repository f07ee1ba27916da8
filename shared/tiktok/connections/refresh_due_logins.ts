/** Refreshes every login whose access token ends soon: what the scheduler asks for. */
import * as z from "zod";
import { unwrap } from "../../database/result.ts";
import {
  LEASE_SECONDS,
  LeasedLogin,
  type RefreshDependencies,
  refreshLogin,
  type RefreshOutcome,
} from "./refresh_login.ts";

const Claim = z.object({ expired: z.int(), logins: z.array(LeasedLogin) });

/** Logins by outcome; `expired`: shops whose consent has run out, without a call to TikTok. */
export type RefreshSummary = Record<RefreshOutcome | "expired", number>;

export interface RefreshDueOptions {
  /** Logins refreshed at once. @default {5} */
  concurrency?: number;
  /** No login is claimed after this long; what was claimed is finished. @default {45000} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/**
 * Any number may run at the same time: each login is leased to one of them.
 * @throws {DatabaseError} after the others have finished what they hold.
 */
export async function refreshDueLogins(
  dependencies: RefreshDependencies,
  { concurrency = 5, budgetMs = 45_000, now = Date.now }: RefreshDueOptions = {},
): Promise<RefreshSummary> {
  const end = now() + budgetMs;
  const summary = { refreshed: 0, superseded: 0, waiting: 0, needs_reauth: 0, expired: 0 };
  const lane = async () => {
    while (now() < end) {
      const result = await dependencies.database.rpc("claim_tiktok_logins", {
        p_limit: 1,
        p_lease_seconds: LEASE_SECONDS,
      });
      const { expired, logins } = Claim.parse(unwrap("claim_tiktok_logins", result));
      summary.expired += expired;
      const [login] = logins;
      if (login === undefined) return;
      const { outcome } = await refreshLogin(dependencies, login);
      summary[outcome]++;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane));
  const failed = lanes.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return summary;
}
