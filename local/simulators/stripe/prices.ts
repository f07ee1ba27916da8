/** Products and prices: those of the three plans, and those that calls create. */
import { apiErrors } from "./errors.ts";
import type { EventType, Metadata, Price, Product } from "./objects.ts";
import { type Plan, PLANS } from "./options.ts";
import type { Params } from "./params.ts";
import type { Store } from "./store.ts";

/** The name of a plan, and what it costs a month, in cents. */
const PLAN_PRICES: Record<Plan, [name: string, cents: number]> = {
  starter: ["Starter", 2900],
  growth: ["Growth", 7900],
  scale: ["Scale", 19_900],
};

interface NewPrice {
  id: string;
  product: string;
  currency: string;
  unitAmount: number;
  isRecurring: boolean;
  nickname?: string;
}

export class Prices {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  #addProduct(id: string, name: string, metadata: Metadata, ...types: EventType[]): Product {
    const { livemode, seconds: created } = this.#store;
    const fields = { id, active: true, created, livemode, metadata, name };
    return this.#store.add("products", { object: "product", ...fields }, ...types);
  }

  #addPrice(price: NewPrice, ...types: EventType[]): Price {
    const { id, product, currency, unitAmount, isRecurring, nickname = null } = price;
    return this.#store.add("prices", {
      id,
      object: "price",
      active: true,
      created: this.#store.seconds,
      currency,
      livemode: this.#store.livemode,
      metadata: {},
      nickname,
      product,
      recurring: isRecurring ? { interval: "month", interval_count: 1 } : null,
      type: isRecurring ? "recurring" : "one_time",
      unit_amount: unitAmount,
    }, ...types);
  }

  /** The prices of the plans exist from the start, without events. */
  addPlans(ids: Partial<Record<Plan, string>>): void {
    for (const plan of PLANS) {
      const id = ids[plan] ?? `price_${plan}`;
      if (this.#store.state.get("prices", id) !== undefined) continue;
      const [nickname, unitAmount] = PLAN_PRICES[plan];
      const { id: product } = this.#addProduct(`prod_${plan}`, nickname, { plan });
      this.#addPrice({ id, product, currency: "usd", unitAmount, isRecurring: true, nickname });
    }
  }

  /** @throws {ApiError} */
  createProduct(params: Params): Product {
    const id = this.#store.newId("products");
    return this.#addProduct(id, params.required("name"), params.metadata(), "product.created");
  }

  /** @throws {ApiError} */
  createPrice(params: Params): Price {
    const recurring = params.object("recurring");
    if (params.has("recurring")) recurring.required("interval");
    const currency = params.required("currency").toLowerCase();
    if (!/^[a-z]{3}$/.test(currency)) {
      throw apiErrors.invalid(`Invalid currency: ${currency}.`, { param: "currency" });
    }
    return this.#addPrice({
      id: this.#store.newId("prices"),
      product: this.#store.find("products", params.required("product"), "product").id,
      currency,
      unitAmount: params.requiredInteger("unit_amount"),
      isRecurring: recurring.oneOf("interval", ["month"]) !== undefined,
    }, "price.created");
  }

  /** @throws {ApiError} */
  updatePrice(id: string, params: Params): Price {
    const { active: before } = this.#store.find("prices", id);
    const active = params.boolean("active") ?? before;
    return this.#store.update("prices", id, { active }, "price.updated");
  }

  /** A price that can be sold. @throws {ApiError} */
  findActive(id: string, param: string): Price {
    const price = this.#store.find("prices", id, param);
    if (price.active) return price;
    throw apiErrors.invalid(
      "The price specified is inactive. This field only accepts active prices.",
      { param },
    );
  }

  /** The prices of subscriptions. */
  listRecurring(): Price[] {
    return this.#store.state.all("prices").filter(({ recurring }) => recurring !== null);
  }

  /** A price that a subscription can have. @throws {ApiError} */
  findRecurring(id: string, param: string): Price {
    const price = this.findActive(id, param);
    if (price.recurring !== null) return price;
    throw apiErrors.invalid(
      "The price specified is set to `type=one_time` but this field only accepts prices with " +
        "`type=recurring`.",
      { param },
    );
  }
}
