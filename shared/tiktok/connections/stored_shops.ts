/** Connects the shops of a TikTok login to a user of ours, and disconnects them. */
import * as z from "zod";
import { decrypt, DecryptionError } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import type { DatabaseClient } from "../../database/client.ts";
import { unwrap } from "../../database/result.ts";
import type { ShopAccess, TikTokClient } from "../api/client.ts";
import type { TokenGrant } from "../api/tokens.ts";
import { encryptTokens, tokenContext, tokenTimes } from "./encrypted_tokens.ts";

export interface ShopDependencies {
  database: DatabaseClient;
  tiktok: TikTokClient;
  keys: KeyRing;
}

/** The login agreed, but owns no shop. */
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
 * Reads which shops the login owns and stores them all, tokens encrypted, or none. The event worker then
 * subscribes their webhooks and fetches their orders.
 * @throws {TikTokError}
 * @throws {NoShopsError}
 * @throws {DatabaseError} `PT409` if another account holds one of them
 */
export async function connectShops(
  { database, tiktok, keys }: ShopDependencies,
  userId: string,
  grant: TokenGrant,
): Promise<ConnectedShop[]> {
  const shops = await tiktok.getAuthorizedShops(grant.accessToken);
  if (shops.length === 0) throw new NoShopsError("This TikTok login owns no shop");
  const rows = shops.map(async (shop) => ({
    shop_id: shop.id,
    shop_name: shop.name ?? null,
    region: shop.region ?? null,
    shop_cipher: shop.cipher,
    ...await encryptTokens(keys, grant, shop.id),
  }));
  const result = await database.rpc("connect_tiktok_shops", {
    p_user_id: userId,
    p_grant: {
      open_id: grant.openId,
      granted_scopes: grant.scopes,
      ...tokenTimes(grant),
      shops: await Promise.all(rows),
    },
  });
  return z.array(ConnectedShop).parse(unwrap("connect_tiktok_shops", result));
}

/**
 * Gives a new pair to the shops that the login is connected with already, before anything else may fail:
 * TikTok may have ended their old one with the new consent.
 */
export async function keepConnected(
  { database, keys }: Pick<ShopDependencies, "database" | "keys">,
  grant: TokenGrant,
): Promise<void> {
  const shops = unwrap(
    "tiktok_shops",
    await database.from("tiktok_shops").select("shop_id")
      .eq("open_id", grant.openId).eq("connection_status", "active"),
  );
  if (shops.length === 0) return;
  const rows = shops.map(async ({ shop_id }) => ({
    shop_id,
    ...await encryptTokens(keys, grant, shop_id),
  }));
  const result = await database.rpc("store_exchanged_tokens", {
    p_open_id: grant.openId,
    p_grant: { ...tokenTimes(grant), shops: await Promise.all(rows) },
  });
  unwrap("store_exchanged_tokens", result);
}

const Disconnected = z.object({
  shop_id: z.string(),
  shop_cipher: z.string(),
  access_token: z.string().nullable(),
});

/**
 * Erases the tokens of a user's own shop; orders and history stay.
 * @param id `tiktok_shops.id`
 * @returns What its webhooks can still be unsubscribed with; `undefined` if it was not connected.
 * @throws {DatabaseError} `PT404` if the user has no such shop
 */
export async function disconnectShop(
  { database, keys }: Pick<ShopDependencies, "database" | "keys">,
  userId: string,
  id: string,
): Promise<Required<ShopAccess> | undefined> {
  const result = await database.rpc("disconnect_tiktok_shop", {
    p_user_id: userId,
    p_tiktok_shop_id: id,
  });
  const shop = Disconnected.parse(unwrap("disconnect_tiktok_shop", result));
  if (shop.access_token === null) return undefined;
  const context = tokenContext("access_token", shop.shop_id);
  try {
    const accessToken = await decrypt(keys, shop.access_token, context);
    return { accessToken, shopCipher: shop.shop_cipher };
  } catch (error) {
    // The shop is disconnected all the same.
    if (error instanceof DecryptionError) return undefined;
    throw error;
  }
}
