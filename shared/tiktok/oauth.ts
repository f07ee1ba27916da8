/** The token exchange with TikTok's auth host. Its URLs hold the app secret: they are never logged. */
import * as z from "zod";
import type { TikTokConfig } from "../config.ts";
import { TikTokError } from "./client.ts";

/** What a seller granted. Times are absolute, in unix seconds; the second may be in the next century. */
export interface TokenGrant {
  accessToken: string;
  accessTokenExpiresAt: number;
  refreshToken: string;
  refreshTokenExpiresAt: number;
  openId: string;
}

const Answer = z.looseObject({
  code: z.int(),
  message: z.string().catch(""),
  data: z.unknown().optional(),
});

const Grant = z.looseObject({
  access_token: z.string().min(1),
  access_token_expire_in: z.int().positive(),
  refresh_token: z.string().min(1),
  refresh_token_expire_in: z.int().positive(),
  open_id: z.string().min(1),
  /** 0 seller, 1 creator, 3 partner. */
  user_type: z.int().nullish(),
});

const TIMEOUT_MS = 10_000;

/**
 * Exchanges the code that TikTok sent back; it lives 30 minutes and works once. A GET with everything
 * in the query is what the host takes; failures come as HTTP 200 with a code.
 * @throws {TikTokError}
 */
export async function exchangeAuthCode(
  config: TikTokConfig,
  authCode: string,
): Promise<TokenGrant> {
  const query = new URLSearchParams({
    app_key: config.appKey,
    app_secret: config.appSecret,
    auth_code: authCode,
    grant_type: "authorized_code",
  });
  let json: unknown;
  try {
    const response = await fetch(`${config.authUrl}/api/v2/token/get?${query}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    json = await response.json();
  } catch {
    // The cause would quote the URL.
    throw new TikTokError("TikTok's token exchange did not answer");
  }
  const answer = Answer.safeParse(json);
  if (!answer.success) throw new TikTokError("TikTok's token exchange gave no readable answer");
  if (answer.data.code !== 0) {
    throw new TikTokError(`TikTok ${answer.data.code}: ${answer.data.message}`, answer.data.code);
  }
  const grant = Grant.safeParse(answer.data.data);
  if (!grant.success) throw new TikTokError("TikTok's token exchange gave no tokens");
  if (grant.data.user_type != null && grant.data.user_type !== 0) {
    throw new TikTokError("This TikTok login is no seller's");
  }
  return {
    accessToken: grant.data.access_token,
    accessTokenExpiresAt: grant.data.access_token_expire_in,
    refreshToken: grant.data.refresh_token,
    refreshTokenExpiresAt: grant.data.refresh_token_expire_in,
    openId: grant.data.open_id,
  };
}
