/** The shops of a TikTok login, as they are read from TikTok and as they are stored. */
import * as z from "zod/mini";
import type { KeyRing } from "../../crypto/key_ring.ts";
import { shopIdHashes } from "./shop_identity.ts";
import { callFunction } from "../../database/call_function.ts";
import { unwrap } from "../../database/errors.ts";
import { errorText, log } from "../../log.ts";
import { Nothing } from "../../values/schemas.ts";
import type { TikTokClient } from "../api/client.ts";
import type { AuthorizedShop } from "../api/schemas.ts";
import { getAuthorizedShops } from "../api/shops.ts";
import type { TokenGrant } from "../api/tokens.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { encryptTokens, tokenTimes } from "./encrypted_tokens.ts";
import { LoggableError } from "../../loggable_error.ts";

/** The login authorized the app, but owns no shop. */
export class NoShopsError extends LoggableError {
  override name = "NoShopsError";
}

export const ConnectedShop = z.object({
  /** `tiktok_shops.id` */
  id: z.string(),
  /** TikTok's shop id. */
  shop_id: z.string(),
});

export type ConnectedShop = z.infer<typeof ConnectedShop>;

/** The tokens of a login, and its shops. */
export interface AuthorizedShops {
  grant: TokenGrant;
  shops: AuthorizedShop[];
  /** False if TikTok may have named one of our shops in a way that we cannot read. */
  isComplete: boolean;
}

/**
 * Reads which shops the login owns.
 * @throws {TikTokError}
 * @throws {NoShopsError}
 */
export async function readShops(
  tiktok: TikTokClient,
  grant: TokenGrant,
): Promise<AuthorizedShops> {
  const { read: shops, unreadable } = await getAuthorizedShops(tiktok, grant.accessToken);
  for (const { id, error } of unreadable) {
    log.error("authorized shop is not readable", { shop_id: id, error: errorText(error) });
  }
  if (shops.length === 0 && unreadable[0]) throw unreadable[0].error;
  if (shops.length === 0) throw new NoShopsError("This TikTok login owns no shop");
  return { grant, shops, isComplete: unreadable.length === 0 };
}

/** The shops as SQL `connect_tiktok_shops` takes them: the tokens encrypted for each. */
export async function toGrantRow(keys: KeyRing, { grant, shops, isComplete }: AuthorizedShops) {
  const rows = shops.map(async (shop) => ({
    shop_id: shop.id,
    shop_id_hashes: shopIdHashes(keys, shop.id),
    shop_name: shop.name ?? null,
    region: shop.region ?? null,
    shop_cipher: shop.cipher,
    ...await encryptTokens(keys, grant, shop.id),
  }));
  return {
    open_id: grant.openId,
    is_complete: isComplete,
    granted_scopes: grant.scopes,
    ...tokenTimes(grant),
    shops: await Promise.all(rows),
  };
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
