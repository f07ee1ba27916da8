/** Verifies the access tokens of Supabase Auth. */
import type { SupabaseConfig } from "../config.ts";
import { fromBase64 } from "../crypto/encoding.ts";
import { fetchSupabase } from "../database/fetch_supabase.ts";
import { errorText } from "../log.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { type Fields, isObject } from "../values/fields.ts";
import { parseJson } from "../values/json.ts";
import { AuthUnavailableError, ExpiredTokenError, InvalidTokenError } from "./token_errors.ts";

/** Returns the claims of a valid token. @throws {InvalidTokenError} @throws {AuthUnavailableError} */
export type VerifyToken = (token: string) => Promise<Fields>;

function readPart(text: string | undefined): unknown {
  try {
    return parseJson(new TextDecoder().decode(fromBase64(text ?? "")));
  } catch {
    return undefined;
  }
}

/** Claims of a token; nothing of them is verified. @throws {InvalidTokenError} for anything but a JWT */
function readToken(token: string): { header: Fields; claims: Fields } {
  const [header, claims] = token.split(".").slice(0, 2).map(readPart);
  if (!isObject(header) || !isObject(claims)) throw new InvalidTokenError("It is not a JWT");
  return { header, claims };
}

/**
 * Verifies tokens with the project's public keys, and asks Auth about tokens that none of them has signed, or
 * that are signed with a secret, which only Auth knows.
 */
export function createTokenVerifier({ url, secretKey }: SupabaseConfig): VerifyToken {
  const auth = `${url}/auth/v1`;
  const signatureVerifier = createOnFirstUse(async () => {
    const { createSignatureVerifier } = await import("./signed_tokens.ts");
    return createSignatureVerifier(auth, secretKey);
  });

  async function askAuth(token: string, claims: Fields): Promise<Fields> {
    const headers = { apikey: secretKey, authorization: `Bearer ${token}` };
    const response = await fetchSupabase(`${auth}/user`, { headers }).catch((error) => {
      throw new AuthUnavailableError(errorText(error));
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (status >= 500 || status === 429) throw new AuthUnavailableError(`It answered ${status}`);
    if (!ok) throw new InvalidTokenError(`Auth answered ${status}`);
    return claims;
  }

  return async (token) => {
    const { header, claims } = readToken(token);
    if (typeof claims.exp !== "number") throw new InvalidTokenError("It has no expiry");
    if (claims.exp * 1000 <= Date.now()) throw new ExpiredTokenError("It has expired");
    if (typeof header.alg === "string" && header.alg.startsWith("HS")) {
      return await askAuth(token, claims);
    }
    const verifySignature = await signatureVerifier();
    return await verifySignature(token) ?? await askAuth(token, claims);
  };
}
