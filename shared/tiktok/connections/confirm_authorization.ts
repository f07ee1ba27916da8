/** Reads from TikTok whether a seller still authorizes the app. */
import type { StoredConnection } from "../../inbox/events.ts";
import { getAuthorizedShops } from "../api/shops.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { ConnectionEndedError, ShopConnection } from "./shop_connection.ts";

/**
 * Whether TikTok accepts the shop's tokens, or renews them, and names the shop. A refusal ends the connection.
 * @throws {TikTokError} if TikTok does not say
 */
export async function isStillAuthorized(
  dependencies: TikTokDependencies,
  shop: StoredConnection,
): Promise<boolean> {
  const connection = new ShopConnection(dependencies, shop, { probe: true });
  try {
    const { read, unreadable } = await connection.call(({ accessToken }) =>
      getAuthorizedShops(dependencies.tiktok, accessToken)
    );
    if (read.some(({ id }) => id === shop.shop_id)) return true;
    if (unreadable[0] !== undefined) throw unreadable[0].error;
    return false;
  } catch (error) {
    if (error instanceof ConnectionEndedError) return false;
    throw error;
  }
}
