/** Customers: made, changed, searched, deleted with all that they have. */
import { OPEN_STATUSES } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Endings } from "./endings.ts";
import { newId } from "./ids.ts";
import type { Customer, StripeObject } from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";

const TEXTS = ["email", "name", "phone", "description"] as const;

export interface CustomersOptions {
  books: Books;
  methods: PaymentMethods;
  endings: Endings;
}

function addressOf(params: Params): Record<string, string | null> | undefined {
  if (!params.has("address")) return undefined;
  const given = params.object("address");
  const parts = ["city", "country", "line1", "line2", "postal_code", "state"];
  return Object.fromEntries(parts.map((part) => [part, given.nullable(part) ?? null]));
}

export class Customers {
  readonly #options: CustomersOptions;

  constructor(options: CustomersOptions) {
    this.#options = options;
  }

  /** @throws {StripeRefusal} */
  create(params: Params): Customer {
    const { books, methods } = this.#options;
    const customer = books.add("customers", {
      id: newId("cus", 14),
      object: "customer",
      address: addressOf(params) ?? null,
      balance: 0,
      created: books.seconds,
      currency: null,
      customer_account: null,
      default_source: null,
      delinquent: false,
      description: params.nullable("description") ?? null,
      discount: null,
      email: params.nullable("email") ?? null,
      invoice_prefix: newId("", 8).slice(1).toUpperCase(),
      invoice_settings: {
        custom_fields: null,
        default_payment_method: null,
        footer: null,
        rendering_options: null,
      },
      livemode: books.livemode,
      metadata: params.metadata(),
      name: params.nullable("name") ?? null,
      next_invoice_sequence: 1,
      phone: params.nullable("phone") ?? null,
      preferred_locales: [],
      shipping: null,
      tax_exempt: "none",
      test_clock: null,
    });
    try {
      const method = params.text("payment_method");
      const attached = method ? methods.attach(method, customer.id) : undefined;
      const wanted = params.object("invoice_settings").text("default_payment_method");
      // A test card that was just attached is meant, not another one of its kind.
      const isSame = wanted !== undefined && wanted === method;
      const id = isSame ? attached?.id : wanted;
      this.#setDefaultMethod(customer.id, id);
    } catch (error) {
      books.state.delete("customers", customer.id);
      throw error;
    }
    const made = books.find("customers", customer.id);
    books.tell("customer.created", made);
    return made;
  }

  #setDefaultMethod(customerId: string, methodId: string | null | undefined, ...types: string[]) {
    const { books, methods } = this.#options;
    if (methodId === undefined) return;
    const param = "invoice_settings[default_payment_method]";
    const id = methodId === null ? null : methods.ofCustomer(methodId, customerId, param).id;
    const { invoice_settings: before } = books.find("customers", customerId);
    const settings = { ...before, default_payment_method: id };
    books.change("customers", customerId, { invoice_settings: settings }, ...types);
  }

  /** @throws {StripeRefusal} */
  update(id: string, params: Params): Customer {
    const { books, methods } = this.#options;
    const before = books.find("customers", id);
    const fields: Partial<Customer> = { metadata: params.metadata(before.metadata) };
    for (const key of TEXTS) {
      const value = params.nullable(key);
      if (value !== undefined) fields[key] = value;
    }
    const address = addressOf(params);
    if (address) fields.address = address;
    const wanted = params.object("invoice_settings").nullable("default_payment_method");
    if (wanted !== undefined) {
      const param = "invoice_settings[default_payment_method]";
      fields.invoice_settings = {
        ...before.invoice_settings,
        default_payment_method: wanted && methods.ofCustomer(wanted, id, param).id,
      };
    }
    return books.change("customers", id, fields, "customer.updated");
  }

  /** Their subscriptions end at once, their cards are forgotten. @throws {StripeRefusal} */
  delete(id: string): StripeObject {
    const { books, methods, endings } = this.#options;
    books.find("customers", id);
    for (const subscription of books.state.all("subscriptions")) {
      if (subscription.customer === id && OPEN_STATUSES.includes(subscription.status)) {
        endings.cancel(subscription);
      }
    }
    for (const method of methods.of(id)) methods.detach(method.id);
    return books.remove("customers", id, "customer.deleted");
  }
}
