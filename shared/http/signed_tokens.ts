/** Verifies tokens with the project's public keys. Only `import()` loads it: refusals and tokens of a secret need no jose. */
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import { fetchSupabase } from "../database/fetch_supabase.ts";
import { errorText } from "../log.ts";
import type { Fields } from "../values/fields.ts";
import { AuthUnavailableError, ExpiredTokenError, InvalidTokenError } from "./token_errors.ts";

/** What Auth signs with, besides HS256. */
const ALGORITHMS = ["ES256", "RS256"];

/** No public key belongs to the token: the project may have none, or a new one. */
const WITHOUT_KEY = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys];

/** The token is wrong, and not the way to the keys. */
const WRONG_TOKEN = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
];

async function fetchKeys(url: string, init: RequestInit): Promise<Response> {
  const response = await fetchSupabase(url, init);
  if (response.ok) return response;
  await response.body?.cancel();
  throw new AuthUnavailableError(`It answered ${response.status}`);
}

const isOneOf = (error: unknown, kinds: readonly (abstract new (...args: never[]) => unknown)[]) =>
  kinds.some((kind) => error instanceof kind);

/** Returns the claims of a valid token; `undefined` if none of the project's keys has signed it. */
export type VerifySignature = (token: string) => Promise<Fields | undefined>;

/**
 * Keeps the keys for ten minutes. What it returns throws `InvalidTokenError` and `AuthUnavailableError`.
 * @param auth Base of Auth's addresses.
 */
export function createSignatureVerifier(auth: string, apikey: string): VerifySignature {
  const keys = createRemoteJWKSet(new URL(`${auth}/.well-known/jwks.json`), {
    headers: { apikey },
    [customFetch]: fetchKeys,
  });
  return async (token) => {
    try {
      return (await jwtVerify(token, keys, { algorithms: ALGORITHMS })).payload;
    } catch (error) {
      if (isOneOf(error, WITHOUT_KEY)) return undefined;
      if (error instanceof errors.JWTExpired) throw new ExpiredTokenError("It has expired");
      if (isOneOf(error, WRONG_TOKEN)) throw new InvalidTokenError("The token is not valid");
      if (error instanceof AuthUnavailableError) throw error;
      throw new AuthUnavailableError(errorText(error));
    }
  };
}
