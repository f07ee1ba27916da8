/** Lets in signed-in users, by the access token that Supabase Auth gave them. */
import { cors } from "hono/cors";
import * as z from "zod/mini";
import type { SupabaseConfig } from "../config.ts";
import { DatabaseError } from "../database/errors.ts";
import { errorText, log } from "../log.ts";
import { createTokenVerifier, type VerifyToken } from "./access_tokens.ts";
import type { Callers } from "./app.ts";
import type { Problem } from "./problem.ts";
import { problemOf } from "./problem_table.ts";
import { AuthUnavailableError, ExpiredTokenError, InvalidTokenError } from "./token_errors.ts";

export interface User {
  id: string;
  /** For calls as the user; never logged. */
  accessToken: string;
}

/** Neither API keys nor anonymous sign-ins are users. */
const UserClaims = z.looseObject({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  is_anonymous: z.optional(z.literal(false)),
  iat: z.optional(z.number()),
});

/** The database's API, too, refuses a token from further in the future. */
const MAX_CLOCK_SKEW_SECONDS = 30;

/** Problems of every function that signed-in users call. */
export const USER_PROBLEMS = {
  user_required: {
    status: 401,
    detail: "Sign in, and send the access token: Authorization: Bearer <token>.",
  },
  invalid_token: { status: 401, detail: "That is not a user's valid access token." },
  token_expired: { status: 401, detail: "The access token has expired: renew the session." },
  account_deleted: { status: 401, detail: "This account was deleted." },
  auth_unavailable: {
    status: 503,
    detail: "Your sign-in could not be checked. Please try again.",
  },
} as const;

function unauthorized(code: "user_required" | "invalid_token" | "token_expired"): Problem {
  return problemOf(USER_PROBLEMS, code, { headers: { "www-authenticate": "Bearer" } });
}

/**
 * Verifies the token with the project's public keys, or through Auth where the project has none.
 * @throws {Problem} 401 without a user's valid token, 503 if Auth does not answer
 */
export async function identifyUser(request: Request, verify: VerifyToken): Promise<User> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) {
    throw unauthorized("user_required");
  }
  const invalid = () => unauthorized("invalid_token");
  // Anything but a JWT stays here: it may be a key that was sent by mistake.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalid();
  const verified = await verify(token).catch((error) => {
    if (error instanceof AuthUnavailableError) {
      log.error("Auth did not answer", { error: errorText(error) });
      throw problemOf(USER_PROBLEMS, "auth_unavailable");
    }
    if (!(error instanceof InvalidTokenError)) throw error;
    // Its own code: the app renews the session instead of showing the sign-in page.
    throw error instanceof ExpiredTokenError ? unauthorized("token_expired") : invalid();
  });
  const claims = UserClaims.safeParse(verified);
  if (!claims.success) throw invalid();
  if ((claims.data.iat ?? 0) > Date.now() / 1000 + MAX_CLOCK_SKEW_SECONDS) throw invalid();
  return { id: claims.data.sub, accessToken: token };
}

/**
 * The database's API checks the token again in a call as the user: it may have expired in the meantime.
 * `undefined` for other errors.
 */
export function tokenRefused(error: unknown): Problem | undefined {
  if (!(error instanceof DatabaseError) || !/^PGRST30[0-3]$/.test(error.code)) return undefined;
  return unauthorized("token_expired");
}

/** A token outlives its account for a while: the response to a call whose account was deleted. */
export function accountDeleted(cause: unknown): Problem {
  return problemOf(USER_PROBLEMS, "account_deleted", { cause });
}

/**
 * Every origin may call, with any header: callers prove themselves by a token that no other page has, not by
 * cookies. A fixed list of headers would stop a page whose client or monitoring adds one.
 */
const allowBrowsers = cors({
  origin: "*",
  exposeHeaders: ["x-request-id", "retry-after", "content-disposition", "x-next-cursor"],
  maxAge: 3600,
});

/**
 * Signed-in users, from pages of any origin. Every route has `c.var.user`.
 * @param except Paths below the function's own, e.g. `/callback`, that anyone may call.
 */
export function signedInUsers(
  config: SupabaseConfig,
  { except = [] }: { except?: readonly string[] } = {},
): Callers<{ user: User }> {
  const verify = createTokenVerifier(config);
  // The whole path: a route with a parameter must not be opened by its value.
  const isExcepted = (path: string) => except.includes(path.replace(/^\/[^/]+/, ""));
  return [
    (c, next) => isExcepted(c.req.path) ? next() : allowBrowsers(c, next),
    async (c, next) => {
      if (!isExcepted(c.req.path)) c.set("user", await identifyUser(c.req.raw, verify));
      await next();
    },
  ];
}
