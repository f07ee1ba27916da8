/** TikTok's page on which a seller agrees to our app's request or refuses it. */
import { Hono } from "hono";
import { escapeHtml, page } from "../pages.ts";
import type { AuthorizationAnswer } from "./redirect.ts";
import type { SimulatedLogin, SimulatorState } from "./state.ts";

export interface AuthorizePageOptions {
  state: SimulatorState;
  /** Without it any is taken. */
  serviceId?: string;
  redirectUrl?: string;
  answer: (answer: AuthorizationAnswer) => URL;
}

const ROLES = { 0: "seller", 1: "creator", 3: "partner" } as const;

export function authorizePage(options: AuthorizePageOptions): Hono {
  const { state, serviceId, redirectUrl, answer } = options;

  /** Why the request of an app cannot be answered. */
  function refusalOf(query: Record<string, string>): Response | undefined {
    if (serviceId !== undefined && query.service_id !== serviceId) {
      return page(
        400,
        "service does not exist",
        "<p>The service_id of the link is not the app's; it is not the app key either.</p>",
      );
    }
    if (redirectUrl === undefined) {
      return page(
        400,
        "The app has no redirect URL",
        "<p>Partner Center does not know where to send a seller who agreed. Give the simulator the " +
          "option redirectUrl.</p>",
      );
    }
    return undefined;
  }

  /** Relative, so that it holds under any prefix. */
  function link(text: string, query: Record<string, string>): string {
    return `<a href="${escapeHtml(`authorize/answer?${new URLSearchParams(query)}`)}">${text}</a>`;
  }

  function entry(login: SimulatedLogin, request: Record<string, string>): string {
    const shops = state.all("shops").filter((shop) => shop.openId === login.openId);
    const names = shops.map((shop) => `${shop.name} (${shop.region}, ${shop.id})`);
    const owns = names.length === 0 ? "no shop" : names.join(", ");
    const agree = link("Agree", { ...request, open_id: login.openId, decision: "agree" });
    return `<li>${escapeHtml(`${login.name}, ${ROLES[login.userType]}: ${owns}`)} ${agree}</li>`;
  }

  const app = new Hono();
  app.get("/open/authorize", (c) => {
    const query = c.req.query();
    const refusal = refusalOf(query);
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
${state.all("logins").map((login) => entry(login, request)).join("\n")}
</ul>
<p>${link("Refuse", { ...request, decision: "refuse" })}</p>`,
    );
  });
  app.get("/open/authorize/answer", (c) => {
    const query = c.req.query();
    const refusal = refusalOf(query);
    if (refusal) return refusal;
    const { decision, open_id: openId } = query;
    const isKnown = openId !== undefined && state.get("logins", openId) !== undefined;
    if (decision !== "refuse" && !(decision === "agree" && isKnown)) {
      return page(400, "No such answer", "<p>Agree as one of the logins, or refuse.</p>");
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
