/** Stores the shops of a TikTok login as connections of a user. */
import * as z from "zod";
import { callFunction } from "../../database/call_function.ts";
import { unwrap } from "../../database/errors.ts";
import { errorText, log } from "../../log.ts";
import { Nothing } from "../../values/schemas.ts";
import type { TokenGrant } from "../api/tokens.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { encryptTokens, tokenTimes } from "./encrypted_tokens.ts";

/** The login authorized the app, but owns no shop. */
export class NoShopsError extends Error {
  override name = "NoShopsError";
}

const ConnectedShop = z.object({
  /** `tiktok_shops.id` */
  id: z.string(),
  /** TikTok's shop id. */
  shop_id: z.string(),
});

export type ConnectedShop = z.infer<typeof ConnectedShop>;

/**
 * Reads which shops the login owns and stores all of them, tokens encrypted, or none. The event worker then
 * subscribes their webhooks and reads their orders.
 * @throws {TikTokError}
 * @throws {NoShopsError}
 * @throws {DatabaseError} conflict: another account holds one of the shops
 */
export async function storeShops(
  { database, tiktok, keys }: Pick<TikTokDependencies, "database" | "tiktok" | "keys">,
  userId: string,
  grant: TokenGrant,
): Promise<ConnectedShop[]> {
  const { read: shops, unreadable } = await tiktok.getAuthorizedShops(grant.accessToken);
  for (const { id, error } of unreadable) {
    log.error("authorized shop is not readable", { shop_id: id, error: errorText(error) });
  }
  if (shops.length === 0 && unreadable[0]) throw unreadable[0].error;
  if (shops.length === 0) throw new NoShopsError("This TikTok login owns no shop");
  const rows = shops.map(async (shop) => ({
    shop_id: shop.id,
    shop_name: shop.name ?? null,
    region: shop.region ?? null,
    shop_cipher: shop.cipher,
    ...await encryptTokens(keys, grant, shop.id),
  }));
  const args = {
    p_user_id: userId,
    p_grant: {
      open_id: grant.openId,
      // TikTok may have named one of our shops in a way that we cannot read.
      is_complete: unreadable.length === 0,
      granted_scopes: grant.scopes,
      ...tokenTimes(grant),
      shops: await Promise.all(rows),
    },
  };
  return await callFunction(database, "connect_tiktok_shops", args, z.array(ConnectedShop));
}

/**
 * Stores the new token pair for the shops that the login is connected with already, before anything else may
 * fail: TikTok may have ended their old pair.
 */
export async function storeTokensOfConnectedShops(
  { database, keys }: Pick<TikTokDependencies, "database" | "keys">,
  grant: TokenGrant,
): Promise<void> {
  const shops = unwrap(
    "tiktok_shops",
    await database.from("tiktok_shops").select("shop_id")
      .eq("open_id", grant.openId).in("connection_status", ["active", "paused"]),
  );
  if (shops.length === 0) return;
  const rows = shops.map(async ({ shop_id }) => ({
    shop_id,
    ...await encryptTokens(keys, grant, shop_id),
  }));
  const args = {
    p_open_id: grant.openId,
    p_grant: { ...tokenTimes(grant), shops: await Promise.all(rows) },
  };
  await callFunction(database, "store_exchanged_tokens", args, Nothing);
}
