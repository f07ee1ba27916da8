/** Lets in callers with a secret key: the scheduler, and people who operate the backend. */
import { equalInConstantTime } from "../crypto/constant_time.ts";
import type { Callers } from "./app.ts";
import { problemOf } from "./problem_table.ts";

/** Problems of every function that a secret key opens. */
export const SECRET_KEY_PROBLEMS = {
  secret_key_required: {
    status: 401,
    detail: "Send a secret key (sb_secret_...) in the header apikey.",
  },
  secret_key_refused: { status: 403, detail: "That is not a secret key of this project." },
} as const;

/** @throws {Problem} 403 for a key that is not one of `secretKeys`. */
function checkSecretKey(key: string, secretKeys: readonly string[]): void {
  // Every key is compared: the duration does not show which one matched.
  if (secretKeys.filter((secretKey) => equalInConstantTime(key, secretKey)).length > 0) return;
  throw problemOf(SECRET_KEY_PROBLEMS, "secret_key_refused");
}

/**
 * Secret keys come in `apikey`, never as a Bearer token, as on the platform. Other callers get 401 without
 * the header, 403 with a key that is not one of `secretKeys`.
 */
export function secretKeys(keys: readonly string[]): Callers<object> {
  return [async (c, next) => {
    const key = c.req.header("apikey");
    if (key === undefined) throw problemOf(SECRET_KEY_PROBLEMS, "secret_key_required");
    checkSecretKey(key, keys);
    await next();
  }];
}

/**
 * For a route that answers more with a secret key: lets in anyone, also with a publishable key, which apps
 * send with every call. Another key that is not one of `secretKeys` is 403.
 */
export function anyoneOrSecretKeys(
  keys: readonly string[],
): Callers<{ hasSecretKey: boolean }> {
  return [async (c, next) => {
    const key = c.req.header("apikey");
    const hasSecretKey = key !== undefined && !key.startsWith("sb_publishable_");
    if (hasSecretKey) checkSecretKey(key, keys);
    c.set("hasSecretKey", hasSecretKey);
    await next();
  }];
}
