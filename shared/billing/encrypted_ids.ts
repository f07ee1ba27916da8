/** Stripe's ids as the database keeps them: encrypted, with a keyed hash to find them by. */
import { blindIndex, blindIndexes } from "../crypto/blind_index.ts";
import { decrypt, encrypt } from "../crypto/encryption.ts";
import type { KeyRing } from "../crypto/key_ring.ts";

type Column =
  | "stripe_customers.stripe_customer_id"
  | "subscriptions.stripe_customer_id"
  | "subscriptions.stripe_subscription_id";

export interface SealedId {
  text: string;
  hash: string;
}

export async function sealId(keys: KeyRing, column: Column, id: string): Promise<SealedId> {
  return { text: await encrypt(keys, id, column), hash: await blindIndex(keys, id, column) };
}

export async function openId(keys: KeyRing, column: Column, text: string): Promise<string> {
  return await decrypt(keys, text, column);
}

/** The hashes under every key of the ring: a row has one of them. */
export async function hashesOf(keys: KeyRing, column: Column, id: string): Promise<string[]> {
  return await blindIndexes(keys, id, column);
}
