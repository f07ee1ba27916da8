/** What the simulated Stripe knows; kept in a journal file if asked. */
import { Journal } from "../journal.ts";
import type {
  Charge,
  Customer,
  Dispute,
  Invoice,
  InvoiceItem,
  InvoicePayment,
  PaymentIntent,
  PaymentMethod,
  Price,
  Product,
  StripeObject,
  Subscription,
} from "./objects.ts";
import type {
  CheckoutSession,
  PortalSession,
  StripeEvent,
  WebhookEndpoint,
} from "./session_objects.ts";

/** The first answer to an idempotency key. */
export interface SavedAnswer {
  endpoint: string;
  parameters: string;
  status: number;
  body: string;
  requestId: string;
  /** Milliseconds since 1970. */
  savedAt: number;
}

export interface ObjectCollections {
  customers: Customer;
  products: Product;
  prices: Price;
  paymentMethods: PaymentMethod;
  subscriptions: Subscription;
  invoices: Invoice;
  invoiceItems: InvoiceItem;
  invoicePayments: InvoicePayment;
  checkoutSessions: CheckoutSession;
  portalSessions: PortalSession;
  paymentIntents: PaymentIntent;
  charges: Charge;
  disputes: Dispute;
  events: StripeEvent;
  webhookEndpoints: WebhookEndpoint;
}

interface Collections extends ObjectCollections {
  answers: SavedAnswer;
  /** How far a subscription's time was moved on, in unix seconds. */
  clocks: number;
}

export type Kind = keyof ObjectCollections;

/** What an id begins with, and what Stripe calls such an object where it is not there. */
export const KINDS: Record<Kind, [prefix: string, noun: string]> = {
  customers: ["cus", "customer"],
  products: ["prod", "product"],
  prices: ["price", "price"],
  paymentMethods: ["pm", "PaymentMethod"],
  subscriptions: ["sub", "subscription"],
  invoices: ["in", "invoice"],
  invoiceItems: ["ii", "invoiceitem"],
  invoicePayments: ["inpay", "invoice_payment"],
  checkoutSessions: ["cs", "checkout.session"],
  portalSessions: ["bps", "billing_portal.session"],
  paymentIntents: ["pi", "payment_intent"],
  charges: ["ch", "charge"],
  disputes: ["dp", "dispute"],
  events: ["evt", "event"],
  webhookEndpoints: ["we", "webhook_endpoint"],
};

export class StripeState extends Journal<Collections> {
  constructor(journalPath?: string) {
    const kinds = Object.keys(KINDS) as Kind[];
    super([...kinds, "answers", "clocks"], journalPath);
  }

  store<K extends Kind>(kind: K, object: ObjectCollections[K]): void {
    this.put(kind, object.id, object as Collections[K]);
  }

  /** The object that an id names, whatever its kind. */
  findAny(id: string): StripeObject | undefined {
    const kinds = Object.keys(KINDS) as Kind[];
    // The plans' prices have ids of their maker's choice.
    for (const kind of kinds) {
      const found = this.get(kind, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
