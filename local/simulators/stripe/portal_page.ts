/** The billing portal's page: change the plan, let it end, keep it. */
import { Hono } from "hono";
import type { Books } from "./books.ts";
import { StripeRefusal } from "./errors.ts";
import type { Price, Subscription } from "./objects.ts";
import type { PortalSession } from "./session_objects.ts";
import { button, escapeHtml, formFields, hidden, money, page } from "../pages.ts";
import type { Portal, PortalAction } from "./portal.ts";

const ACTIONS: readonly PortalAction[] = ["change", "cancel", "keep"];

function nameOf(price: Price): string {
  const every = price.recurring?.interval ?? "once";
  return `${price.nickname ?? price.id} (${money(price.unit_amount, price.currency)} ${every})`;
}

function describe(session: PortalSession, subscription: Subscription, prices: Price[]): string {
  const [item] = subscription.items.data;
  const end = new Date((item?.current_period_end ?? 0) * 1000).toISOString().slice(0, 10);
  const field = hidden("subscription", subscription.id);
  const others = prices.filter(({ id }) => id !== item?.price.id).map((price) =>
    button(`${session.id}/change`, `Change to ${nameOf(price)}`, field + hidden("price", price.id))
  );
  const ending = subscription.cancel_at_period_end
    ? button(`${session.id}/keep`, "Keep the plan", field)
    : button(`${session.id}/cancel`, "Cancel the plan", field);
  const state = `${subscription.status}, ${
    subscription.cancel_at_period_end ? "ends" : "renews"
  } ${end}`;
  return [
    `<h2>${escapeHtml(item ? nameOf(item.price) : subscription.id)}</h2>
<p>${escapeHtml(state)}</p>`,
    ...others,
    ending,
  ].join("\n");
}

export function portalPage(portal: Portal, books: Books): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (!(error instanceof StripeRefusal)) throw error;
    return page(error.status, "That did not work", `<p>${escapeHtml(error.message)}</p>`);
  });

  app.get("/:id", (c) => {
    const session = books.find("portalSessions", c.req.param("id"));
    const plans = portal.subscriptionsOf(session).map((subscription) =>
      describe(session, subscription, portal.prices)
    );
    const back = session.return_url === null
      ? ""
      : `<p><a href="${escapeHtml(session.return_url)}">Return</a></p>`;
    return page(
      200,
      "Your plan",
      [plans.join("\n") || "<p>You have no plan.</p>", back].join("\n"),
    );
  });

  app.post("/:id/:action", async (c) => {
    const session = books.find("portalSessions", c.req.param("id"));
    const action = ACTIONS.find((candidate) => candidate === c.req.param("action"));
    const { subscription = "", price } = await formFields(c.req.raw);
    if (action === undefined) return page(404, "That cannot be done here", "");
    portal.act(session, action, { subscription, ...(price !== undefined && { price }) });
    // Relative to "…/portal/<id>/<action>", so that it holds under any prefix.
    return c.redirect(`../${session.id}`, 303);
  });
  return app;
}
