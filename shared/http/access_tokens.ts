/** Verifies the access tokens of Supabase Auth. */
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import type { SupabaseConfig } from "../config.ts";
import { fetchSupabase } from "../database/fetch_supabase.ts";
import { errorText } from "../log.ts";
import { LoggableError } from "../loggable_error.ts";

/** The token is not a valid one of this project. */
export class InvalidTokenError extends LoggableError {
  override name = "InvalidTokenError";
}

/** Auth gave no answer: the token may be valid. */
export class AuthUnavailableError extends LoggableError {
  override name = "AuthUnavailableError";
}

/** Returns the claims of a valid token. @throws {InvalidTokenError} @throws {AuthUnavailableError} */
export type VerifyToken = (token: string) => Promise<JWTPayload>;

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
  errors.JWTExpired,
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

function toUnavailable(error: unknown): AuthUnavailableError {
  return error instanceof AuthUnavailableError ? error : new AuthUnavailableError(errorText(error));
}

/**
 * Whether the token is signed with a secret, which only Auth knows. Nothing else of it is verified here.
 * @throws {InvalidTokenError} for anything but a token that has not expired
 */
function hasSecretSignature(token: string): boolean {
  try {
    const { alg = "" } = decodeProtectedHeader(token);
    const { exp = 0 } = decodeJwt(token);
    if (exp * 1000 > Date.now()) return alg.startsWith("HS");
  } catch {
    throw new InvalidTokenError("It is not a JWT");
  }
  throw new InvalidTokenError("It has expired");
}

/**
 * Verifies tokens with the project's public keys, which it keeps for ten minutes, and asks Auth about tokens
 * that none of them has signed.
 */
export function createTokenVerifier({ url, secretKey }: SupabaseConfig): VerifyToken {
  const auth = `${url}/auth/v1`;
  const keys = createRemoteJWKSet(new URL(`${auth}/.well-known/jwks.json`), {
    headers: { apikey: secretKey },
    [customFetch]: fetchKeys,
  });

  async function askAuth(token: string): Promise<JWTPayload> {
    const headers = { apikey: secretKey, authorization: `Bearer ${token}` };
    const response = await fetchSupabase(`${auth}/user`, { headers }).catch((error) => {
      throw toUnavailable(error);
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (status >= 500 || status === 429) throw new AuthUnavailableError(`It answered ${status}`);
    if (!ok) throw new InvalidTokenError(`Auth answered ${status}`);
    return decodeJwt(token);
  }

  return async (token) => {
    if (hasSecretSignature(token)) return await askAuth(token);
    try {
      return (await jwtVerify(token, keys, { algorithms: ALGORITHMS })).payload;
    } catch (error) {
      if (isOneOf(error, WITHOUT_KEY)) return await askAuth(token);
      if (isOneOf(error, WRONG_TOKEN)) throw new InvalidTokenError("The token is not valid");
      throw toUnavailable(error);
    }
  };
}
