/** Stripe ids as the database stores them: encrypted, with a keyed hash that finds the row. */
import { blindIndex, blindIndexes } from "../crypto/blind_index.ts";
import { decrypt, DecryptionError, encrypt } from "../crypto/encryption.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import { errorText, log } from "../log.ts";

type Column =
  | "stripe_customers.stripe_customer_id"
  | "subscriptions.stripe_customer_id"
  | "subscriptions.stripe_subscription_id";

export interface EncryptedId {
  text: string;
  hash: string;
}

export async function encryptId(keys: KeyRing, column: Column, id: string): Promise<EncryptedId> {
  return { text: await encrypt(keys, id, column), hash: blindIndex(keys, id, column) };
}

/** @throws {DecryptionError} if the text belongs to another column, or to a key that is not in the ring */
export async function decryptId(keys: KeyRing, column: Column, text: string): Promise<string> {
  return await decrypt(keys, text, column);
}

/** For work on many rows, which a row of another key ring must not stop: `keys:rotate` names it. */
export function undefinedIfUnreadable(error: unknown): undefined {
  if (!(error instanceof DecryptionError)) throw error;
  log.error("stored Stripe id not readable", { error: errorText(error) });
}

/** The hashes under every key of the ring: a row has one of them. */
export function idHashes(keys: KeyRing, column: Column, id: string): string[] {
  return blindIndexes(keys, id, column);
}
