/** Checkout's page: the lines, and buttons that pay and cancel. */
import { Hono } from "hono";
import { button, escapeHtml, formFields, hidden, money, page } from "../pages.ts";
import type { Checkout } from "./checkout.ts";
import { ApiError } from "./errors.ts";
import type { CheckoutLine, CheckoutSession } from "./objects.ts";

/** A card that pays, and one that is declined. */
const CARDS = [
  ["pm_card_visa", "Pay"],
  ["pm_card_visa_chargeDeclined", "Pay with a card that is declined"],
] as const;

function lineHtml({ price, quantity }: CheckoutLine): string {
  const interval = price.recurring ? ` every ${price.recurring.interval}` : "";
  const amount = money(price.unit_amount, price.currency);
  const text = `${quantity} × ${price.nickname ?? price.id}, ${amount}${interval}`;
  return `<li>${escapeHtml(text)}</li>`;
}

function sessionHtml(session: CheckoutSession): string {
  return `<ul>${session.simulated_lines.map(lineHtml).join("")}</ul>
<p>Due now: ${escapeHtml(money(session.amount_total, session.currency))}</p>`;
}

function closedPage(session: CheckoutSession): Response {
  return page(410, `This checkout is ${session.status}`, "<p>It can no longer be paid.</p>");
}

export function checkoutPage(checkout: Checkout): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (!(error instanceof ApiError)) throw error;
    return page(error.status, "The payment failed", `<p>${escapeHtml(error.message)}</p>`);
  });

  app.get("/:id", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    const pay = CARDS.map(([card, text]) =>
      button(`${session.id}/pay`, text, hidden("payment_method", card))
    );
    const cancel = session.cancel_url === null ? "" : button(`${session.id}/cancel`, "Cancel");
    return page(200, "Checkout", [sessionHtml(session), ...pay, cancel].join("\n"));
  });

  app.post("/:id/pay", async (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    const { payment_method = CARDS[0][0] } = await formFields(c.req.raw);
    checkout.pay(session.id, payment_method);
    return c.redirect(session.success_url, 303);
  });

  // The session stays open: a buyer who comes back can still pay.
  app.post("/:id/cancel", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    if (session.cancel_url === null) return page(404, "This checkout has no cancel page", "");
    return c.redirect(session.cancel_url, 303);
  });
  return app;
}
