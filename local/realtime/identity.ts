/** Whose channel it is: the role and the claims of a token, or of an API key. */
import { type JwtCheck, readClaims } from "../gateway/verify_jwt.ts";

export interface Identity {
  role: string;
  /** The claims as JSON, for `request.jwt.claims`. */
  claims: string;
  sub: string;
  /** Milliseconds; API keys do not expire. */
  expiresAt: number;
  /** The token, or the key. */
  credential: string;
}

/** The token cannot be used; the message is for its sender, and begins with Realtime's code. */
export class IdentityError extends Error {
  override name = "IdentityError";
}

const ROLES = ["anon", "authenticated", "service_role"];

function identifyKey(key: string, check: JwtCheck): Identity | undefined {
  const role = { [check.publishableKey]: "anon", [check.secretKey]: "service_role" }[key];
  if (role === undefined) return undefined;
  return { role, claims: JSON.stringify({ role }), sub: "", expiresAt: Infinity, credential: key };
}

/** Sentence for a token that has expired. */
export function describeExpiry({ expiresAt }: Identity, now: number): string {
  return `Token has expired ${Math.floor((now - expiresAt) / 1000)} seconds ago`;
}

/** @param now Milliseconds. @throws {IdentityError} */
export function identify(credential: string, check: JwtCheck, now: number): Identity {
  const key = identifyKey(credential, check);
  if (key) return key;
  const claims = readClaims(credential, check.jwtSecret);
  if (claims === undefined) {
    throw new IdentityError(
      credential.split(".").length === 3
        ? "JwtSignatureError: Failed to validate JWT signature"
        : "MalformedJWT: The token provided is not a valid JWT",
    );
  }
  const { role, exp, sub } = claims;
  if (typeof role !== "string" || typeof exp !== "number") {
    throw new IdentityError("InvalidJWTToken: Fields `role` and `exp` are required in JWT");
  }
  if (!ROLES.includes(role)) throw new IdentityError("InvalidJWTToken: The role is unknown");
  const identity = {
    role,
    claims: JSON.stringify(claims),
    sub: typeof sub === "string" ? sub : "",
    expiresAt: exp * 1000,
    credential,
  };
  if (identity.expiresAt <= now) {
    throw new IdentityError(`InvalidJWTToken: ${describeExpiry(identity, now)}`);
  }
  return identity;
}
