/** TikTok's authorization page: a seller agrees to the app's request or refuses it. */
import { Hono } from "hono";
import { escapeHtml, page } from "../pages.ts";
import type { AuthorizationAnswer } from "./authorize_redirect.ts";
import type { SimulatedLogin, SimulatorState } from "./state.ts";

export interface AuthorizePageOptions {
  state: SimulatorState;
  /** @default {any} */
  serviceId?: string;
  redirectUrl?: string;
  answer: (answer: AuthorizationAnswer) => URL;
}

const ROLES = { 0: "seller", 1: "creator", 3: "partner" } as const;

export function authorizePage(options: AuthorizePageOptions): Hono {
  const { state, serviceId, redirectUrl, answer } = options;

  /** The error page for a request that TikTok would not show to a seller. */
  function errorPage(query: Record<string, string>): Response | undefined {
    if (serviceId !== undefined && query.service_id !== serviceId) {
      return page(
        400,
        "service does not exist",
        "<p>The service_id of the link belongs to another app. It is not the app key.</p>",
      );
    }
    if (redirectUrl === undefined) {
      return page(
        400,
        "The app has no redirect URL",
        "<p>Partner Center has no redirect URL for the app. Set the simulator's option " +
          "redirectUrl.</p>",
      );
    }
    return undefined;
  }

  /** A relative link: the simulator may be mounted under any prefix. */
  function answerLink(text: string, query: Record<string, string>): string {
    return `<a href="${escapeHtml(`authorize/answer?${new URLSearchParams(query)}`)}">${text}</a>`;
  }

  function loginEntry(login: SimulatedLogin, request: Record<string, string>): string {
    const shops = state.all("shops").filter((shop) => shop.openId === login.openId);
    const names = shops.map((shop) => `${shop.name} (${shop.region}, ${shop.id})`);
    const owns = names.length === 0 ? "no shop" : names.join(", ");
    const agree = answerLink("Agree", { ...request, open_id: login.openId, decision: "agree" });
    return `<li>${escapeHtml(`${login.name}, ${ROLES[login.userType]}: ${owns}`)} ${agree}</li>`;
  }

  const app = new Hono();
  app.get("/open/authorize", (c) => {
    const query = c.req.query();
    const refusal = errorPage(query);
    if (refusal) return refusal;
    const request = {
      service_id: query.service_id ?? "",
      ...(query.state && { state: query.state }),
    };
    return page(
      200,
      "An app asks for access",
      `<p>The app with the service_id ${
        escapeHtml(request.service_id)
      } asks for access to the shops ` +
        `of one of these logins.</p>
<ul>
${state.all("logins").map((login) => loginEntry(login, request)).join("\n")}
</ul>
<p>${answerLink("Refuse", { ...request, decision: "refuse" })}</p>`,
    );
  });
  app.get("/open/authorize/answer", (c) => {
    const query = c.req.query();
    const refusal = errorPage(query);
    if (refusal) return refusal;
    const { decision, open_id: openId } = query;
    const isKnown = openId !== undefined && state.get("logins", openId) !== undefined;
    if (decision !== "refuse" && !(decision === "agree" && isKnown)) {
      return page(400, "Unknown answer", "<p>Agree as one of the logins, or refuse.</p>");
    }
    const url = answer({
      decision,
      ...(openId !== undefined && { openId }),
      ...(query.state && { state: query.state }),
    });
    return c.redirect(url.href, 302);
  });
  return app;
}
