/** Invoices and invoice items that calls create and pay. */
import { apiErrors } from "./errors.ts";
import { type Invoices, itemLine } from "./invoices.ts";
import type { Invoice, InvoiceItem } from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Store } from "./store.ts";
import type { SubscriptionInvoices } from "./subscription_invoices.ts";

export interface ManualInvoicesOptions {
  store: Store;
  methods: PaymentMethods;
  invoices: Invoices;
  subscriptionInvoices: SubscriptionInvoices;
}

export class ManualInvoices {
  readonly #options: ManualInvoicesOptions;

  constructor(options: ManualInvoicesOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} */
  createItem(params: Params): InvoiceItem {
    const { store } = this.#options;
    return store.add("invoiceItems", {
      id: store.newId("invoiceItems"),
      object: "invoiceitem",
      amount: params.requiredInteger("amount"),
      currency: params.required("currency"),
      customer: store.find("customers", params.required("customer"), "customer").id,
      date: store.seconds,
      description: params.nullable("description") ?? null,
      invoice: null,
      livemode: store.livemode,
      metadata: {},
    }, "invoiceitem.created");
  }

  /** An invoice of the items that wait for one. @throws {ApiError} */
  create(params: Params): Invoice {
    const { store, invoices } = this.#options;
    const customer = store.find("customers", params.required("customer"), "customer");
    const behavior = params.oneOf("pending_invoice_items_behavior", ["include", "exclude"]);
    const pending = store.state.all("invoiceItems").filter((item) =>
      behavior === "include" && item.customer === customer.id && item.invoice === null
    );
    const draft = invoices.draft({
      ...{ customer, subscription: null, reason: "manual", lines: pending.map(itemLine) },
      currency: pending[0]?.currency ?? "usd",
      description: params.nullable("description") ?? null,
      created: store.seconds,
    });
    for (const item of pending) store.update("invoiceItems", item.id, { invoice: draft.id });
    return draft;
  }

  /** @throws {ApiError} */
  pay(id: string, params: Params): Invoice {
    const { store, methods, invoices, subscriptionInvoices } = this.#options;
    const found = store.find("invoices", id);
    invoices.checkPayable(found);
    const card = params.required("payment_method");
    const method = methods.ofCustomer(card, found.customer, "payment_method");
    const open = found.status === "draft" ? invoices.finalize(found) : found;
    const { invoice, attempt } = invoices.collect(open, method, "card", store.seconds);
    subscriptionInvoices.activate(invoice, "customer.subscription.updated");
    if (attempt?.decline) throw apiErrors.declined(attempt.decline, attempt.intent);
    return invoice;
  }
}
