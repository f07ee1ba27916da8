/** Lets only the backend's own callers in: the scheduler, and people who hold a secret key. */
import { equalInConstantTime } from "../crypto/constant_time.ts";
import { Problem } from "./problem.ts";

/**
 * Secret keys come in `apikey`, never as a Bearer token, as on the platform.
 * @throws {Problem} 401 if the header is missing, 403 if it is not one of `secretKeys`.
 */
export function requireSecretKey(request: Request, secretKeys: string[]): void {
  const key = request.headers.get("apikey");
  if (key === null) {
    throw new Problem({
      status: 401,
      code: "secret_key_required",
      detail: "Send a secret key (sb_secret_...) in the header apikey.",
    });
  }
  // Every key is compared, so that the duration does not tell which one it was.
  const matches = secretKeys.filter((secretKey) => equalInConstantTime(key, secretKey));
  if (matches.length === 0) {
    throw new Problem({
      status: 403,
      code: "secret_key_refused",
      detail: "That is not a secret key of this project.",
    });
  }
}
