/** Puts together everything that works a call. */
import type { Api } from "./api.ts";
import { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import { Catalog } from "./catalog.ts";
import { Checkout } from "./checkout.ts";
import { Customers } from "./customers.ts";
import { Endings } from "./endings.ts";
import { Invoices } from "./invoices.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Behaviour } from "./options.ts";
import { PaymentMethods } from "./payment_methods.ts";
import { Payments } from "./payments.ts";
import { Portal } from "./portal.ts";
import { Subscriptions } from "./subscriptions.ts";
import { updateSubscription } from "./subscription_update.ts";

/** @param publicUrl What the addresses of the pages begin with. */
export function makeApi(books: Books, behaviour: Behaviour, publicUrl: () => string): Api {
  const catalog = new Catalog(books);
  const methods = new PaymentMethods(books);
  const payments = new Payments(books);
  const invoices = new Invoices(books, payments);
  const billing = new Billing(books, invoices);
  const endings = new Endings({ books, invoices, billing });
  const lifecycle = new Lifecycle({ books, invoices, billing, endings });
  const subscriptions = new Subscriptions({ books, catalog, methods, billing });
  const customers = new Customers({ books, methods, endings });
  const shared = { books, catalog, methods, billing, endings, lifecycle };
  const pageUrl = (folder: string) => (id: string) => `${publicUrl()}/${folder}/${id}`;
  return {
    ...shared,
    ...{ state: books.state, accountVersion: () => behaviour.apiVersion },
    ...{ behaviour, payments, invoices, subscriptions, customers },
    checkout: new Checkout({
      ...{ books, catalog, customers, methods, payments, subscriptions },
      pageUrl: pageUrl("pay"),
    }),
    portal: new Portal({
      books,
      update: (subscription, params) => updateSubscription(subscription, params, shared),
      pageUrl: pageUrl("portal"),
    }),
  };
}
