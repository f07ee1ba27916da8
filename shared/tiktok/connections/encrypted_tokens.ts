/** TikTok's tokens as they are stored: encrypted for each shop, times as timestamps. */
import { encryptionContext } from "../../crypto/encrypted_columns.ts";
import { decrypt, DecryptionError, encrypt } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import { isoTime } from "../../values/times.ts";
import type { ShopAccess } from "../api/client.ts";
import type { Tokens } from "../api/tokens.ts";

/** The associated data of a token's encryption: its column, and the shop that it is for. */
export function tokenContext(column: "access_token" | "refresh_token", shopId: string): string {
  return encryptionContext({ table: "tiktok_shops", column, boundTo: "shop_id" }, shopId);
}

export async function encryptTokens(
  keys: KeyRing,
  grant: Tokens,
  shopId: string,
): Promise<{ access_token: string; refresh_token: string }> {
  return {
    access_token: await encrypt(keys, grant.accessToken, tokenContext("access_token", shopId)),
    refresh_token: await encrypt(keys, grant.refreshToken, tokenContext("refresh_token", shopId)),
  };
}

/** Access to a shop by its stored token; `undefined` for a token of a key that is no longer in the ring. */
export async function decryptAccess(
  keys: KeyRing,
  shop: { shop_id: string; shop_cipher: string; access_token: string },
): Promise<Required<ShopAccess> | undefined> {
  try {
    const context = tokenContext("access_token", shop.shop_id);
    const accessToken = await decrypt(keys, shop.access_token, context);
    return { accessToken, shopCipher: shop.shop_cipher };
  } catch (error) {
    if (error instanceof DecryptionError) return undefined;
    throw error;
  }
}

/** The times of a pair, as the SQL functions take them. */
export function tokenTimes(
  grant: Tokens,
): { requested_at: string; token_expires_at: string; refresh_token_expires_at: string } {
  return {
    requested_at: new Date(grant.requestedAt).toISOString(),
    token_expires_at: isoTime(grant.accessTokenExpiresAt),
    refresh_token_expires_at: isoTime(grant.refreshTokenExpiresAt),
  };
}
