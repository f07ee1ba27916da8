/** Checkout's page: what is sold, and "Pay" and "Cancel". */
import { Hono } from "hono";
import type { SoldLine } from "./checkout_factory.ts";
import type { Checkout } from "./checkout.ts";
import { StripeRefusal } from "./errors.ts";
import type { CheckoutSession } from "./session_objects.ts";
import { button, escapeHtml, formFields, hidden, money, page } from "../pages.ts";

/** Works, and is declined. */
const CARDS = [["pm_card_visa", "Pay"], [
  "pm_card_visa_chargeDeclined",
  "Pay with a card that is declined",
]] as const;

function sold({ price, quantity }: SoldLine): string {
  const every = price.recurring ? ` every ${price.recurring.interval}` : "";
  const name = price.nickname ?? price.product;
  return `<li>${
    escapeHtml(`${quantity} × ${name}, ${money(price.unit_amount, price.currency)}${every}`)
  }</li>`;
}

function describe(session: CheckoutSession): string {
  const lines = session.simulated_sold as SoldLine[];
  return `<ul>${lines.map(sold).join("")}</ul>
<p>To pay now: ${escapeHtml(money(session.amount_total, session.currency))}</p>`;
}

function closed(session: CheckoutSession): Response {
  return page(410, `This checkout is ${session.status}`, "<p>Nothing more can be paid here.</p>");
}

export function payPage(checkout: Checkout): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (!(error instanceof StripeRefusal)) throw error;
    return page(error.status, "That did not work", `<p>${escapeHtml(error.message)}</p>`);
  });

  app.get("/:id", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closed(session);
    const pays = CARDS.map(([card, text]) =>
      button(`${session.id}/pay`, text, hidden("payment_method", card))
    );
    const leave = session.cancel_url === null ? "" : button(`${session.id}/cancel`, "Cancel");
    return page(200, "Checkout", [describe(session), ...pays, leave].join("\n"));
  });

  app.post("/:id/pay", async (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closed(session);
    const { payment_method = CARDS[0][0], email } = await formFields(c.req.raw);
    checkout.complete(session.id, payment_method, email);
    return c.redirect(session.success_url.replaceAll("{CHECKOUT_SESSION_ID}", session.id), 303);
  });

  /** The session stays open: whoever comes back can still pay. */
  app.post("/:id/cancel", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closed(session);
    if (session.cancel_url === null) return page(404, "There is no way back", "");
    return c.redirect(session.cancel_url, 303);
  });
  return app;
}
