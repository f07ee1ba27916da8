/** The data of the simulated Stripe, with a journal file if one is given. */
import { Journal } from "../journal.ts";
import type {
  Charge,
  CheckoutSession,
  Customer,
  Dispute,
  Invoice,
  InvoiceItem,
  PaymentIntent,
  PaymentMethod,
  PortalSession,
  Price,
  Product,
  StripeEvent,
  StripeObject,
  Subscription,
} from "./objects.ts";

/** The first answer to an Idempotency-Key. */
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
  checkoutSessions: CheckoutSession;
  portalSessions: PortalSession;
  paymentIntents: PaymentIntent;
  charges: Charge;
  disputes: Dispute;
  events: StripeEvent;
}

interface Collections extends ObjectCollections {
  answers: SavedAnswer;
  /** The time of a subscription whose time was advanced, in unix seconds. */
  clocks: number;
}

export type Kind = keyof ObjectCollections;

/** The prefix of the ids, and Stripe's noun for such an object in "No such ...". */
export const KINDS: Record<Kind, [prefix: string, noun: string]> = {
  customers: ["cus", "customer"],
  products: ["prod", "product"],
  prices: ["price", "price"],
  paymentMethods: ["pm", "PaymentMethod"],
  subscriptions: ["sub", "subscription"],
  invoices: ["in", "invoice"],
  invoiceItems: ["ii", "invoiceitem"],
  checkoutSessions: ["cs", "checkout.session"],
  portalSessions: ["bps", "billing_portal.session"],
  paymentIntents: ["pi", "payment_intent"],
  charges: ["ch", "charge"],
  disputes: ["dp", "dispute"],
  events: ["evt", "event"],
};

export class StripeState extends Journal<Collections> {
  constructor(journalPath?: string) {
    const kinds = Object.keys(KINDS) as Kind[];
    super([...kinds, "answers", "clocks"], journalPath);
  }

  store<K extends Kind>(kind: K, object: ObjectCollections[K]): void {
    this.put(kind, object.id, object as Collections[K]);
  }

  /** The object with this id, of any kind. */
  findAny(id: string): StripeObject | undefined {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const found = this.get(kind, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
