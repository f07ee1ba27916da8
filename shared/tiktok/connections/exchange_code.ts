/** From TikTok's code to the tokens and shops of its login; every failure has a code that a page can explain. */
import { isConflict, isReplaced } from "../../database/errors.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { exchangeAuthCode, NotASellerError } from "../api/tokens.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { ConnectError, type ConnectFailure } from "./errors.ts";
import {
  type AuthorizedShops,
  NoShopsError,
  readShops,
  storeTokensOfConnectedShops,
} from "./store_shops.ts";

const SCOPE_MISSING = 105005;

/** The failure that an error after the exchange stands for; `undefined` for errors of our own. */
function failureOf(error: unknown): ConnectFailure | undefined {
  if (error instanceof NotASellerError) return "not_a_seller";
  if (error instanceof NoShopsError) return "no_shops";
  if (isConflict(error)) return "shop_taken";
  // A refresh that came between two steps has ended the pair.
  if (isReplaced(error)) return "code_refused";
  if (!(error instanceof TikTokError)) return undefined;
  return error.code === SCOPE_MISSING ? "permission_missing" : "tiktok_unavailable";
}

/**
 * Exchanges TikTok's code for tokens, and reads the shops of its login. Connects nothing; shops that the login is
 * connected with already receive the new pair.
 * @throws {ConnectError}
 */
export async function exchangeCode(
  dependencies: TikTokDependencies,
  code: string,
): Promise<AuthorizedShops> {
  const grant = await exchangeAuthCode(dependencies.config, code).catch((error) => {
    if (error instanceof TikTokError && isRefusal(error)) {
      throw new ConnectError("code_refused", error);
    }
    throw toConnectError(error);
  });
  await storeTokensOfConnectedShops(dependencies, grant);
  return await readShops(dependencies.tiktok, grant).catch((error) => {
    throw toConnectError(error);
  });
}

/** The error with its code for a page; errors of our own stay as they are. */
export function toConnectError(error: unknown): unknown {
  const failure = failureOf(error);
  return failure ? new ConnectError(failure, error) : error;
}
