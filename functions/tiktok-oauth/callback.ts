/**
 * `GET /callback`: TikTok redirects a browser here. Whose browser it is cannot be seen, so nothing is exchanged,
 * stored or connected: code and state go on to the app, sealed.
 */
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { isState } from "../../shared/tiktok/connections/authorization.ts";
import { sealClaim } from "../../shared/tiktok/connections/claims.ts";

/** Parameters that the app's page receives: docs/tiktok.md. */
export interface RedirectOutcome {
  status: "confirm" | "refused" | "failed";
  code?: string;
  /** With `confirm`. */
  claim?: string;
}

/** TikTok's codes are opaque; these characters are safe in a query. */
const CODE_FORM = /^[\w.~+/=:%-]{8,1024}$/;

/** `now` in milliseconds. */
export async function readRedirect(
  keys: KeyRing,
  query: URLSearchParams,
  now: number,
): Promise<RedirectOutcome> {
  const code = query.get("code")?.trim();
  // An installation from TikTok's app store has no state.
  const state = query.get("state")?.trim() || undefined;
  // TikTok writes a refusal in two ways, and the code as the word "null".
  if (query.has("error") || code === "" || code === "null") {
    return { status: "refused", code: "access_denied" };
  }
  if (code === undefined) return { status: "failed", code: "code_missing" };
  if (!CODE_FORM.test(code)) return { status: "failed", code: "code_invalid" };
  if (state !== undefined && !isState(state)) return { status: "failed", code: "state_unknown" };
  return { status: "confirm", claim: await sealClaim(keys, { code, state }, now) };
}

/** The page of the app: status and code in the query, the claim in the fragment, which browsers send nowhere. */
export function appLocation(appUrl: string, { claim, ...query }: RedirectOutcome): string {
  const location = new URL(appUrl);
  for (const [name, value] of Object.entries(query)) location.searchParams.set(name, value);
  if (claim !== undefined) location.hash = new URLSearchParams({ claim }).toString();
  return location.href;
}
