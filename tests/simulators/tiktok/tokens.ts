/** TikTok's auth host: unsigned GETs, errors as HTTP 200. */
import { Hono } from "hono";
import type { GateOptions } from "./gate.ts";

const ACCESS_SECONDS = 7 * 24 * 3600;
/** What sellers are granted by default ends in the next century, past 2^32. */
const REFRESH_SECONDS = 99 * 365 * 24 * 3600;

const SCOPES = [
  "seller.authorization.info",
  "seller.order.info",
  "seller.fulfillment.basic",
  "seller.logistics",
  "seller.shop.info",
];

function token(): string {
  return `TTP_${crypto.getRandomValues(new Uint8Array(40)).toHex()}`;
}

function failure(code: number, message: string): Response {
  return Response.json({ code, message, request_id: crypto.randomUUID() });
}

export function tokenRoutes({ appKey, appSecret, state, now }: GateOptions): Hono {
  function issue(openId: string): Response {
    const [accessToken, refreshToken] = [token(), token()];
    const seconds = Math.floor(now() / 1000);
    const [accessEnd, refreshEnd] = [seconds + ACCESS_SECONDS, seconds + REFRESH_SECONDS];
    state.put("accessTokens", accessToken, { openId, expiresAt: accessEnd });
    state.put("refreshTokens", refreshToken, { openId, expiresAt: refreshEnd });
    const shop = state.all("shops").find((candidate) => candidate.openId === openId);
    return Response.json({
      code: 0,
      message: "success",
      data: {
        access_token: accessToken,
        access_token_expire_in: accessEnd,
        refresh_token: refreshToken,
        refresh_token_expire_in: refreshEnd,
        open_id: openId,
        seller_name: shop?.name ?? null,
        seller_base_region: shop?.region ?? "US",
        user_type: 0,
        granted_scopes: SCOPES,
      },
      request_id: crypto.randomUUID(),
    });
  }

  const isOurs = (query: Record<string, string>, grantType: string) =>
    query.app_key === appKey && query.app_secret === appSecret && query.grant_type === grantType;

  const app = new Hono();
  app.get("/api/v2/token/get", (c) => {
    const query = c.req.query();
    if (!isOurs(query, "authorized_code")) return failure(98001004, "invalid params");
    const code = state.get("codes", query.auth_code ?? "");
    if (code === undefined || code.expiresAt <= now()) {
      return failure(36004004, "invalid auth code");
    }
    state.delete("codes", query.auth_code as string);
    return issue(code.openId);
  });
  app.get("/api/v2/token/refresh", (c) => {
    const query = c.req.query();
    if (!isOurs(query, "refresh_token")) return failure(98001004, "invalid params");
    const old = state.get("refreshTokens", query.refresh_token ?? "");
    if (old === undefined) return failure(36004005, "can not find related auth record");
    if (old.expiresAt <= now() / 1000) return failure(36004001, "rt has expired");
    state.delete("refreshTokens", query.refresh_token as string);
    return issue(old.openId);
  });
  // With POST the real host has no such page.
  app.all("/api/v2/token/*", (c) => c.text("404 page not found", 404));
  return app;
}
