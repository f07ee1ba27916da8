/**
 * Finds encrypted values without decrypting them: a keyed hash (HMAC-SHA256) is stored next to the text, as
 * `<key id>.<hash>`, base64url. Equal values have equal hashes; computing or checking one takes the key.
 */
import { createHmac } from "node:crypto";
import type { DerivedKeys, KeyRing } from "./key_ring.ts";

function hashWith(ring: KeyRing, keyId: string, value: string, context: string): string {
  const { index } = ring.keys.get(keyId) as DerivedKeys;
  const hash = createHmac("sha256", index).update(`${context}\0${value}`).digest("base64url");
  return `${keyId}.${hash}`;
}

/** The hash to store. @param context The column, e.g. `subscriptions.stripe_customer_id`. */
export function blindIndex(ring: KeyRing, value: string, context: string): string {
  return hashWith(ring, ring.current, value, context);
}

/**
 * Every hash that a stored row may have, one for each key of the ring: rows keep their old one until the
 * keys were rotated. Look up with `= any(...)`: that is one indexed read.
 */
export function blindIndexes(ring: KeyRing, value: string, context: string): string[] {
  return [...ring.keys.keys()].map((id) => hashWith(ring, id, value, context));
}
