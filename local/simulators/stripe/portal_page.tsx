/** @jsxImportSource hono/jsx */
/** The customer portal's page: the plan, buttons that change, cancel and keep it, and open invoices. */
import { Hono } from "hono";
import { FormButton, renderPage } from "../page_frame.tsx";
import { formFields, money } from "../pages.ts";
import { ApiError } from "./errors.ts";
import type { Invoice, PortalSession, Price, Subscription } from "./objects.ts";
import { type Portal, PORTAL_ACTIONS } from "./portal.ts";
import type { Prices } from "./prices.ts";
import { periodOf } from "./subscription_objects.ts";

const service = "Stripe";

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

/** `past_due` is `Past due`. */
function nameOf(status: string): string {
  return (status.charAt(0).toUpperCase() + status.slice(1)).replaceAll("_", " ");
}

function priceName(price: Price): string {
  return `${price.nickname ?? price.id} (${money(price.unit_amount, price.currency)} a month)`;
}

interface PlanProps {
  session: PortalSession;
  subscription: Subscription;
  prices: Price[];
}

function Plan({ session, subscription, prices }: PlanProps) {
  const { id, status, cancel_at_period_end: isEnding } = subscription;
  const present = subscription.items.data[0]?.price;
  const end = DAY.format(periodOf(subscription).end * 1000);
  const fields = { subscription: id };
  return (
    <section class="card" aria-label="Plan">
      <h2>{present ? priceName(present) : id}</h2>
      <p>
        <span class={`badge ${status === "active" ? "good" : "warn"}`}>{nameOf(status)}</span>{" "}
        {isEnding ? "ends" : "renews"} {end}
      </p>
      <div class="actions">
        {prices.filter((price) => price.id !== present?.id).map((price) => (
          <FormButton
            key={price.id}
            action={`${session.id}/change`}
            fields={{ ...fields, price: price.id }}
            kind="plain"
          >
            Change to {priceName(price)}
          </FormButton>
        ))}
        {isEnding
          ? <FormButton action={`${session.id}/keep`} fields={fields}>Keep the plan</FormButton>
          : (
            <FormButton action={`${session.id}/cancel`} fields={fields} kind="danger">
              Cancel the plan
            </FormButton>
          )}
      </div>
    </section>
  );
}

function OpenInvoice({ session, invoice }: { session: PortalSession; invoice: Invoice }) {
  const day = DAY.format(invoice.created * 1000);
  return (
    <section class="card" aria-label="Open invoice">
      <h2>Open invoice of {day}</h2>
      <p>
        {money(invoice.amount_remaining, invoice.currency)}{" "}
        could not be collected. Pay it with a card:
      </p>
      <div class="actions">
        <FormButton
          action={`${session.id}/pay`}
          fields={{ invoice: invoice.id, payment_method: "pm_card_visa" }}
        >
          Pay the invoice
        </FormButton>
        <FormButton
          action={`${session.id}/pay`}
          fields={{ invoice: invoice.id, payment_method: "pm_card_visa_chargeDeclined" }}
          kind="plain"
        >
          Pay with a card that is declined
        </FormButton>
      </div>
    </section>
  );
}

export function portalPage(portal: Portal, prices: Prices): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error;
    const { status, message } = error;
    // A parameter that names nothing is a 400.
    if (status === 404) {
      return renderPage({ service, status, title: "Unknown portal", children: <p>{message}</p> });
    }
    // Every action has the address ".../portal/<id>/<action>".
    const children = (
      <>
        <p class="notice bad" role="alert">{message}</p>
        <p>
          <a class="button" href={`../${c.req.param("id")}`}>Back to your plan</a>
        </p>
      </>
    );
    return renderPage({ service, status, title: "The change failed", children });
  });

  app.get("/:id", (c) => {
    const session = portal.find(c.req.param("id"));
    const plans = portal.list(session);
    const children = (
      <>
        {portal.openInvoices(session).map((invoice) => (
          <OpenInvoice key={invoice.id} session={session} invoice={invoice} />
        ))}
        {plans.length === 0 && <p>You have no plan.</p>}
        {plans.map((subscription) => (
          <Plan
            key={subscription.id}
            session={session}
            subscription={subscription}
            prices={prices.listRecurring()}
          />
        ))}
        {session.return_url !== null && (
          <p>
            <a class="button plain" href={session.return_url}>Return to the app</a>
          </p>
        )}
      </>
    );
    return renderPage({ service, title: "Your plan", children });
  });

  app.post("/:id/:action", async (c) => {
    const session = portal.find(c.req.param("id"));
    const action = PORTAL_ACTIONS.find((candidate) => candidate === c.req.param("action"));
    if (action === undefined) {
      return renderPage({ service, status: 404, title: "The portal has no such action" });
    }
    portal.run(session, action, await formFields(c.req.raw));
    // Relative to "…/portal/<id>/<action>": it holds under any prefix.
    return c.redirect(`../${session.id}`, 303);
  });
  return app;
}
