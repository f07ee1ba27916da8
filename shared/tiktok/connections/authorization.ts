/** The seller's way to TikTok's authorisation page and back: states, and claims where there is none. */
import { sha256Hex, toBase64Url } from "../../crypto/encoding.ts";
import { decrypt, encrypt } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import type { TikTokAuthorizeConfig } from "../../config.ts";
import type { DatabaseClient } from "../../database/client.ts";
import { unwrap } from "../../database/result.ts";
import * as z from "zod";

export const STATE_SECONDS = 15 * 60;

/** 256 random bits. */
const STATE_FORM = /^[A-Za-z0-9_-]{43}$/;

const Begun = z.object({ expires_at: z.string() });

/**
 * @param region `US` for sellers of the United States, who have an authorisation page of their own.
 * @returns Where to send the seller, and until when their way back is open.
 * @throws {DatabaseError} `PT404` if the account is gone
 */
export async function beginAuthorization(
  { database, config }: { database: DatabaseClient; config: TikTokAuthorizeConfig },
  userId: string,
  region?: string,
): Promise<{ url: string; expires_at: string }> {
  const state = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const result = await database.rpc("begin_tiktok_authorization", {
    p_user_id: userId,
    p_state_hash: await sha256Hex(state),
    p_valid_seconds: STATE_SECONDS,
  });
  const { expires_at } = Begun.parse(unwrap("begin_tiktok_authorization", result));
  const url = new URL(region === "US" ? config.authorizeUrlUs : config.authorizeUrl);
  url.searchParams.set("service_id", config.serviceId);
  url.searchParams.set("state", state);
  return { url: url.href, expires_at };
}

const Used = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("valid"), user_id: z.string() }),
  z.object({ outcome: z.enum(["unknown", "used", "expired"]) }),
]);

/** Uses a state up: whose it is, or why it is not good. */
export async function useState(
  database: DatabaseClient,
  state: string,
): Promise<z.infer<typeof Used>> {
  if (!STATE_FORM.test(state)) return { outcome: "unknown" };
  const result = await database.rpc("use_tiktok_authorization", {
    p_state_hash: await sha256Hex(state),
  });
  return Used.parse(unwrap("use_tiktok_authorization", result));
}

/** As long as TikTok's codes live. */
const CLAIM_SECONDS = 30 * 60;

const CLAIM_CONTEXT = "tiktok_authorization.claim";

const Claim = z.object({ code: z.string(), expires_at: z.number() });

/**
 * Seals the code of an installation that began at TikTok, so that whoever signs in can bring it back. It
 * needs no row: nobody is signed in yet. `now` in milliseconds.
 */
export async function sealClaim(keys: KeyRing, code: string, now: number): Promise<string> {
  const claim = { code, expires_at: now + CLAIM_SECONDS * 1000 };
  return await encrypt(keys, JSON.stringify(claim), CLAIM_CONTEXT);
}

/** Uses a claim up: its code, or why it is not good. `now` in milliseconds. */
export async function useClaim(
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
  const result = await database.rpc("use_tiktok_claim", {
    p_user_id: userId,
    // Of the code, not of the text: the same code may have been sealed twice.
    p_claim_hash: await sha256Hex(claim.code),
  });
  const first = unwrap("use_tiktok_claim", result);
  return first ? { outcome: "valid", code: claim.code } : { outcome: "used" };
}
