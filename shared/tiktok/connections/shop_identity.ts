/** A shop's id as it outlives the account: `private.shop_identities` knows it by a keyed hash. */
import { blindIndex, blindIndexes } from "../../crypto/blind_index.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";

const CONTEXT = "shop_identities.shop_id";

/** The hashes under every key of the ring: the shop may have been connected under any of them. */
export function shopIdHashes(keys: KeyRing, shopId: string): string[] {
  return blindIndexes(keys, shopId, CONTEXT);
}

/** The hash under the key that stays after a rotation. */
export function currentShopIdHash(keys: KeyRing, shopId: string): string {
  return blindIndex(keys, shopId, CONTEXT);
}
