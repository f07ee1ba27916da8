/** TikTok's auth host: exchanges codes and refresh tokens for tokens. Its URLs hold secrets: never log them. */
import * as z from "zod/mini";
import type { TikTokConfig } from "../../config.ts";
import { sendOnce } from "../../http/send_once.ts";
import { inVendorSpan } from "../../logging/spans.ts";
import { optionalValue, UnixSeconds, withFallback } from "../../values/schemas.ts";
import { openEnvelope } from "./envelope.ts";
import { TikTokError } from "./errors.ts";
import { elementsOf } from "../../values/elements.ts";
import { LoggableError } from "../../loggable_error.ts";

/** Grant of a seller. Times are absolute, in unix seconds; the second may be in the next century. */
export interface Tokens {
  accessToken: string;
  accessTokenExpiresAt: number;
  refreshToken: string;
  refreshTokenExpiresAt: number;
  /** Empty where TikTok did not say. */
  scopes: string[];
  /** Time of our request; milliseconds since 1970. */
  requestedAt: number;
}

/** Tokens and the login that they belong to. */
export interface TokenGrant extends Tokens {
  /** TikTok's id of the login for this app; not a shop's id. */
  openId: string;
}

/** The code belongs to a creator or a partner. */
export class NotASellerError extends LoggableError {
  override name = "NotASellerError";
}

const ExpiryTime = z.pipe(UnixSeconds, z.int().check(z.positive()));

const UserType = z.union([
  z.int(),
  z.pipe(z.string().check(z.regex(/^\d{1,3}$/)), z.transform(Number)),
]);

/** A pair exists in one answer only: besides the pair and its times, no odd value makes the answer unreadable. */
const Grant = z.looseObject({
  access_token: z.string().check(z.minLength(1)),
  access_token_expire_in: ExpiryTime,
  refresh_token: z.string().check(z.minLength(1)),
  refresh_token_expire_in: ExpiryTime,
  open_id: optionalValue(z.string()),
  /** 0 seller, 1 creator, 3 partner. */
  user_type: withFallback(optionalValue(UserType), null),
  granted_scopes: withFallback(z.optional(elementsOf(z.string(), "granted scopes")), undefined),
});

const TIMEOUT_MS = 10_000;

/** The host takes a GET with everything in the query; failures come as HTTP 200 with a code. */
async function requestTokens(
  config: TikTokConfig,
  path: string,
  parameters: Record<string, string>,
): Promise<z.infer<typeof Grant> & { requestedAt: number }> {
  const requestedAt = Date.now();
  const query = new URLSearchParams({
    app_key: config.appKey,
    app_secret: config.appSecret,
    ...parameters,
  });
  let response: Response;
  let text: string;
  try {
    // Once: a second refresh with the same token is refused.
    response = await inVendorSpan(
      "TikTok",
      { method: "GET", path },
      () =>
        sendOnce(`${config.authUrl}${path}?${query}`, {
          method: "GET",
          signal: AbortSignal.timeout(TIMEOUT_MS),
        }),
    );
    text = await response.text();
  } catch {
    // The cause would quote the URL.
    throw new TikTokError(`TikTok's auth host did not answer (${path})`);
  }
  const grant = openEnvelope(Grant, { what: path, response, text, now: Date.now() });
  return { ...grant, requestedAt };
}

function toTokens(grant: z.infer<typeof Grant> & { requestedAt: number }): Tokens {
  return {
    accessToken: grant.access_token,
    accessTokenExpiresAt: grant.access_token_expire_in,
    refreshToken: grant.refresh_token,
    refreshTokenExpiresAt: grant.refresh_token_expire_in,
    scopes: grant.granted_scopes ?? [],
    requestedAt: grant.requestedAt,
  };
}

/**
 * Exchanges the code that TikTok sent back; it lives 30 minutes and works once.
 * @throws {TikTokError}
 * @throws {NotASellerError}
 */
export async function exchangeAuthCode(config: TikTokConfig, code: string): Promise<TokenGrant> {
  const parameters = { auth_code: code, grant_type: "authorized_code" };
  const grant = await requestTokens(config, "/api/v2/token/get", parameters);
  if (grant.user_type != null && grant.user_type !== 0) {
    throw new NotASellerError("This TikTok login does not belong to a seller");
  }
  if (!grant.open_id) throw new TikTokError("TikTok's answer names no login (open_id)");
  return { ...toTokens(grant), openId: grant.open_id };
}

/**
 * Exchanges a refresh token for a new pair. The old refresh token is invalid as soon as TikTok has
 * answered: the new pair exists in this answer only.
 * @throws {TikTokError}
 */
export async function refreshTokens(
  config: TikTokConfig,
  refreshToken: string,
): Promise<Tokens> {
  const parameters = { refresh_token: refreshToken, grant_type: "refresh_token" };
  return toTokens(await requestTokens(config, "/api/v2/token/refresh", parameters));
}
