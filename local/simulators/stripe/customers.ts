/** Customers: created, updated, searched, and deleted with their subscriptions and cards. */
import type { Customer, StripeObject } from "./objects.ts";
import { OPEN_STATUSES } from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Store } from "./store.ts";
import type { SubscriptionLifecycle } from "./subscription_lifecycle.ts";

const DEFAULT_METHOD = "invoice_settings[default_payment_method]";

export class Customers {
  readonly #store: Store;
  readonly #methods: PaymentMethods;
  readonly #lifecycle: SubscriptionLifecycle;

  constructor(store: Store, methods: PaymentMethods, lifecycle: SubscriptionLifecycle) {
    this.#store = store;
    this.#methods = methods;
    this.#lifecycle = lifecycle;
  }

  /** @throws {ApiError} */
  create(params: Params): Customer {
    const customer = this.#store.add("customers", {
      id: this.#store.newId("customers"),
      object: "customer",
      created: this.#store.seconds,
      description: params.nullable("description") ?? null,
      email: params.email("email") ?? null,
      invoice_settings: { default_payment_method: null },
      livemode: this.#store.livemode,
      metadata: params.metadata(),
      name: params.nullable("name") ?? null,
    });
    try {
      this.#attachFirst(customer.id, params);
    } catch (error) {
      this.#store.state.delete("customers", customer.id);
      throw error;
    }
    const created = this.#store.find("customers", customer.id);
    this.#store.report("customer.created", created);
    return created;
  }

  /** Attaches the first card; a test card may also be named as the default. */
  #attachFirst(customerId: string, params: Params): void {
    const method = params.text("payment_method");
    const attached = method ? this.#methods.attach(method, customerId).id : undefined;
    const named = params.object("invoice_settings").text("default_payment_method");
    if (named === undefined) return;
    const id = named === method && attached !== undefined
      ? attached
      : this.#methods.ofCustomer(named, customerId, DEFAULT_METHOD).id;
    const settings = { default_payment_method: id };
    this.#store.update("customers", customerId, { invoice_settings: settings });
  }

  /** @throws {ApiError} */
  update(id: string, params: Params): Customer {
    const before = this.#store.find("customers", id);
    const fields: Partial<Customer> = { metadata: params.metadata(before.metadata) };
    const email = params.email("email");
    if (email !== undefined) fields.email = email;
    for (const key of ["name", "description"] as const) {
      const value = params.nullable(key);
      if (value !== undefined) fields[key] = value;
    }
    const method = params.object("invoice_settings").nullable("default_payment_method");
    if (method !== undefined) {
      fields.invoice_settings = {
        default_payment_method: method && this.#methods.ofCustomer(method, id, DEFAULT_METHOD).id,
      };
    }
    return this.#store.update("customers", id, fields, "customer.updated");
  }

  /** Cancels the subscriptions and detaches the cards. @throws {ApiError} */
  delete(id: string): StripeObject {
    this.#store.find("customers", id);
    for (const subscription of this.#store.state.all("subscriptions")) {
      if (subscription.customer === id && OPEN_STATUSES.includes(subscription.status)) {
        this.#lifecycle.cancel(subscription);
      }
    }
    this.#methods.detachAll(id);
    return this.#store.remove("customers", id, "customer.deleted");
  }

  /** @param createdBefore Unix seconds: the search does not find newer ones. @throws {ApiError} */
  search(matches: (customer: Customer) => boolean, createdBefore: number): Customer[] {
    return this.#store.state.all("customers").reverse().filter((customer) =>
      !customer.deleted && customer.created <= createdBefore && matches(customer)
    );
  }
}
