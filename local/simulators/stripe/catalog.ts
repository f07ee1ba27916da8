/** Products and prices: the three plans from the start, and what calls add. */
import type { Books } from "./books.ts";
import { refusals } from "./errors.ts";
import type { Interval } from "./ids.ts";
import type { Metadata, Price, Product, StripeObject } from "./objects.ts";
import { type Plan, PLANS } from "./options.ts";

const PLAN_NAMES: Record<Plan, [name: string, cents: number]> = {
  starter: ["Starter", 2900],
  growth: ["Growth", 7900],
  scale: ["Scale", 19_900],
};

export const INTERVALS: readonly Interval[] = ["day", "week", "month", "year"];

export interface NewProduct {
  id: string;
  name: string;
  description?: string | null;
  active?: boolean;
  metadata?: Metadata;
}

export interface NewPrice {
  id: string;
  product: string;
  currency: string;
  unitAmount: number;
  recurring: { interval: Interval; intervalCount: number } | null;
  nickname?: string | null;
  lookupKey?: string | null;
  active?: boolean;
  metadata?: Metadata;
}

export class Catalog {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  addProduct(
    { id, name, description = null, active = true, metadata = {} }: NewProduct,
    ...types: string[]
  ): Product {
    const { livemode, seconds } = this.#books;
    return this.#books.add("products", {
      id,
      object: "product",
      active,
      created: seconds,
      default_price: null,
      description,
      images: [],
      livemode,
      marketing_features: [],
      metadata,
      name,
      package_dimensions: null,
      shippable: null,
      statement_descriptor: null,
      tax_code: null,
      type: "service",
      unit_label: null,
      updated: seconds,
      url: null,
    }, ...types);
  }

  addPrice(price: NewPrice, ...types: string[]): Price {
    const { recurring, active = true, metadata = {} } = price;
    return this.#books.add("prices", {
      id: price.id,
      object: "price",
      active,
      billing_scheme: "per_unit",
      created: this.#books.seconds,
      currency: price.currency,
      custom_unit_amount: null,
      livemode: this.#books.livemode,
      lookup_key: price.lookupKey ?? null,
      metadata,
      nickname: price.nickname ?? null,
      product: price.product,
      recurring: recurring && {
        interval: recurring.interval,
        interval_count: recurring.intervalCount,
        meter: null,
        trial_period_days: null,
        usage_type: "licensed",
      },
      tax_behavior: "unspecified",
      tiers_mode: null,
      transform_quantity: null,
      type: recurring ? "recurring" : "one_time",
      unit_amount: price.unitAmount,
      unit_amount_decimal: String(price.unitAmount),
    }, ...types);
  }

  /** The plans are there from the start, without anybody being told. */
  addPlans(prices: Partial<Record<Plan, string>>): void {
    for (const plan of PLANS) {
      const id = prices[plan] ?? `price_${plan}`;
      if (this.#books.state.get("prices", id) !== undefined) continue;
      const [name, cents] = PLAN_NAMES[plan];
      const metadata = { plan };
      const product = this.addProduct({ id: `prod_${plan}`, name, metadata });
      const recurring = { interval: "month" as const, intervalCount: 1 };
      const lookup = { nickname: name, lookupKey: plan, metadata };
      const amount = { currency: "usd", unitAmount: cents, recurring };
      this.addPrice({ id, product: product.id, ...amount, ...lookup });
    }
  }

  /** @throws {StripeRefusal} */
  price(id: string, param: string): Price {
    const price = this.#books.find("prices", id, param);
    if (!price.active) {
      throw refusals.invalid(
        "The price specified is inactive. This field only accepts active prices.",
        { param },
      );
    }
    return price;
  }

  /** A price that a subscription can have. @throws {StripeRefusal} */
  recurringPrice(
    id: string,
    param: string,
  ): Price & { recurring: NonNullable<Price["recurring"]> } {
    const price = this.price(id, param);
    if (price.recurring === null) {
      throw refusals.invalid(
        "The price specified is set to `type=one_time` but this field only accepts prices with " +
          "`type=recurring`.",
        { param },
      );
    }
    return { ...price, recurring: price.recurring };
  }
}

/** The older word for a recurring price, which items still have. */
export function planOf(price: Price): StripeObject | null {
  if (price.recurring === null) return null;
  const { id, active, created, currency, livemode, metadata, nickname, product, recurring } = price;
  return {
    ...{ id, active, created, currency, livemode, metadata, nickname, product },
    object: "plan",
    amount: price.unit_amount,
    amount_decimal: String(price.unit_amount),
    billing_scheme: "per_unit",
    interval: recurring.interval,
    interval_count: recurring.interval_count,
    meter: null,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: "licensed",
  };
}
