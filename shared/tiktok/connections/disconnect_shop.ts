/** Disconnects a user's shop. */
import * as z from "zod/mini";
import { decrypt, DecryptionError } from "../../crypto/encryption.ts";
import { callFunction } from "../../database/call_function.ts";
import type { ShopAccess } from "../api/client.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { tokenContext } from "./encrypted_tokens.ts";

const Disconnected = z.object({
  shop_id: z.string(),
  shop_cipher: z.string(),
  access_token: z.nullable(z.string()),
});

/**
 * Erases the tokens of the shop; orders and history stay.
 * @param id `tiktok_shops.id`
 * @returns Access for unsubscribing its webhooks; `undefined` if the shop was not connected.
 * @throws {DatabaseError} not found: the user has no such shop
 */
export async function disconnectShop(
  { database, keys }: Pick<TikTokDependencies, "database" | "keys">,
  userId: string,
  id: string,
): Promise<Required<ShopAccess> | undefined> {
  const args = { p_user_id: userId, p_tiktok_shop_id: id };
  const shop = await callFunction(database, "disconnect_tiktok_shop", args, Disconnected);
  if (shop.access_token === null) return undefined;
  try {
    const context = tokenContext("access_token", shop.shop_id);
    const accessToken = await decrypt(keys, shop.access_token, context);
    return { accessToken, shopCipher: shop.shop_cipher };
  } catch (error) {
    // The shop is disconnected even so.
    if (error instanceof DecryptionError) return undefined;
    throw error;
  }
}
