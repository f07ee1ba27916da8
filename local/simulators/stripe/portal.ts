/** Sessions of the customer portal, and the changes that a customer can make there. */
import { apiErrors } from "./errors.ts";
import type { ManualInvoices } from "./manual_invoices.ts";
import { type Invoice, OPEN_STATUSES, type PortalSession, type Subscription } from "./objects.ts";
import { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Store } from "./store.ts";
import type { Subscriptions } from "./subscriptions.ts";

export const PORTAL_ACTIONS = ["change", "cancel", "keep", "pay"] as const;
export type PortalAction = typeof PORTAL_ACTIONS[number];

export interface PortalOptions {
  store: Store;
  subscriptions: Subscriptions;
  methods: PaymentMethods;
  invoices: ManualInvoices;
  pageUrl: (id: string) => string;
}

/** Fields of the forms on the portal's page. */
export interface PortalForm {
  subscription?: string;
  price?: string;
  invoice?: string;
  payment_method?: string;
}

export class Portal {
  readonly #store: Store;
  readonly #options: PortalOptions;

  constructor(options: PortalOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** @throws {ApiError} */
  create(params: Params): PortalSession {
    const customer = this.#store.find("customers", params.required("customer"), "customer");
    const id = this.#store.newId("portalSessions");
    return this.#store.add("portalSessions", {
      id,
      object: "billing_portal.session",
      created: this.#store.seconds,
      customer: customer.id,
      livemode: this.#store.livemode,
      return_url: params.url("return_url") ?? null,
      url: this.#options.pageUrl(id),
    }, "billing_portal.session.created");
  }

  /** @throws {ApiError} */
  find(id: string): PortalSession {
    return this.#store.find("portalSessions", id);
  }

  /** The customer's subscriptions that have not ended. */
  list({ customer }: PortalSession): Subscription[] {
    return this.#store.state.all("subscriptions").filter((subscription) =>
      subscription.customer === customer && OPEN_STATUSES.includes(subscription.status)
    );
  }

  /** The customer's invoices that wait for a payment. */
  openInvoices({ customer }: PortalSession): Invoice[] {
    return this.#store.state.all("invoices").filter((invoice) =>
      invoice.customer === customer && invoice.status === "open"
    );
  }

  /** Pays with a card that the customer then keeps. @throws {ApiError} if it is declined */
  #payInvoice(session: PortalSession, { invoice: id = "", payment_method = "" }: PortalForm): void {
    const { methods, invoices } = this.#options;
    const invoice = this.openInvoices(session).find((candidate) => candidate.id === id);
    if (invoice === undefined) throw apiErrors.missing("invoice", id, "invoice");
    const method = methods.find(payment_method, "payment_method");
    methods.attach(method.id, session.customer);
    const form = new URLSearchParams({ payment_method: method.id });
    invoices.pay(invoice.id, Params.read(form.toString()));
  }

  /** @throws {ApiError} unless the subscription is the customer's own and open */
  run(session: PortalSession, action: PortalAction, fields: PortalForm): void {
    if (action === "pay") return this.#payInvoice(session, fields);
    const { subscription: id = "", price } = fields;
    const subscription = this.list(session).find((candidate) => candidate.id === id);
    if (subscription === undefined) throw apiErrors.missing("subscription", id, "subscription");
    if (action === "change" && price === undefined) throw apiErrors.required("price");
    const form: Record<string, string> = action === "change"
      ? { "items[0][id]": subscription.items.data[0]?.id ?? "", "items[0][price]": price ?? "" }
      : { cancel_at_period_end: String(action === "cancel") };
    this.#options.subscriptions.update(
      subscription,
      Params.read(new URLSearchParams(form).toString()),
    );
  }
}
