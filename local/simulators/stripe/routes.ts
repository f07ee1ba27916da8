/** Everything that the simulated Stripe answers to, by its path. */
import type { AsyncLocalStorage } from "node:async_hooks";
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { priceRoutes, productRoutes } from "./catalog_api.ts";
import { checkoutRoutes, paymentPageRoutes, portalRoutes } from "./checkout_api.ts";
import { controlRoutes } from "./control.ts";
import { customerRoutes } from "./customers_api.ts";
import { refusals, StripeRefusal } from "./errors.ts";
import { eventRoutes, webhookEndpointRoutes } from "./events_api.ts";
import { checkKey, versionOf } from "./gate.ts";
import { idempotency } from "./idempotency.ts";
import { newId } from "./ids.ts";
import { invoiceItemRoutes, invoiceRoutes } from "./invoices_api.ts";
import { payPage } from "./pay_page.ts";
import { paymentIntentRoutes, paymentMethodRoutes, readOnlyRoutes } from "./payments_api.ts";
import { portalPage } from "./portal_page.ts";
import type { RequestOfEvent } from "./events.ts";
import type { StripeSimulator } from "./simulator.ts";
import { subscriptionRoutes } from "./subscriptions_api.ts";

export interface RouteOptions {
  simulator: StripeSimulator;
  api: Api;
  secretKey: string;
  /** Is told which call makes happen what happens. */
  requests: AsyncLocalStorage<RequestOfEvent>;
}

export function simulatorRoutes({ simulator, api, secretKey, requests }: RouteOptions) {
  const { faults, calls, now } = simulator;
  const { state, books } = api;
  function isAuthorized(request: Request): boolean {
    try {
      checkKey(request, secretKey);
      return true;
    } catch {
      return false;
    }
  }
  const keys = idempotency({ state, isAuthorized, now });

  const app = new Hono<{ Variables: { requestId: string } }>();
  app.onError((error, c) => {
    if (!(error instanceof StripeRefusal)) throw error;
    const response = error.toResponse();
    // Hono keeps the headers that were set before only of what it made itself.
    const requestId = c.get("requestId");
    if (requestId) response.headers.set("request-id", requestId);
    return response;
  });
  app.notFound((c) => refusals.unknownPath(c.req.method, c.req.path).toResponse());
  app.route("/control", controlRoutes(simulator));
  app.use("/v1/*", keys.hold);
  app.use(faults.middleware({
    internal: () => refusals.internal().toResponse(),
    rateLimited: (_, seconds) => refusals.rateLimited(seconds).toResponse(),
  }));
  app.use("/v1/*", async (c, next) => {
    const requestId = newId("req", 14);
    c.set("requestId", requestId);
    c.header("request-id", requestId);
    checkKey(c.req.raw, secretKey);
    c.header("stripe-version", versionOf(c.req.raw, api.accountVersion()));
    calls.push(`${c.req.method} ${c.req.path}`);
    const key = c.req.header("idempotency-key") ?? null;
    await requests.run({ id: requestId, idempotency_key: key }, next);
  });
  app.use("/v1/*", keys.once);
  app.route("/v1/customers", customerRoutes(api));
  app.route("/v1/products", productRoutes(api));
  app.route("/v1/prices", priceRoutes(api));
  app.route("/v1/payment_methods", paymentMethodRoutes(api));
  app.route("/v1/payment_intents", paymentIntentRoutes(api));
  app.route("/v1/charges", readOnlyRoutes(api, "charges", "charge"));
  app.route("/v1/disputes", readOnlyRoutes(api, "disputes", "dispute"));
  app.route("/v1/subscriptions", subscriptionRoutes(api));
  app.route("/v1/invoices", invoiceRoutes(api));
  app.route("/v1/invoiceitems", invoiceItemRoutes(api));
  app.route("/v1/checkout/sessions", checkoutRoutes(api));
  app.route("/v1/payment_pages", paymentPageRoutes(api));
  app.route("/v1/billing_portal/sessions", portalRoutes(api));
  app.route("/v1/events", eventRoutes(api));
  app.route("/v1/webhook_endpoints", webhookEndpointRoutes(api));
  app.route("/pay", payPage(api.checkout));
  app.route("/portal", portalPage(api.portal, books));
  return app;
}
