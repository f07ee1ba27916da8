/** Lets only signed-in users in, by the access token that Supabase Auth gave them. */
import * as z from "zod";
import { fromBase64 } from "../crypto/encoding.ts";
import type { DatabaseClient } from "../database/client.ts";
import { errorText, log } from "../log.ts";
import { Problem } from "./problem.ts";

export interface User {
  id: string;
  /** To act as the user; never logged. */
  accessToken: string;
}

/** API keys and anonymous sign-ins are no users. */
const UserClaims = z.looseObject({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  is_anonymous: z.literal(false).optional(),
});

function refusal(code: string, detail: string): Problem {
  return new Problem({
    status: 401,
    code,
    detail,
    headers: { "www-authenticate": "Bearer" },
  });
}

/** What the token says itself; whoever forges that gets another refusal, and no more. */
function isExpired(token: string): boolean {
  try {
    const payload = new TextDecoder().decode(fromBase64(token.split(".")[1] ?? ""));
    return Number(JSON.parse(payload).exp) * 1000 <= Date.now();
  } catch {
    return false;
  }
}

/**
 * Checks the token by the project's public keys, or by asking Auth where it has none.
 * @throws {Problem} 401 without a user's valid token, 503 if Auth does not answer.
 */
export async function requireUser(request: Request, database: DatabaseClient): Promise<User> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) {
    throw refusal(
      "user_required",
      "Sign in, and send the access token: Authorization: Bearer <token>.",
    );
  }
  const invalid = () => refusal("invalid_token", "That is not the valid access token of a user.");
  // What is no JWT is not sent anywhere: it may be a key that somebody mistook for one.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalid();
  const { data, error } = await database.auth.getClaims(token).catch((error) => ({
    data: null,
    error,
  }));
  if (error?.name === "AuthRetryableFetchError") {
    log.error("Auth did not answer", { error: errorText(error) });
    throw new Problem({
      status: 503,
      code: "auth_unavailable",
      detail: "Your sign-in could not be checked. Please try again.",
    });
  }
  // Auth's own words for it differ; the app is to renew the token, and not to ask for a password.
  if (error !== null && isExpired(token)) {
    throw refusal("token_expired", "The access token has expired: renew the session.");
  }
  const claims = UserClaims.safeParse(data?.claims);
  if (error !== null || !claims.success) throw invalid();
  return { id: claims.data.sub, accessToken: token };
}
