/** Disconnects a user's shop. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import type { ShopAccess } from "../api/client.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { decryptAccess } from "./encrypted_tokens.ts";

const Disconnected = z.object({
  shop_id: z.string(),
  shop_cipher: z.string(),
  access_token: z.nullable(z.string()),
});

/**
 * Erases the tokens of the shop; orders and history stay.
 * @param id `tiktok_shops.id`
 * @returns Access for unsubscribing its webhooks; `undefined` if the shop was not connected, or its token is
 * lost: see `decryptAccess`.
 * @throws {DatabaseError} not found: the user has no such shop
 */
export async function disconnectShop(
  { database, keys }: Pick<TikTokDependencies, "database" | "keys">,
  userId: string,
  id: string,
): Promise<Required<ShopAccess> | undefined> {
  const args = { p_user_id: userId, p_tiktok_shop_id: id };
  const shop = await callFunction(database, "disconnect_tiktok_shop", args, Disconnected);
  const { access_token } = shop;
  return access_token === null ? undefined : await decryptAccess(keys, { ...shop, access_token });
}
