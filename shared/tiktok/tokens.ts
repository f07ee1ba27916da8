/** What a stored TikTok token is bound to. */

import { encryptionContext } from "../crypto/encrypted_columns.ts";

/** The associated data of a token's encryption: its column, and the shop that it is for. */
export function tokenContext(column: "access_token" | "refresh_token", shopId: string): string {
  return encryptionContext({ table: "tiktok_shops", column, boundTo: "shop_id" }, shopId);
}
