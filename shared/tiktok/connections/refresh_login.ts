/** Refreshes the token pair of a TikTok login that was leased for it. */
import * as z from "zod/mini";
import { decrypt } from "../../crypto/encryption.ts";
import { callFunction } from "../../database/call_function.ts";
import { DatabaseError } from "../../database/errors.ts";
import { errorText, log } from "../../log.ts";
import { retry } from "../../retry.ts";
import { isRefusal, needsReconnect, TikTokError } from "../api/errors.ts";
import { refreshTokens, type Tokens } from "../api/tokens.ts";
import { inGroups } from "../../values/in_groups.ts";
import type { Limit } from "../../values/limit_concurrency.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { encryptTokens, tokenContext, tokenTimes } from "./encrypted_tokens.ts";

/** A login that only this worker may refresh until its lease ends. */
export const LeasedLogin = z.object({
  user_id: z.string(),
  open_id: z.string(),
  token_version: z.int(),
  lease_id: z.string(),
  /** TikTok's ids of the shops with this token pair. */
  shop_ids: z.array(z.string()).check(z.minLength(1)),
  /** Encrypted for the first of `shop_ids`. */
  refresh_token: z.string(),
});

export type LeasedLogin = z.infer<typeof LeasedLogin>;

/** Long enough for TikTok's 10 s and for storing the new pair. */
export const LEASE_SECONDS = 60;

/**
 * `refreshed`; `superseded`: the seller connected again in the meantime; `waiting`: will be tried again;
 * `needs_reauth`: only the seller can help.
 */
export const RefreshOutcome = z.enum(["refreshed", "superseded", "waiting", "needs_reauth"]);
export type RefreshOutcome = z.infer<typeof RefreshOutcome>;

/** Dependencies of refreshing a login's tokens. */
export type LoginDependencies = Pick<TikTokDependencies, "database" | "config" | "keys">;

const STORE_WAITS_MS = [100, 500, 2000, 5000];

const Stored = z.enum(["stored", "superseded"]);
type Stored = z.infer<typeof Stored>;

/** An element of the argument of SQL `store_refreshed_logins`. */
interface StoredPair {
  user_id: string;
  open_id: string;
  token_version: number;
  grant: Record<string, unknown>;
}

/** Stores a pair with those that other logins have got meanwhile; a pair that the database refuses fails alone. */
export function pairWriter(database: LoginDependencies["database"]) {
  const most = 25;
  const call = (pairs: StoredPair[]) =>
    callFunction(database, "store_refreshed_logins", { p_pairs: pairs }, z.array(Stored));
  const together = inGroups(most, call);
  return async (pair: StoredPair): Promise<Stored> => {
    try {
      return await together(pair);
    } catch (error) {
      // Without a code it did not answer.
      if (!(error instanceof DatabaseError) || error.code === "") throw error;
      const [stored] = await call([pair]);
      return stored as Stored;
    }
  };
}

/** Repeated while the database is unreachable: the new pair exists only here. */
async function storeTokens(
  { keys }: LoginDependencies,
  login: LeasedLogin,
  grant: Tokens,
  write: ReturnType<typeof pairWriter>,
): Promise<Stored> {
  const { user_id, open_id, token_version } = login;
  const shops = await Promise.all(login.shop_ids.map(async (shopId) => ({
    shop_id: shopId,
    ...await encryptTokens(keys, grant, shopId),
  })));
  const pair = { granted_scopes: grant.scopes, ...tokenTimes(grant), shops };
  return await retry(() => write({ user_id, open_id, token_version, grant: pair }), {
    waitMs(error, attempt) {
      if (!(error instanceof DatabaseError)) return undefined;
      const shopIds = login.shop_ids.join(",");
      log.warn("new tokens not stored yet", { shop_ids: shopIds, error: errorText(error) });
      return STORE_WAITS_MS[attempt - 1];
    },
  });
}

/** The class of a failed refresh, for SQL `fail_tiktok_refresh`. */
function failureKind(error: unknown): "reconnect" | "refused" | "unavailable" {
  if (!(error instanceof TikTokError)) return "unavailable";
  if (needsReconnect(error)) return "reconnect";
  return isRefusal(error) ? "refused" : "unavailable";
}

export interface RefreshOptions {
  /** Runs the call of TikTok, and nothing else. */
  limit?: Limit;
  /** Stores the new pair. @default {pairWriter} */
  write?: ReturnType<typeof pairWriter>;
}

/**
 * Requests a new pair from TikTok and stores it, or ends the lease with the failure. The old pair is kept
 * until a new one is stored.
 * @throws {DatabaseError} if the outcome could not be stored; then the lease expires
 */
export async function refreshLogin(
  dependencies: LoginDependencies,
  login: LeasedLogin,
  { limit = (run) => run(), write = pairWriter(dependencies.database) }: RefreshOptions = {},
): Promise<{ outcome: RefreshOutcome; grant?: Tokens }> {
  const { database, config, keys } = dependencies;
  const fields = { shop_ids: login.shop_ids.join(","), token_version: login.token_version };
  let grant: Tokens;
  try {
    const context = tokenContext("refresh_token", login.shop_ids[0] as string);
    const refreshToken = await decrypt(keys, login.refresh_token, context);
    grant = await limit(() => refreshTokens(config, refreshToken));
  } catch (error) {
    const retryAfter = error instanceof TikTokError ? error.retryAfterSeconds : undefined;
    const args = {
      p_user_id: login.user_id,
      p_open_id: login.open_id,
      p_lease_id: login.lease_id,
      p_kind: failureKind(error),
      p_error: errorText(error),
      p_retry_after_seconds: retryAfter,
    };
    const outcome = await callFunction(database, "fail_tiktok_refresh", args, RefreshOutcome);
    log.warn("token refresh failed", { ...fields, outcome, error: errorText(error) });
    return { outcome };
  }
  const stored = await storeTokens(dependencies, login, grant, write);
  const outcome = stored === "stored" ? "refreshed" : "superseded";
  log.info("tokens refreshed", { ...fields, outcome });
  return outcome === "refreshed" ? { outcome, grant } : { outcome };
}
