/** Which items a call gives to a subscription. */
import type { Books } from "./books.ts";
import { type Catalog, planOf } from "./catalog.ts";
import { refusals } from "./errors.ts";
import { newId } from "./ids.ts";
import type { Price, Subscription, SubscriptionItem } from "./objects.ts";
import type { Params } from "./params.ts";
import { makeItem, type Period } from "./subscription_factory.ts";

export interface WantedItem {
  price: Price;
  quantity: number;
}

function quantityOf(item: Params, before = 1): number {
  const quantity = item.integer("quantity") ?? before;
  if (quantity < 0) {
    throw refusals.invalid("This value must be greater than or equal to 0.", {
      code: "parameter_invalid_integer",
      param: item.name("quantity"),
    });
  }
  return quantity;
}

/** The items of a new subscription. @throws {StripeRefusal} */
export function wantedItems(params: Params, catalog: Catalog): WantedItem[] {
  const items = params.list("items");
  if (items.length === 0) throw refusals.required("items");
  const wanted = items.map((item) => ({
    price: catalog.recurringPrice(item.required("price"), item.name("price")),
    quantity: quantityOf(item),
  }));
  if (new Set(wanted.map(({ price }) => price.id)).size < wanted.length) {
    throw refusals.invalid("Subscription items cannot have the same price twice.", {
      param: "items",
    });
  }
  return wanted;
}

/** The items that a subscription has after a call. @throws {StripeRefusal} */
export function changedItems(
  subscription: Subscription,
  params: Params,
  { catalog, period, created }: { catalog: Catalog; period: Period; created: number },
): SubscriptionItem[] {
  const items = [...subscription.items.data];
  for (const item of params.list("items")) {
    const id = item.text("id");
    const index = items.findIndex((candidate) => candidate.id === id);
    if (id !== undefined && index < 0) {
      throw refusals.missing("subscription_item", id, item.name("id"));
    }
    const before = items[index];
    if (before && item.boolean("deleted")) {
      items.splice(index, 1);
      continue;
    }
    const priceId = before ? item.text("price") ?? before.price.id : item.required("price");
    const price = catalog.recurringPrice(priceId, item.name("price"));
    const quantity = quantityOf(item, before?.quantity);
    if (before) {
      items[index] = { ...before, price, plan: planOf(price), quantity };
    } else {
      items.push(makeItem({ subscription: subscription.id, price, quantity, period, created }));
    }
  }
  if (items.length === 0) {
    throw refusals.invalid("A subscription must have at least one active item.", {
      param: "items",
    });
  }
  if (new Set(items.map(({ price }) => price.id)).size < items.length) {
    throw refusals.invalid("An existing Subscription Item is already using this Price.", {
      param: "items",
    });
  }
  return items;
}

/** What the rest of a period costs, in whole cents. */
function shareOf(item: SubscriptionItem, { start, end }: Period, now: number): number {
  const share = Math.min(Math.max((end - now) / (end - start), 0), 1);
  return Math.round(item.price.unit_amount * item.quantity * share);
}

/** Gives back the rest of what was paid, and asks for the rest of what is new, with the next invoice. */
export function addProrations(
  books: Books,
  { before, after, period, now }: {
    before: Subscription;
    after: Subscription;
    period: Period;
    now: number;
  },
): void {
  const add = (item: SubscriptionItem, sign: 1 | -1) => {
    const name = item.price.nickname ?? item.price.product;
    const amount = sign * shareOf(item, period, now);
    books.add("invoiceItems", {
      id: newId("ii"),
      object: "invoiceitem",
      amount,
      currency: item.price.currency,
      customer: after.customer,
      date: now,
      description: `${sign < 0 ? "Unused" : "Remaining"} time on ${name}`,
      discountable: false,
      discounts: [],
      invoice: null,
      livemode: books.livemode,
      metadata: {},
      period: { start: now, end: period.end },
      proration: true,
      quantity: item.quantity,
      simulated_subscription: after.id,
    }, "invoiceitem.created");
  };
  const isKept = (item: SubscriptionItem, others: SubscriptionItem[]) =>
    others.some((other) => other.price.id === item.price.id && other.quantity === item.quantity);
  const [old, fresh] = [before.items.data, after.items.data];
  for (const item of old) if (!isKept(item, fresh)) add(item, -1);
  for (const item of fresh) if (!isKept(item, old)) add(item, 1);
}
