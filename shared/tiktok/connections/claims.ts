/** Claims: TikTok's code and our state, sealed for the app, which redeems them for the signed-in seller. */
import * as z from "zod/mini";
import { decrypt, encrypt } from "../../crypto/encryption.ts";
import type { KeyRing } from "../../crypto/key_ring.ts";
import { ClaimError } from "./errors.ts";

/** Time for a seller to sign in, or up, and to confirm; TikTok's codes are valid for 30 minutes. */
const CLAIM_SECONDS = 15 * 60;

const CLAIM_CONTEXT = "tiktok_authorization.claim";

const Claim = z.object({
  code: z.string(),
  /** Absent for an installation that began in TikTok's app store. */
  state: z.optional(z.string()),
  /** Milliseconds since 1970. */
  expires_at: z.number(),
});

export type Claim = z.infer<typeof Claim>;

/** Needs no row, so the callback changes nothing. `now` in milliseconds. */
export async function sealClaim(
  keys: KeyRing,
  { code, state }: { code: string; state?: string | undefined },
  now: number,
): Promise<string> {
  const claim: Claim = { code, state, expires_at: now + CLAIM_SECONDS * 1000 };
  return await encrypt(keys, JSON.stringify(claim), CLAIM_CONTEXT);
}

/** @throws {ClaimError} `claim_unknown` or `claim_expired` */
export async function openClaim(keys: KeyRing, text: string, now: number): Promise<Claim> {
  let claim: Claim;
  try {
    claim = Claim.parse(JSON.parse(await decrypt(keys, text, CLAIM_CONTEXT)));
  } catch {
    throw new ClaimError("claim_unknown");
  }
  if (claim.expires_at <= now) throw new ClaimError("claim_expired");
  return claim;
}
