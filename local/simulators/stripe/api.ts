/** What the routes of the API work with. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Catalog } from "./catalog.ts";
import type { Checkout } from "./checkout.ts";
import type { Customers } from "./customers.ts";
import type { Endings } from "./endings.ts";
import type { Replies } from "./gate.ts";
import type { Invoices } from "./invoices.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Behaviour } from "./options.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Payments } from "./payments.ts";
import type { Portal } from "./portal.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface Api extends Replies {
  behaviour: Behaviour;
  billing: Billing;
  books: Books;
  catalog: Catalog;
  checkout: Checkout;
  customers: Customers;
  endings: Endings;
  invoices: Invoices;
  lifecycle: Lifecycle;
  methods: PaymentMethods;
  payments: Payments;
  portal: Portal;
  subscriptions: Subscriptions;
}
