/** Billing portal sessions, and what a customer may do there. */
import type { Books } from "./books.ts";
import { OPEN_STATUSES } from "./billing.ts";
import { refusals } from "./errors.ts";
import { newId } from "./ids.ts";
import type { Price, Subscription } from "./objects.ts";
import type { PortalSession } from "./session_objects.ts";
import { Params } from "./params.ts";

export interface PortalOptions {
  books: Books;
  update: (subscription: Subscription, params: Params) => Subscription;
  pageUrl: (id: string) => string;
}

export type PortalAction = "change" | "cancel" | "keep";

export class Portal {
  readonly #options: PortalOptions;
  readonly #configuration = newId("bpc");

  constructor(options: PortalOptions) {
    this.#options = options;
  }

  /** @throws {StripeRefusal} */
  create(params: Params): PortalSession {
    const { books, pageUrl } = this.#options;
    const customer = books.find("customers", params.required("customer"), "customer");
    const id = books.newId("portalSessions");
    const fields = { livemode: books.livemode, locale: params.nullable("locale") ?? null };
    return books.add("portalSessions", {
      id,
      object: "billing_portal.session",
      configuration: this.#configuration,
      created: books.seconds,
      customer: customer.id,
      customer_account: null,
      flow: null,
      ...fields,
      on_behalf_of: null,
      return_url: params.nullable("return_url") ?? null,
      url: pageUrl(id),
    }, "billing_portal.session.created");
  }

  subscriptionsOf({ customer }: PortalSession): Subscription[] {
    return this.#options.books.state.all("subscriptions").filter((subscription) =>
      subscription.customer === customer && OPEN_STATUSES.includes(subscription.status)
    );
  }

  get prices(): Price[] {
    return this.#options.books.state.all("prices").filter((price) =>
      price.active && price.recurring !== null
    );
  }

  /** @throws {StripeRefusal} */
  act(
    session: PortalSession,
    action: PortalAction,
    { subscription: id, price }: { subscription: string; price?: string },
  ): Subscription {
    const subscription = this.subscriptionsOf(session).find((candidate) => candidate.id === id);
    if (subscription === undefined) throw refusals.missing("subscription", id, "subscription");
    if (action === "change" && price === undefined) throw refusals.required("price");
    const form: Record<string, string> = action === "change"
      ? { "items[0][id]": subscription.items.data[0]?.id ?? "", "items[0][price]": price ?? "" }
      : { cancel_at_period_end: String(action === "cancel") };
    const params = Params.read(new URLSearchParams(form).toString());
    return this.#options.update(subscription, params);
  }
}
