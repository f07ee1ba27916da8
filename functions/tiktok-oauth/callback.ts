/** `GET /callback`: TikTok redirects the seller's browser here; every outcome leads on to the app. */
import type { User } from "../../shared/http/users.ts";
import { errorText, log } from "../../shared/log.ts";
import { consumeState, sealClaim } from "../../shared/tiktok/connections/authorization.ts";
import { ConnectError, connectShops } from "../../shared/tiktok/connections/connect_shops.ts";
import type { TikTokDependencies } from "../../shared/tiktok/dependencies.ts";

export interface CallbackDependencies extends TikTokDependencies {
  /** Page of the app. */
  appUrl: string;
}

/** The query parameters of the app's page: docs/tiktok.md. */
type Outcome =
  | { status: "connected" }
  | { status: "sign_in"; claim: string }
  | { status: "refused" | "failed"; code: string };

export interface Visit {
  requestId: string;
  /** The signed-in user, if the request has a token; a redirect has none. */
  visitor: User | undefined;
}

/** TikTok's codes are opaque; these characters are safe in a query. */
const CODE_FORM = /^[\w.~+/=:%-]{8,1024}$/;

async function decideOutcome(
  dependencies: CallbackDependencies,
  query: URLSearchParams,
  { requestId, visitor }: Visit,
): Promise<Outcome> {
  const code = query.get("code")?.trim();
  const state = query.get("state")?.trim();
  // TikTok writes a refusal in two ways, and the code as the word "null".
  if (query.has("error") || code === "" || code === "null") {
    if (state) await consumeState(dependencies.database, state);
    return { status: "refused", code: "access_denied" };
  }
  if (code === undefined) return { status: "failed", code: "code_missing" };
  if (!CODE_FORM.test(code)) return { status: "failed", code: "code_invalid" };
  // An installation from TikTok's app store has no state: the user is unknown until they sign in.
  if (!state) {
    return { status: "sign_in", claim: await sealClaim(dependencies.keys, code, Date.now()) };
  }
  const consumed = await consumeState(dependencies.database, state);
  if (consumed.outcome !== "valid") return { status: "failed", code: `state_${consumed.outcome}` };
  if (visitor !== undefined && visitor.id !== consumed.user_id) {
    return { status: "failed", code: "state_of_another_user" };
  }
  log.info("shops being connected", { request_id: requestId, user_id: consumed.user_id });
  await connectShops(dependencies, consumed.user_id, code);
  return { status: "connected" };
}

/** Returns the address that the browser is redirected to. */
export async function finishAuthorization(
  dependencies: CallbackDependencies,
  query: URLSearchParams,
  visit: Visit,
): Promise<{ location: string; connected: boolean }> {
  const outcome = await decideOutcome(dependencies, query, visit).catch((error): Outcome => {
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
  const location = new URL(dependencies.appUrl);
  for (const [name, value] of Object.entries(outcome)) location.searchParams.set(name, value);
  return { location: location.href, connected: outcome.status === "connected" };
}
