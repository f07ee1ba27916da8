/** The seller's way to TikTok's authorization page and back: states, and claims for visits without a state. */
import * as z from "zod";
import type { TikTokAuthorizeConfig } from "../../config.ts";
import { sha256Hex } from "../../crypto/digests.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import { decrypt, encrypt } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import { callFunction } from "../../database/call_function.ts";
import type { DatabaseClient } from "../../database/client.ts";

export const STATE_SECONDS = 15 * 60;

/** 256 random bits. */
const STATE_FORM = /^[A-Za-z0-9_-]{43}$/;

const Begun = z.object({ expires_at: z.string() });

/**
 * @param region `US` for sellers of the United States, who have an authorization page of their own.
 * @returns Where to send the seller, and when the state expires.
 * @throws {DatabaseError} not found: the account was deleted
 */
export async function beginAuthorization(
  { database, config }: { database: DatabaseClient; config: TikTokAuthorizeConfig },
  userId: string,
  region?: string,
): Promise<{ url: string; expires_at: string }> {
  const state = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const args = {
    p_user_id: userId,
    p_state_hash: sha256Hex(state),
    p_valid_seconds: STATE_SECONDS,
  };
  const { expires_at } = await callFunction(database, "begin_tiktok_authorization", args, Begun);
  const url = new URL(region === "US" ? config.authorizeUrlUs : config.authorizeUrl);
  url.searchParams.set("service_id", config.serviceId);
  url.searchParams.set("state", state);
  return { url: url.href, expires_at };
}

const ConsumedState = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("valid"), user_id: z.string() }),
  z.object({ outcome: z.enum(["unknown", "used", "expired"]) }),
]);

/** Consumes a state: returns the user who began with it, or why it is not valid. */
export async function consumeState(
  database: DatabaseClient,
  state: string,
): Promise<z.infer<typeof ConsumedState>> {
  if (!STATE_FORM.test(state)) return { outcome: "unknown" };
  const args = { p_state_hash: sha256Hex(state) };
  return await callFunction(database, "consume_tiktok_authorization", args, ConsumedState);
}

/** TikTok's codes are valid for as long. */
const CLAIM_SECONDS = 30 * 60;

const CLAIM_CONTEXT = "tiktok_authorization.claim";

const Claim = z.object({ code: z.string(), expires_at: z.number() });

/**
 * Encrypts the code of an installation that began at TikTok, for the app to redeem once the seller has
 * signed in. It needs no row. `now` in milliseconds.
 */
export async function sealClaim(keys: KeyRing, code: string, now: number): Promise<string> {
  const claim = { code, expires_at: now + CLAIM_SECONDS * 1000 };
  return await encrypt(keys, JSON.stringify(claim), CLAIM_CONTEXT);
}

/** Redeems a claim: returns its code, or why it is not valid. `now` in milliseconds. */
export async function redeemClaim(
  { database, keys }: { database: DatabaseClient; keys: KeyRing },
  userId: string,
  text: string,
  now: number,
): Promise<{ outcome: "valid"; code: string } | { outcome: "unknown" | "used" | "expired" }> {
  let claim: z.infer<typeof Claim>;
  try {
    claim = Claim.parse(JSON.parse(await decrypt(keys, text, CLAIM_CONTEXT)));
  } catch {
    return { outcome: "unknown" };
  }
  if (claim.expires_at <= now) return { outcome: "expired" };
  // The hash of the code: the same code may have been sealed twice.
  const args = { p_user_id: userId, p_claim_hash: sha256Hex(claim.code) };
  const isFirst = await callFunction(database, "redeem_tiktok_claim", args, z.boolean());
  return isFirst ? { outcome: "valid", code: claim.code } : { outcome: "used" };
}
