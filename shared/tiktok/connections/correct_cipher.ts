/** Repairs a connection whose cipher TikTok no longer takes with the login's token. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import type { StoredConnection } from "../../inbox/events.ts";
import { log } from "../../log.ts";
import type { TikTokError } from "../api/errors.ts";
import { getAuthorizedShops } from "../api/shops.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { ShopConnection } from "./shop_connection.ts";

/** "The access token and shop_cipher do not match": the cipher has changed, or another login owns the shop. */
const WRONG_CIPHER = 101000;

const Outcome = z.nullable(z.enum(["corrected", "ended"]));

/**
 * After a refusal for the cipher: stores the one that TikTok has for the shop now, or ends the connection if the
 * login no longer owns the shop.
 * @throws {TikTokError} if TikTok does not say
 */
export async function correctCipher(
  dependencies: TikTokDependencies,
  shop: StoredConnection,
  refusal: TikTokError,
): Promise<void> {
  if (refusal.code !== WRONG_CIPHER) return;
  const { database, tiktok } = dependencies;
  const { read, unreadable } = await new ShopConnection(dependencies, shop)
    .call(({ accessToken }) => getAuthorizedShops(tiktok, accessToken));
  const found = read.find(({ id }) => id === shop.shop_id);
  // The unreadable one may be this shop.
  if (found === undefined && unreadable.length > 0) return;
  const args = {
    p_tiktok_shop_id: shop.id,
    p_token_version: shop.token_version,
    p_shop_cipher: found?.cipher ?? null,
  };
  const outcome = await callFunction(database, "correct_shop_cipher", args, Outcome);
  if (outcome !== null) log.warn("shop cipher refused", { shop_id: shop.shop_id, outcome });
}
