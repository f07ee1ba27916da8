/** What a checkout leads to when somebody pays. */
import type { Books } from "./books.ts";
import type { SoldLine } from "./checkout_factory.ts";
import type { PaymentMethod } from "./objects.ts";
import { Params } from "./params.ts";
import type { Payments } from "./payments.ts";
import type { CheckoutSession } from "./session_objects.ts";
import { missingMethodOf, trialEndOf } from "./subscription_params.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface Payer {
  books: Books;
  payments: Payments;
  subscriptions: Subscriptions;
}

/** The subscription that was sold begins. @throws {StripeRefusal} */
export function subscribe(
  session: CheckoutSession,
  customer: string,
  method: PaymentMethod,
  { books, subscriptions }: Payer,
) {
  const lines = session.simulated_sold as SoldLine[];
  const data = Params.read(session.simulated_subscription_data as string);
  const subscription = subscriptions.create({
    customer,
    // What is sold once is on no subscription.
    items: lines.filter(({ price }) => price.recurring !== null),
    trialEnd: trialEndOf(data, books.seconds) ?? null,
    missingPaymentMethod: missingMethodOf(data) ?? "create_invoice",
    defaultPaymentMethod: method.id,
    description: data.nullable("description") ?? null,
    metadata: data.metadata(),
    toldFirst: true,
  });
  return { subscription: subscription.id, invoice: subscription.latest_invoice };
}

/** What was sold once is paid. */
export function pay(
  session: CheckoutSession,
  customer: string | null,
  method: PaymentMethod,
  { books, payments }: Payer,
) {
  const intent = payments.create({
    ...{ amount: session.amount_total, currency: session.currency, customer },
    created: books.seconds,
    fields: session.simulated_intent_fields as Record<string, unknown>,
  });
  payments.confirm(intent, method);
  return { payment_intent: intent.id };
}
