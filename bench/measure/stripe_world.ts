/** Customers and subscriptions of sellers, events about them, and a stand-in for Stripe that answers at once. */
import type postgres from "postgres";
import { idHashes } from "../../shared/billing/encrypted_ids.ts";
import { contentDigest } from "../../shared/inbox/content_digest.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { TOKEN } from "./database.ts";

export interface StripeWorld extends AsyncDisposable {
  /** Address of the stand-in. */
  url: string;
  /** The price of every subscription. */
  price: string;
  /** Events about the subscriptions from `first` on, so many of each: the same number of periods later each time. */
  makeEvents(first: number, subscriptions: number, eventsOfEach: number): StripeEvent[];
}

export interface StripeEvent {
  id: string;
  type: string;
  created: number;
  data: { object: ReturnType<typeof subscriptionOf> };
}

const PRICE = "price_growth";
const MONTH = 30 * 86_400;

const priceOf = () => ({
  ...{ id: PRICE, object: "price", active: true, billing_scheme: "per_unit", currency: "usd" },
  ...{ livemode: false, lookup_key: null, metadata: {}, nickname: null, product: "prod_growth" },
  recurring: {
    interval: "month",
    interval_count: 1,
    trial_period_days: null,
    usage_type: "licensed",
  },
  ...{ tax_behavior: "unspecified", type: "recurring", unit_amount: 4900, created: 1_760_000_000 },
});

/** A subscription as Stripe's API has it. */
function subscriptionOf(n: number, period: number) {
  const start = 1_760_000_000 + period * MONTH;
  const item = {
    ...{ id: `si_bench${n}`, object: "subscription_item", created: 1_760_000_000, metadata: {} },
    ...{ price: priceOf(), quantity: 1, subscription: `sub_bench${n}`, tax_rates: [] },
    ...{ current_period_start: start, current_period_end: start + MONTH, billing_thresholds: null },
  };
  return {
    ...{ id: `sub_bench${n}`, object: "subscription", customer: `cus_bench${n}`, status: "active" },
    ...{ billing_cycle_anchor: 1_760_000_000, cancel_at: null, cancel_at_period_end: false },
    ...{ canceled_at: null, collection_method: "charge_automatically", created: 1_760_000_000 },
    ...{ currency: "usd", default_payment_method: null, ended_at: null, latest_invoice: null },
    items: { object: "list", data: [item], has_more: false, url: "/v1/subscription_items" },
    ...{ livemode: false, metadata: {}, pause_collection: null, start_date: 1_760_000_000 },
    ...{ trial_end: null, trial_start: null, application: null, automatic_tax: { enabled: false } },
  };
}

/** Sellers 1 to `count` with a customer and no subscription yet. */
async function addCustomers(sql: postgres.Sql, keys: KeyRing, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => ({
    user_id: crypto.randomUUID(),
    stripe_customer_id: TOKEN,
    stripe_customer_id_hash:
      idHashes(keys, "stripe_customers.stripe_customer_id", `cus_bench${n + 1}`)[0] ?? "",
  }));
  await sql`
    insert into auth.users (id, email)
    select user_id, user_id || '@example.com' from unnest(${
    rows.map(({ user_id }) => user_id)
  }::uuid[]) as user_id`;
  await sql`insert into private.stripe_customers ${sql(rows)}`;
}

export async function makeStripeWorld(
  sql: postgres.Sql,
  keys: KeyRing,
  customers: number,
): Promise<StripeWorld> {
  await addCustomers(sql, keys, customers);
  let events = 0;
  const periods = new Map<number, number>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const n = Number(/sub_bench(\d+)$/.exec(url)?.[1]);
    return Response.json(subscriptionOf(n, periods.get(n) ?? 0));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    price: PRICE,
    makeEvents(first, subscriptions, eventsOfEach) {
      return Array.from({ length: subscriptions * eventsOfEach }, (_, place) => {
        const n = first + Math.floor(place / eventsOfEach);
        const period = (periods.get(n) ?? 0) + 1;
        periods.set(n, period);
        return {
          ...{
            id: `evt_bench${++events}`,
            object: "event",
            api_version: "2026-01-28",
            livemode: false,
          },
          ...{
            type: period === 1 ? "customer.subscription.created" : "customer.subscription.updated",
          },
          ...{ created: 1_760_000_000 + events, pending_webhooks: 1 },
          data: { object: subscriptionOf(n, period) },
        };
      });
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Stores events in the inbox, as `stripe-webhooks` does. */
export async function receiveStripeEvents(sql: postgres.Sql, events: StripeEvent[]): Promise<void> {
  for (const event of events) {
    await sql`
      select public.receive_webhook_event('stripe', ${event.id}, ${event.type}, null, ${event.data.object.id},
        ${JSON.stringify(event)}, ${contentDigest(event, ["pending_webhooks"])}, null)`;
  }
}
