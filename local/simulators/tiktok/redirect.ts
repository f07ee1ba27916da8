/** The way back to our app from TikTok's authorise page. */
import type { Consent } from "./consent.ts";
import type { SimulatorState } from "./state.ts";

/** What is answered to the request of an app. */
export interface AuthorizationAnswer {
  decision: "agree" | "refuse";
  /** Who answers; who refuses need not say. */
  openId?: string;
  /** What the app sent; an installation from Seller Center's app store comes without one. */
  state?: string;
  /** For `refuse`: TikTok's pages name both. @default {"auth_denied"} */
  error?: "auth_denied" | "access_denied";
}

export interface RedirectOptions {
  appKey: string;
  redirectUrl?: string;
  state: SimulatorState;
  consent: Consent;
}

/** The parameters that TikTok adds to the app's redirect URL. */
function parametersOf(
  { decision, openId = "", error = "auth_denied" }: AuthorizationAnswer,
  { appKey, state, consent }: RedirectOptions,
): Record<string, string> {
  if (decision === "refuse") return { code: "null", error };
  const login = state.get("logins", openId);
  if (login === undefined) throw new Error(`There is no login "${openId}".`);
  const shop = state.all("shops").find((candidate) => candidate.openId === openId);
  return {
    app_key: appKey,
    code: consent.newCode(openId),
    locale: "en-US",
    shop_region: shop?.region ?? login.region,
  };
}

export function redirectBack(answer: AuthorizationAnswer, options: RedirectOptions): URL {
  if (options.redirectUrl === undefined) throw new Error("The option redirectUrl is not set.");
  const url = new URL(options.redirectUrl);
  for (const [name, value] of Object.entries(parametersOf(answer, options))) {
    url.searchParams.set(name, value);
  }
  if (answer.state !== undefined) url.searchParams.set("state", answer.state);
  return url;
}
