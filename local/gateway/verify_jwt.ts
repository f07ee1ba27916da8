/** The platform's `verify_jwt`: the check of the caller in front of a function. */

const BASE64URL = { alphabet: "base64url" } as const;

function decodeJson(part: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, BASE64URL)));
}

/** Whether `token` is signed by `jwtSecret` (HS256) and not expired. `now` in milliseconds. */
export async function isValidToken(
  token: string,
  jwtSecret: string,
  now: number,
): Promise<boolean> {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  try {
    if (rest.length > 0 || decodeJson(header).alg !== "HS256") return false;
    const encoder = new TextEncoder();
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey(
      "raw",
      encoder.encode(jwtSecret),
      algorithm,
      false,
      ["verify"],
    );
    const signed = encoder.encode(`${header}.${payload}`);
    const bytes = Uint8Array.fromBase64(signature, BASE64URL);
    if (!await crypto.subtle.verify("HMAC", key, bytes, signed)) return false;
    const { exp } = decodeJson(payload);
    return typeof exp !== "number" || exp * 1000 > now;
  } catch {
    return false;
  }
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
export async function passesJwtCheck(
  request: Request,
  check: JwtCheck,
  now = Date.now(),
): Promise<boolean> {
  if (request.method === "OPTIONS") return true;
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer?.startsWith("ey")) return await isValidToken(bearer, check.jwtSecret, now);
  const keys = [check.publishableKey, check.secretKey];
  return [bearer, request.headers.get("apikey")].some((key) => key != null && keys.includes(key));
}
