/** `/v1/invoices` and `/v1/invoiceitems`. */
import { Hono } from "hono";
import type { Api } from "./api.ts";
import { refusals } from "./errors.ts";
import { paramsOf, reply } from "./gate.ts";
import { pendingLine } from "./invoice_lines.ts";
import { listPage } from "./lists.ts";
import type { Invoice, PaymentMethod } from "./objects.ts";
import type { Params } from "./params.ts";

const STATUSES = ["draft", "open", "paid", "uncollectible", "void"] as const;

/** An invoice of what waits for one. @throws {StripeRefusal} */
function newInvoice(params: Params, { state, books, invoices }: Api): Invoice {
  const customer = books.find("customers", params.required("customer"), "customer");
  const wish = params.oneOf("pending_invoice_items_behavior", ["include", "exclude"]);
  const pending = wish !== "include"
    ? []
    : state.all("invoiceItems").filter((item) =>
      item.customer === customer.id && item.invoice === null
    );
  const draft = invoices.draft({
    ...{ customer, subscription: null, reason: "manual", lines: pending.map(pendingLine) },
    currency: pending[0]?.currency ?? params.text("currency") ?? "usd",
    description: params.nullable("description") ?? null,
    metadata: params.metadata(),
    created: books.seconds,
  });
  for (const item of pending) books.change("invoiceItems", item.id, { invoice: draft.id });
  return draft;
}

/** @throws {StripeRefusal} */
function payInvoice(found: Invoice, params: Params, api: Api): Invoice {
  const { state, books, invoices, billing, methods } = api;
  if (found.status === "paid") throw refusals.invalid("Invoice is already paid");
  if (found.status === "void" || found.status === "uncollectible") {
    throw refusals.invalid(`This invoice can no longer be paid: it is ${found.status}.`);
  }
  const id = found.parent?.subscription_details.subscription;
  const subscription = id === undefined ? undefined : state.get("subscriptions", id);
  const at = subscription ? books.secondsAt(subscription.id) : books.seconds;
  const given = params.text("payment_method");
  const customer = state.get("customers", found.customer);
  const fallback = customer?.invoice_settings?.default_payment_method;
  const method: PaymentMethod | undefined = given
    ? methods.ofCustomer(given, found.customer, "payment_method")
    : subscription
    ? billing.methodOf(subscription)
    : fallback
    ? state.get("paymentMethods", fallback)
    : undefined;
  const isElsewhere = params.boolean("paid_out_of_band") ?? false;
  if (method === undefined && !isElsewhere && found.amount_due > 0) {
    throw refusals.invalid(
      "There is no `default_payment_method` set on this Customer or Invoice. Please attach one, or " +
        "pass a `payment_method`.",
      { code: "resource_missing", param: "payment_method" },
    );
  }
  const open = found.status === "draft" ? invoices.finalize(found, at) : found;
  const collected = isElsewhere
    ? { invoice: invoices.settle(open, at) }
    : invoices.collect(open, { method, at });
  billing.afterPayment(collected.invoice, "customer.subscription.updated");
  if ("attempt" in collected && collected.attempt?.decline) {
    throw invoices.refusalOf(collected.attempt);
  }
  return collected.invoice;
}

export function invoiceRoutes(api: Api): Hono {
  const { state, books, invoices } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    return reply(c, api, newInvoice(params, api), params);
  });

  app.get("/", async (c) => {
    const params = await paramsOf(c);
    const [customer, subscription] = [params.text("customer"), params.text("subscription")];
    const status = params.oneOf("status", STATUSES);
    const found = state.all("invoices").filter((invoice) =>
      (customer === undefined || invoice.customer === customer) &&
      (status === undefined || invoice.status === status) &&
      (subscription === undefined ||
        invoice.parent?.subscription_details.subscription === subscription)
    );
    return reply(c, api, listPage(found, params, { url: "/v1/invoices", noun: "invoice" }), params);
  });

  app.get(
    "/:id",
    async (c) => reply(c, api, books.find("invoices", c.req.param("id")), await paramsOf(c)),
  );

  app.post("/:id/finalize", async (c) => {
    const found = books.find("invoices", c.req.param("id"));
    return reply(c, api, invoices.finalize(found, books.seconds), await paramsOf(c));
  });

  app.post("/:id/pay", async (c) => {
    const params = await paramsOf(c);
    return reply(
      c,
      api,
      payInvoice(books.find("invoices", c.req.param("id")), params, api),
      params,
    );
  });
  return app;
}

export function invoiceItemRoutes(api: Api): Hono {
  const { books } = api;
  const app = new Hono();
  app.post("/", async (c) => {
    const params = await paramsOf(c);
    const amount = params.integer("amount");
    if (amount === undefined) throw refusals.required("amount");
    const { seconds: date } = books;
    const made = books.add("invoiceItems", {
      id: books.newId("invoiceItems"),
      object: "invoiceitem",
      amount,
      currency: params.text("currency") ?? "usd",
      customer: books.find("customers", params.required("customer"), "customer").id,
      date,
      description: params.nullable("description") ?? null,
      discountable: true,
      discounts: [],
      invoice: null,
      livemode: books.livemode,
      metadata: params.metadata(),
      period: { start: date, end: date },
      proration: false,
      quantity: 1,
    }, "invoiceitem.created");
    return reply(c, api, made, params);
  });
  return app;
}
