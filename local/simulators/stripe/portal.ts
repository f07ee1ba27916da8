/** Sessions of the customer portal, and the changes that a customer can make there. */
import { apiErrors } from "./errors.ts";
import { OPEN_STATUSES, type PortalSession, type Subscription } from "./objects.ts";
import { Params } from "./params.ts";
import type { Store } from "./store.ts";
import type { Subscriptions } from "./subscriptions.ts";

export const PORTAL_ACTIONS = ["change", "cancel", "keep"] as const;
export type PortalAction = typeof PORTAL_ACTIONS[number];

export class Portal {
  readonly #store: Store;
  readonly #subscriptions: Subscriptions;
  readonly #pageUrl: (id: string) => string;

  constructor(store: Store, subscriptions: Subscriptions, pageUrl: (id: string) => string) {
    this.#store = store;
    this.#subscriptions = subscriptions;
    this.#pageUrl = pageUrl;
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
      return_url: params.nullable("return_url") ?? null,
      url: this.#pageUrl(id),
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

  /** @throws {ApiError} unless the subscription is the customer's own and open */
  run(
    session: PortalSession,
    action: PortalAction,
    { subscription: id = "", price }: { subscription?: string; price?: string },
  ): void {
    const subscription = this.list(session).find((candidate) => candidate.id === id);
    if (subscription === undefined) throw apiErrors.missing("subscription", id, "subscription");
    if (action === "change" && price === undefined) throw apiErrors.required("price");
    const form: Record<string, string> = action === "change"
      ? { "items[0][id]": subscription.items.data[0]?.id ?? "", "items[0][price]": price ?? "" }
      : { cancel_at_period_end: String(action === "cancel") };
    this.#subscriptions.update(subscription, Params.read(new URLSearchParams(form).toString()));
  }
}
