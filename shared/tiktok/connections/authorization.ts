/** The seller's way to TikTok's authorization page: a state that belongs to their account. */
import * as z from "zod/mini";
import type { TikTokAuthorizeConfig } from "../../config.ts";
import { sha256Hex } from "../../crypto/digests.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import { callFunction } from "../../database/call_function.ts";
import type { DatabaseClient } from "../../database/client.ts";

const STATE_SECONDS = 15 * 60;

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

/** Whether the text has the form of our states. */
export function isState(text: string): boolean {
  return STATE_FORM.test(text);
}
