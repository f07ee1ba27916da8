/** @jsxImportSource hono/jsx */
/** Checkout's page: the lines, and buttons that pay and cancel. */
import { Hono } from "hono";
import { FormButton, renderPage } from "../page_frame.tsx";
import { formFields, money } from "../pages.ts";
import type { Checkout } from "./checkout.ts";
import { ApiError } from "./errors.ts";
import type { CheckoutLine, CheckoutSession } from "./objects.ts";

/** A card that pays, and one that is declined. */
const CARDS = [
  ["pm_card_visa", "Pay"],
  ["pm_card_visa_chargeDeclined", "Pay with a card that is declined"],
] as const;

const service = "Stripe";

function Line({ line: { price, quantity } }: { line: CheckoutLine }) {
  const interval = price.recurring ? ` every ${price.recurring.interval}` : "";
  return (
    <li>
      <span>{quantity} × {price.nickname ?? price.id}</span>
      <span>{money(price.unit_amount, price.currency)}{interval}</span>
    </li>
  );
}

/** @param base Relative address of the session. */
function Session({ session, base }: { session: CheckoutSession; base: string }) {
  return (
    <>
      <section class="card" aria-label="Order">
        <ul class="lines">
          {session.simulated_lines.map((line) => <Line key={line.price.id} line={line} />)}
        </ul>
        <p class="total">Due now: {money(session.amount_total, session.currency)}</p>
      </section>
      <div class="actions">
        {CARDS.map(([card, text], index) => (
          <FormButton
            key={card}
            action={`${base}/pay`}
            fields={{ payment_method: card }}
            {...(index > 0 && { kind: "plain" })}
          >
            {text}
          </FormButton>
        ))}
        {session.cancel_url !== null && (
          <FormButton action={`${base}/cancel`} kind="plain">Cancel</FormButton>
        )}
      </div>
    </>
  );
}

/** Ways onwards from a session that can no longer be paid. */
function closedPage(session: CheckoutSession): Response {
  const url = session.status === "complete" ? session.success_url : session.cancel_url;
  const title = `This checkout is ${session.status}`;
  const children = (
    <>
      <p>It can no longer be paid.</p>
      {url !== null && (
        <p>
          <a class="button" href={url}>Back to the app</a>
        </p>
      )}
    </>
  );
  return renderPage({ service, status: 410, title, children });
}

/** The session stays open: the same page offers the other card. */
function declinedPage(session: CheckoutSession, error: ApiError): Response {
  const children = (
    <>
      <p class="notice bad" role="alert">{error.message}</p>
      <p>Nothing was charged, and the checkout is still open. Try another card.</p>
      {/* Relative to ".../pay/<id>/pay". */}
      <Session session={session} base="." />
      <p>
        <a href={`../${session.id}`}>Back to the checkout</a>
      </p>
    </>
  );
  return renderPage({ service, status: error.status, title: "The payment failed", children });
}

export function checkoutPage(checkout: Checkout): Hono {
  const app = new Hono();
  app.onError((error) => {
    if (!(error instanceof ApiError)) throw error;
    const { status, message } = error;
    const title = status === 404 ? "Unknown checkout" : "The payment failed";
    return renderPage({ service, status, title, children: <p>{message}</p> });
  });

  app.get("/:id", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    const children = <Session session={session} base={session.id} />;
    return renderPage({ service, title: "Checkout", children });
  });

  app.post("/:id/pay", async (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    const { payment_method = CARDS[0][0] } = await formFields(c.req.raw);
    try {
      checkout.pay(session.id, payment_method);
    } catch (error) {
      if (error instanceof ApiError && error.status === 402) return declinedPage(session, error);
      throw error;
    }
    return c.redirect(session.success_url, 303);
  });

  // The session stays open: a buyer who comes back can still pay.
  app.post("/:id/cancel", (c) => {
    const session = checkout.find(c.req.param("id"));
    if (session.status !== "open") return closedPage(session);
    if (session.cancel_url === null) {
      return renderPage({ service, status: 404, title: "This checkout has no cancel page" });
    }
    return c.redirect(session.cancel_url, 303);
  });
  return app;
}
