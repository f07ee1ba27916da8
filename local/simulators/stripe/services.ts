/** Creates the parts of the simulator that process the calls. */
import { Checkout } from "./checkout.ts";
import { Customers } from "./customers.ts";
import { Invoices } from "./invoices.ts";
import { ManualInvoices } from "./manual_invoices.ts";
import { PaymentMethods } from "./payment_methods.ts";
import { Payments } from "./payments.ts";
import { Portal } from "./portal.ts";
import { Prices } from "./prices.ts";
import type { Store } from "./store.ts";
import { SubscriptionInvoices } from "./subscription_invoices.ts";
import { SubscriptionLifecycle } from "./subscription_lifecycle.ts";
import { Subscriptions } from "./subscriptions.ts";

export type Services = ReturnType<typeof makeServices>;

/** @param publicUrl The address that the pages' addresses begin with. */
export function makeServices(store: Store, publicUrl: () => string) {
  const prices = new Prices(store);
  const methods = new PaymentMethods(store);
  const payments = new Payments(store);
  const invoices = new Invoices(store, payments);
  const subscriptionInvoices = new SubscriptionInvoices(store, invoices);
  const lifecycle = new SubscriptionLifecycle(store, subscriptionInvoices);
  const subscriptions = new Subscriptions({
    ...{ store, prices, methods, lifecycle },
    invoices: subscriptionInvoices,
  });
  const manualInvoices = new ManualInvoices({ store, methods, invoices, subscriptionInvoices });
  const pageUrl = (folder: string) => (id: string) => `${publicUrl()}/${folder}/${id}`;
  return {
    ...{ store, prices, methods, payments, lifecycle, subscriptions, subscriptionInvoices },
    manualInvoices,
    customers: new Customers(store, methods, lifecycle),
    checkout: new Checkout({
      store,
      methods,
      payments,
      prices,
      subscriptions,
      pageUrl: pageUrl("pay"),
    }),
    portal: new Portal({
      ...{ store, subscriptions, methods },
      invoices: manualInvoices,
      pageUrl: pageUrl("portal"),
    }),
  };
}
