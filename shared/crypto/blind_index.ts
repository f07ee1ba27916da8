/**
 * Finds encrypted values without decrypting them: a keyed hash (HMAC-SHA256) stands beside the text, as
 * `<key id>.<hash>`, base64url. Equal values have equal hashes, and nobody without the key can compute
 * or check one.
 */
import { toBase64Url } from "./encoding.ts";
import type { DerivedKeys, KeyRing } from "./key_ring.ts";

async function hash(ring: KeyRing, keyId: string, value: string, context: string): Promise<string> {
  const { index } = ring.keys.get(keyId) as DerivedKeys;
  const message = new TextEncoder().encode(`${context}\0${value}`);
  return `${keyId}.${toBase64Url(await crypto.subtle.sign("HMAC", index, message))}`;
}

/** The hash to store. @param context The column, e.g. `subscriptions.stripe_customer_id`. */
export async function blindIndex(ring: KeyRing, value: string, context: string): Promise<string> {
  return await hash(ring, ring.current, value, context);
}

/**
 * Every hash that a stored row may have: one for each key of the ring, because rows keep their old one
 * until the keys were rotated. Look up with `= any(...)`: that is one indexed read.
 */
export async function blindIndexes(
  ring: KeyRing,
  value: string,
  context: string,
): Promise<string[]> {
  return await Promise.all([...ring.keys.keys()].map((id) => hash(ring, id, value, context)));
}
