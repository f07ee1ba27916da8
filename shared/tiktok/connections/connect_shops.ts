/** From TikTok's code to connected shops; every failure has a code that a page can explain. */
import type { TikTokConfig } from "../../config.ts";
import { DatabaseError } from "../../database/result.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { exchangeAuthCode, NotASellerError } from "../api/tokens.ts";
import {
  type ConnectedShop,
  connectShops,
  keepConnected,
  NoShopsError,
  type ShopDependencies,
} from "./stored_shops.ts";

/** What may be told to the seller's browser. */
export type ConnectFailure =
  /** The code is wrong, used or older than 30 minutes. */
  | "code_refused"
  /** A creator's or partner's login. */
  | "not_a_seller"
  | "no_shops"
  /** The app may not see the shops: its scopes at TikTok. */
  | "permission_missing"
  /** Another account holds one of the shops by a live connection. */
  | "shop_taken"
  | "tiktok_unavailable";

export class ConnectError extends Error {
  override name = "ConnectError";
  readonly code: ConnectFailure;

  constructor(code: ConnectFailure, cause: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

const SCOPE_MISSING = 105005;

/** What a failure after the exchange means. */
function failureOf(error: unknown): ConnectFailure | undefined {
  if (error instanceof NotASellerError) return "not_a_seller";
  if (error instanceof NoShopsError) return "no_shops";
  if (error instanceof DatabaseError && error.code === "PT409") return "shop_taken";
  if (!(error instanceof TikTokError)) return undefined;
  return error.code === SCOPE_MISSING ? "permission_missing" : "tiktok_unavailable";
}

/** @throws {ConnectError} */
export async function connectWithCode(
  { config, ...dependencies }: ShopDependencies & { config: TikTokConfig },
  userId: string,
  code: string,
): Promise<ConnectedShop[]> {
  const grant = await exchangeAuthCode(config, code).catch((error) => {
    if (error instanceof TikTokError && isRefusal(error)) {
      throw new ConnectError("code_refused", error);
    }
    const failure = failureOf(error);
    throw failure ? new ConnectError(failure, error) : error;
  });
  await keepConnected(dependencies, grant);
  return await connectShops(dependencies, userId, grant).catch((error) => {
    const failure = failureOf(error);
    throw failure ? new ConnectError(failure, error) : error;
  });
}
