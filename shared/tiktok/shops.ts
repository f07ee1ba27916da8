/** Connects the shops of a TikTok login to a user of ours. */
import { encrypt } from "../crypto/encryption.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { unwrap } from "../database/result.ts";
import type { AuthorizedShop, TikTokClient } from "./client.ts";
import type { TokenGrant } from "./oauth.ts";
import { tokenContext } from "./tokens.ts";

export interface ConnectedShop {
  /** `tiktok_shops.id` */
  id: string;
  /** TikTok's shop id. */
  shop_id: string;
}

const isoTime = (seconds: number) => new Date(seconds * 1000).toISOString();

/**
 * Reads which shops the login owns and stores them all, tokens encrypted, or none.
 * @throws {TikTokError}
 * @throws {DatabaseError} `PT409` if another account holds one of them
 */
export async function connectShops(
  { database, tiktok, keys }: { database: DatabaseClient; tiktok: TikTokClient; keys: KeyRing },
  userId: string,
  grant: TokenGrant,
): Promise<ConnectedShop[]> {
  const shops = await tiktok.getAuthorizedShops(grant.accessToken);
  const row = async (shop: AuthorizedShop) => ({
    shop_id: shop.id,
    shop_name: shop.name ?? null,
    region: shop.region ?? null,
    shop_cipher: shop.cipher,
    access_token: await encrypt(keys, grant.accessToken, tokenContext("access_token", shop.id)),
    refresh_token: await encrypt(keys, grant.refreshToken, tokenContext("refresh_token", shop.id)),
  });
  const result = await database.rpc("connect_tiktok_shops", {
    p_user_id: userId,
    p_grant: {
      open_id: grant.openId,
      token_expires_at: isoTime(grant.accessTokenExpiresAt),
      refresh_token_expires_at: isoTime(grant.refreshTokenExpiresAt),
      shops: await Promise.all(shops.map(row)),
    },
  });
  return unwrap("connect_tiktok_shops", result) as unknown as ConnectedShop[];
}
