/** `GET /callback`: TikTok sends the seller's browser here. Whatever happens, it goes on to the app. */
import type { TikTokAuthorizeConfig, TikTokConfig } from "../../shared/config.ts";
import { errorText, log } from "../../shared/log.ts";
import { sealClaim, useState } from "../../shared/tiktok/connections/authorization.ts";
import { ConnectError, connectWithCode } from "../../shared/tiktok/connections/connect_shops.ts";
import type { User } from "../../shared/http/user.ts";
import type { ShopDependencies } from "../../shared/tiktok/connections/stored_shops.ts";

export interface CallbackDependencies extends ShopDependencies {
  config: TikTokConfig & TikTokAuthorizeConfig;
}

/** What the app's page is told, as query parameters: docs/tiktok.md. */
type Outcome =
  | { status: "connected" }
  | { status: "sign_in"; claim: string }
  | { status: "refused" | "failed"; code: string };

export interface Visit {
  requestId: string;
  /** Who is known to be at the browser; a redirect tells nothing of that, but other callers may. */
  visitor: User | undefined;
}

/** TikTok's codes are opaque; this is what fits into a query without being something else. */
const CODE_FORM = /^[\w.~+/=:%-]{8,1024}$/;

async function decide(
  dependencies: CallbackDependencies,
  query: URLSearchParams,
  { requestId, visitor }: Visit,
): Promise<Outcome> {
  const code = query.get("code")?.trim();
  const state = query.get("state")?.trim();
  // TikTok writes a refusal in two ways, and the code as the word "null".
  if (query.has("error") || code === "" || code === "null") {
    if (state) await useState(dependencies.database, state);
    return { status: "refused", code: "access_denied" };
  }
  if (code === undefined) return { status: "failed", code: "code_missing" };
  if (!CODE_FORM.test(code)) return { status: "failed", code: "code_invalid" };
  // An installation from TikTok's own app store comes back without state: nobody knows whose it is yet.
  if (!state) {
    return { status: "sign_in", claim: await sealClaim(dependencies.keys, code, Date.now()) };
  }
  const used = await useState(dependencies.database, state);
  if (used.outcome !== "valid") return { status: "failed", code: `state_${used.outcome}` };
  if (visitor !== undefined && visitor.id !== used.user_id) {
    return { status: "failed", code: "state_of_another_user" };
  }
  log.info("shops being connected", { request_id: requestId, user_id: used.user_id });
  await connectWithCode(dependencies, used.user_id, code);
  return { status: "connected" };
}

/** Returns where the browser goes. */
export async function finishAuthorization(
  dependencies: CallbackDependencies,
  query: URLSearchParams,
  visit: Visit,
): Promise<{ location: string; connected: boolean }> {
  const outcome = await decide(dependencies, query, visit).catch((error): Outcome => {
    const code = error instanceof ConnectError ? error.code : "internal_error";
    const text = errorText(error instanceof ConnectError ? error.cause : error);
    const level = code === "internal_error" ? "error" : "warn";
    log[level]("shop not connected", { request_id: visit.requestId, code, error: text });
    return { status: "failed", code };
  });
  const failure = "code" in outcome ? { code: outcome.code } : {};
  log.info("authorization ended", {
    request_id: visit.requestId,
    status: outcome.status,
    ...failure,
  });
  const location = new URL(dependencies.config.appUrl);
  for (const [name, value] of Object.entries(outcome)) location.searchParams.set(name, value);
  return { location: location.href, connected: outcome.status === "connected" };
}
