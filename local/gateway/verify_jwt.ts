/** The platform's `verify_jwt`: the check of the caller in front of a function. */
import { createHmac, timingSafeEqual } from "node:crypto";

const BASE64URL = { alphabet: "base64url" } as const;

function decodeJson(part: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, BASE64URL)));
}

/** Claims of a token. */
export type Claims = Record<string, unknown>;

/** Claims of a token that is signed by `jwtSecret` (HS256). It may have expired. */
export function readClaims(token: string, jwtSecret: string): Claims | undefined {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  try {
    if (rest.length > 0 || decodeJson(header).alg !== "HS256") return undefined;
    const expected = createHmac("sha256", jwtSecret).update(`${header}.${payload}`).digest();
    const found = Uint8Array.fromBase64(signature, BASE64URL);
    if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined;
    return decodeJson(payload);
  } catch {
    return undefined;
  }
}

/** Whether `token` is signed by `jwtSecret` and not expired. `now` in milliseconds. */
function isValidToken(token: string, jwtSecret: string, now: number): boolean {
  const claims = readClaims(token, jwtSecret);
  if (claims === undefined) return false;
  return typeof claims.exp !== "number" || claims.exp * 1000 > now;
}

/** Keys and secret of the check. */
export interface JwtCheck {
  jwtSecret: string;
  publishableKey: string;
  secretKey: string;
}

/**
 * Passes a user's token as Bearer, or an API key in either header, as the platform does. It does not
 * identify the user: a function that needs one checks that. A preflight has no headers and passes.
 */
export function passesJwtCheck(request: Request, check: JwtCheck, now = Date.now()): boolean {
  if (request.method === "OPTIONS") return true;
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer?.startsWith("ey")) return isValidToken(bearer, check.jwtSecret, now);
  const keys = [check.publishableKey, check.secretKey];
  return [bearer, request.headers.get("apikey")].some((key) => key != null && keys.includes(key));
}
