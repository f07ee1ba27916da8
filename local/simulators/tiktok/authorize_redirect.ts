/** The redirect from TikTok's authorization page back to the app. */
import type { Authorizations } from "./authorizations.ts";
import type { SimulatorState } from "./state.ts";

/** A seller's answer to the app's request. */
export interface AuthorizationAnswer {
  decision: "agree" | "refuse";
  /** The login that agrees; optional for a refusal. */
  openId?: string;
  /** The app's `state`; absent for an installation from Seller Center's app store. */
  state?: string;
  /** For `refuse`: TikTok documents both. @default {"auth_denied"} */
  error?: "auth_denied" | "access_denied";
}

export interface RedirectOptions {
  appKey: string;
  redirectUrl?: string;
  state: SimulatorState;
  authorizations: Authorizations;
}

/** The parameters that TikTok adds to the app's redirect URL. */
function redirectParameters(
  { decision, openId = "", error = "auth_denied" }: AuthorizationAnswer,
  { appKey, state, authorizations }: RedirectOptions,
): Record<string, string> {
  if (decision === "refuse") return { code: "null", error };
  const login = state.get("logins", openId);
  if (login === undefined) throw new Error(`Unknown login "${openId}".`);
  const shop = state.all("shops").find((candidate) => candidate.openId === openId);
  return {
    app_key: appKey,
    code: authorizations.createCode(openId),
    locale: "en-US",
    shop_region: shop?.region ?? login.region,
  };
}

export function redirectUrl(answer: AuthorizationAnswer, options: RedirectOptions): URL {
  if (options.redirectUrl === undefined) throw new Error("The option redirectUrl is not set.");
  const url = new URL(options.redirectUrl);
  for (const [name, value] of Object.entries(redirectParameters(answer, options))) {
    url.searchParams.set(name, value);
  }
  if (answer.state !== undefined) url.searchParams.set("state", answer.state);
  return url;
}
