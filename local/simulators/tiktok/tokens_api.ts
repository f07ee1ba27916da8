/** TikTok's auth host: unsigned GETs, errors as HTTP 200. */
import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Faults, HostErrors } from "../faults.ts";
import { type Authorizations, type Grant, TokenRefusal } from "./authorizations.ts";
import type { App } from "./open_api.ts";

/** Record of a call to the auth host, without tokens and secrets. */
export interface TokenRequest {
  path: string;
  /** The answer's code, even if a fault withheld the answer; `null` if it had no envelope. */
  code: number | null;
  /** Owner of the code or refresh token; absent if TikTok does not know it. */
  openId?: string;
  /** Tells refresh tokens apart: the beginning of its SHA-256, in hex. */
  refreshToken?: string;
}

export interface TokenRoutesOptions {
  app: App;
  authorizations: Authorizations;
  faults: Faults;
  /** Receives every call, refused ones too, in order of arrival. */
  tokenRequests: TokenRequest[];
  /** Receives the open_id of every granted refresh. */
  refreshes: string[];
}

type Env = { Variables: { record: TokenRequest } };

function answer(c: Context<Env>, code: number, message: string, data?: unknown): Response {
  c.get("record").code = code;
  const requestId = crypto.randomUUID();
  return c.json({ code, message, ...(data !== undefined && { data }), request_id: requestId });
}

/** TikTok documents no codes for the auth host's own failures: they come without an envelope. */
const ERRORS: HostErrors<Env> = {
  internal: (c) => c.html("<html><h1>500 Internal Server Error</h1></html>", 500),
  rateLimited: (c, seconds) => {
    c.status(429);
    c.header("retry-after", String(seconds));
    return answer(c, 36009002, "Too many requests.");
  },
  refused: (c, words) => answer(c, 36009004, `The request of ${words} is invalid.`),
};

function grantData({ login, accessToken, accessEnd, refreshToken, refreshEnd }: Grant) {
  const isCreator = login.userType === 1;
  return {
    access_token: accessToken,
    access_token_expire_in: accessEnd,
    refresh_token: refreshToken,
    refresh_token_expire_in: refreshEnd,
    open_id: login.openId,
    seller_name: isCreator ? null : login.name,
    ...(!isCreator && { seller_base_region: login.region }),
    user_type: login.userType,
    granted_scopes: login.scopes,
  };
}

function fingerprint(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}

export function tokenRoutes(options: TokenRoutesOptions): Hono<Env> {
  const { app: credentials, authorizations, faults, tokenRequests, refreshes } = options;

  /** Answers with the tokens that `grant` issues for a query of our app. */
  function issueTokens(
    c: Context<Env>,
    grantType: string,
    grant: (query: Record<string, string>, record: TokenRequest) => Grant,
  ): Response {
    const query = c.req.query();
    const isOurs = query.app_key === credentials.appKey &&
      query.app_secret === credentials.appSecret;
    if (!isOurs || query.grant_type !== grantType) return answer(c, 98001004, "invalid params");
    try {
      return answer(c, 0, "success", grantData(grant(query, c.get("record"))));
    } catch (error) {
      if (error instanceof TokenRefusal) return answer(c, error.code, error.message);
      throw error;
    }
  }

  function recordOwner(record: TokenRequest, openId: string | undefined): void {
    if (openId !== undefined) record.openId = openId;
  }

  const app = new Hono<Env>();
  app.use("/api/v2/token/*", async (c, next) => {
    const record: TokenRequest = { path: c.req.path, code: null };
    tokenRequests.push(record);
    c.set("record", record);
    await next();
  });
  app.use("/api/v2/token/*", faults.middleware(ERRORS));
  app.get(
    "/api/v2/token/get",
    (c) =>
      issueTokens(c, "authorized_code", ({ auth_code = "" }, record) => {
        recordOwner(record, authorizations.ownerOf("codes", auth_code));
        return authorizations.exchangeCode(auth_code);
      }),
  );
  app.get(
    "/api/v2/token/refresh",
    (c) =>
      issueTokens(c, "refresh_token", ({ refresh_token = "" }, record) => {
        record.refreshToken = fingerprint(refresh_token);
        recordOwner(record, authorizations.ownerOf("refreshTokens", refresh_token));
        const grant = authorizations.refresh(refresh_token);
        refreshes.push(grant.login.openId);
        return grant;
      }),
  );
  // TikTok answers POST with this page.
  app.all("/api/v2/token/*", (c) => c.text("404 page not found", 404));
  return app;
}
