/** The routes of cards, payments and invoices: our tests attach cards, Stripe's CLI uses all of them. */
import { Hono } from "hono";
import { apiCall } from "./api_call.ts";
import { apiErrors } from "./errors.ts";
import type { PaymentIntent, StripeObject } from "./objects.ts";
import type { Params } from "./params.ts";
import type { Services } from "./services.ts";

/** A payment that is confirmed at once. @throws {ApiError} */
function payOnce(params: Params, { methods, payments, store }: Services): PaymentIntent {
  const method = methods.find(params.required("payment_method"), "payment_method");
  params.required("confirm");
  params.oneOf("confirm", ["true"]);
  const intent = payments.create({
    amount: params.requiredInteger("amount"),
    currency: params.required("currency"),
    customer: null,
    description: params.nullable("description") ?? null,
    created: store.seconds,
  });
  const attempt = payments.confirm(intent, method);
  if (attempt.decline) throw apiErrors.declined(attempt.decline, attempt.intent);
  return attempt.intent;
}

/** An undocumented object, with which Stripe's CLI pays a checkout session. */
function paymentPage(id: string, { checkout }: Services): StripeObject {
  const { amount_total: total, currency, livemode, mode, status } = checkout.find(id);
  const fields = { session_id: id, total, currency, livemode, mode, status };
  return { id: `ppage_${id}`, object: "checkout.payment_page", ...fields };
}

function confirmPaymentPage(id: string, params: Params, services: Services): StripeObject {
  const { checkout } = services;
  if (params.requiredInteger("expected_amount") !== checkout.find(id).amount_total) {
    throw apiErrors.invalid("The amount is not what the customer saw.", {
      code: "checkout_amount_mismatch",
      param: "expected_amount",
    });
  }
  checkout.pay(id, params.required("payment_method"));
  return paymentPage(id, services);
}

export function paymentRoutes(services: Services): Hono {
  const { methods, manualInvoices } = services;
  const app = new Hono();
  app.post(
    "/payment_methods",
    apiCall(["type", "card[token]", "billing_details[*]"], (params) => {
      params.required("type");
      params.oneOf("type", ["card"]);
      return methods.create(params.object("card").required("token"));
    }),
  );
  app.post(
    "/payment_methods/:id/attach",
    apiCall(["customer"], (params, id) => methods.attach(id, params.required("customer"))),
  );
  app.post(
    "/payment_intents",
    apiCall(
      [
        ...["amount", "confirm", "currency", "description", "payment_method"],
        "payment_method_types",
      ],
      (params) => payOnce(params, services),
    ),
  );
  app.post(
    "/invoiceitems",
    apiCall(
      ["amount", "currency", "customer", "description"],
      (params) => manualInvoices.createItem(params),
    ),
  );
  app.post(
    "/invoices",
    apiCall(
      ["customer", "description", "pending_invoice_items_behavior"],
      (params) => manualInvoices.create(params),
    ),
  );
  app.post(
    "/invoices/:id/pay",
    apiCall(["payment_method"], (params, id) => manualInvoices.pay(id, params)),
  );
  app.get("/payment_pages/:id", apiCall([], (_, id) => paymentPage(id, services)));
  app.post(
    "/payment_pages/:id/confirm",
    apiCall(
      ["expected_amount", "payment_method"],
      (params, id) => confirmPaymentPage(id, params, services),
    ),
  );
  return app;
}
