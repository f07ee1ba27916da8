/** The customer portal's page: buttons that change, cancel and keep the plan. */
import { Hono } from "hono";
import { button, escapeHtml, formFields, hidden, money, page } from "../pages.ts";
import { ApiError } from "./errors.ts";
import type { Price, Subscription } from "./objects.ts";
import { type Portal, PORTAL_ACTIONS } from "./portal.ts";
import type { Prices } from "./prices.ts";
import { periodOf } from "./subscription_objects.ts";

function priceName(price: Price): string {
  return `${price.nickname ?? price.id} (${money(price.unit_amount, price.currency)} a month)`;
}

function subscriptionHtml(sessionId: string, subscription: Subscription, prices: Price[]): string {
  const { id, status, cancel_at_period_end: isEnding } = subscription;
  const present = subscription.items.data[0]?.price;
  const end = new Date(periodOf(subscription).end * 1000).toISOString().slice(0, 10);
  const field = hidden("subscription", id);
  const changes = prices.filter((price) => price.id !== present?.id).map((price) =>
    button(
      `${sessionId}/change`,
      `Change to ${priceName(price)}`,
      field + hidden("price", price.id),
    )
  );
  const ending = isEnding
    ? button(`${sessionId}/keep`, "Keep the plan", field)
    : button(`${sessionId}/cancel`, "Cancel the plan", field);
  return [
    `<h2>${escapeHtml(present ? priceName(present) : id)}</h2>`,
    `<p>${escapeHtml(`${status}, ${isEnding ? "ends" : "renews"} ${end}`)}</p>`,
    ...changes,
    ending,
  ].join("\n");
}

export function portalPage(portal: Portal, prices: Prices): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (!(error instanceof ApiError)) throw error;
    return page(error.status, "The change failed", `<p>${escapeHtml(error.message)}</p>`);
  });

  app.get("/:id", (c) => {
    const session = portal.find(c.req.param("id"));
    const plans = portal.list(session).map((subscription) =>
      subscriptionHtml(session.id, subscription, prices.listRecurring())
    );
    const back = session.return_url === null
      ? ""
      : `<p><a href="${escapeHtml(session.return_url)}">Return</a></p>`;
    const body = [plans.join("\n") || "<p>You have no plan.</p>", back].join("\n");
    return page(200, "Your plan", body);
  });

  app.post("/:id/:action", async (c) => {
    const session = portal.find(c.req.param("id"));
    const action = PORTAL_ACTIONS.find((candidate) => candidate === c.req.param("action"));
    if (action === undefined) return page(404, "The portal has no such action", "");
    portal.run(session, action, await formFields(c.req.raw));
    // Relative to "…/portal/<id>/<action>": it holds under any prefix.
    return c.redirect(`../${session.id}`, 303);
  });
  return app;
}
