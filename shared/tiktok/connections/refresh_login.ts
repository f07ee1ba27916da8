/** Refreshes the token pair of a TikTok login that was leased for it. */
import * as z from "zod";
import type { TikTokConfig } from "../../config.ts";
import { decrypt } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import type { DatabaseClient } from "../../database/client.ts";
import { DatabaseError, unwrap } from "../../database/result.ts";
import { errorText, log } from "../../log.ts";
import { asksToReconnect, isRefusal, TikTokError } from "../api/errors.ts";
import { refreshTokens, type Tokens } from "../api/tokens.ts";
import { encryptTokens, tokenContext, tokenTimes } from "./encrypted_tokens.ts";

/** A login that this worker alone may refresh until its lease ends. */
export const LeasedLogin = z.object({
  user_id: z.string(),
  open_id: z.string(),
  token_version: z.int(),
  lease_id: z.string(),
  /** TikTok's ids of the shops that share the pair. */
  shop_ids: z.array(z.string()).min(1),
  /** Encrypted, for the first of `shop_ids`. */
  refresh_token: z.string(),
});

export type LeasedLogin = z.infer<typeof LeasedLogin>;

/** Long enough for TikTok's 10 s and for storing what it gave. */
export const LEASE_SECONDS = 60;

/**
 * `refreshed`; `superseded`: the seller connected again meanwhile; `waiting`: it is tried again later;
 * `needs_reauth`: only the seller can help.
 */
export type RefreshOutcome = "refreshed" | "superseded" | "waiting" | "needs_reauth";

export interface RefreshDependencies {
  database: DatabaseClient;
  config: TikTokConfig;
  keys: KeyRing;
}

const STORE_WAITS_MS = [100, 500, 2000, 5000];

/** The pair is the only one there is: a database that is away for a moment must not lose it. */
async function store(
  { database, keys }: RefreshDependencies,
  login: LeasedLogin,
  grant: Tokens,
): Promise<"stored" | "superseded"> {
  const shops = login.shop_ids.map(async (shopId) => ({
    shop_id: shopId,
    ...await encryptTokens(keys, grant, shopId),
  }));
  const parameters = {
    p_user_id: login.user_id,
    p_open_id: login.open_id,
    p_token_version: login.token_version,
    p_grant: {
      granted_scopes: grant.scopes,
      ...tokenTimes(grant),
      shops: await Promise.all(shops),
    },
  };
  for (let attempt = 0;; attempt++) {
    try {
      const result = await database.rpc("store_refreshed_tokens", parameters);
      return unwrap("store_refreshed_tokens", result) as "stored" | "superseded";
    } catch (error) {
      const wait = STORE_WAITS_MS[attempt];
      if (!(error instanceof DatabaseError) || wait === undefined) throw error;
      log.warn("new tokens not stored yet", {
        shop_ids: login.shop_ids.join(","),
        error: error.message,
      });
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** What a failed refresh means for the login; see the SQL function. */
function failureKind(error: unknown): "reconnect" | "refused" | "unavailable" {
  if (!(error instanceof TikTokError)) return "unavailable";
  if (asksToReconnect(error)) return "reconnect";
  return isRefusal(error) ? "refused" : "unavailable";
}

/**
 * Asks TikTok for a new pair and stores it, or ends the lease with what went wrong. The old pair is kept
 * until a new one is stored.
 * @throws {DatabaseError} if the outcome could not be stored; then the lease runs out by itself.
 */
export async function refreshLogin(
  dependencies: RefreshDependencies,
  login: LeasedLogin,
): Promise<{ outcome: RefreshOutcome; grant?: Tokens }> {
  const { database, config, keys } = dependencies;
  const fields = { shop_ids: login.shop_ids.join(","), token_version: login.token_version };
  let grant: Tokens;
  try {
    const context = tokenContext("refresh_token", login.shop_ids[0] as string);
    grant = await refreshTokens(config, await decrypt(keys, login.refresh_token, context));
  } catch (error) {
    const retryAfter = error instanceof TikTokError ? error.retryAfterSeconds : undefined;
    const result = await database.rpc("fail_tiktok_refresh", {
      p_user_id: login.user_id,
      p_open_id: login.open_id,
      p_lease_id: login.lease_id,
      p_kind: failureKind(error),
      p_error: errorText(error),
      ...(retryAfter !== undefined && { p_retry_after_seconds: retryAfter }),
    });
    const outcome = unwrap("fail_tiktok_refresh", result) as RefreshOutcome;
    log.warn("token refresh failed", { ...fields, outcome, error: errorText(error) });
    return { outcome };
  }
  const outcome = await store(dependencies, login, grant) === "stored" ? "refreshed" : "superseded";
  log.info("token refresh worked", { ...fields, outcome });
  return outcome === "refreshed" ? { outcome, grant } : { outcome };
}
