/** One random history of two paying sellers: the states that Stripe had, and the checks of our rows. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import type { StripeEvent, Subscription } from "../../local/simulators/stripe/objects.ts";
import type { Seller } from "../../local/stack/seller.ts";
import { decryptId } from "../../shared/billing/encrypted_ids.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import type { EventProcessor } from "../../shared/inbox/process_events.ts";
import { planOf, requestSync } from "./billing.ts";
import type { FaultyProxy } from "./faulty_proxy.ts";
import { letTimePass, runEventWorker } from "./shop.ts";
import type { TestStack } from "./stack.ts";

const LIMITS: Record<string, number> = { trial: 10, starter: 100, growth: 500, scale: 999999 };
const ENDED_STATUSES = ["canceled", "incomplete_expired"];
const LIVE_STATUSES = ["active", "trialing"];

/** The types of Stripe events that our endpoint subscribes. */
const SUBSCRIBED =
  /^(customer\.(subscription|deleted)|invoice\.p|checkout\.session\.completed|charge\.disp)/;

/** A state that Stripe had, as a row of ours would store it. */
interface State {
  status: string;
  /** The plans that a row of this state may name; with an unknown price, the earlier ones. */
  plans: string[];
  /** Period and end. */
  rest: string;
}

interface Row {
  id: string;
  user_id: string;
  plan_name: string;
  status: string;
  rest: string;
  subscription: string;
}

/** Everything that the histories of one test share. */
export interface BillingHistoryWorld {
  stack: TestStack;
  /** A worker whose calls of the database go through `proxy`. */
  processor: EventProcessor;
  proxy: FaultyProxy;
  stripe: Stripe;
  keys: KeyRing;
  /** A price that belongs to no plan. */
  unknownPrice: string;
}

export class BillingHistory {
  readonly events: StripeEvent[] = [];
  /** Work that goes on during the next steps. */
  readonly background: Promise<unknown>[] = [];
  /** Every state of each subscription so far, oldest first. */
  readonly states = new Map<string, State[]>();
  /** User ids by subscription. */
  readonly #owners = new Map<string, string>();
  /** The place in `states` that our row had reached at the last check. */
  readonly #reached = new Map<string, number>();
  /** Subscriptions by our row's id. */
  readonly #decrypted = new Map<string, string>();

  constructor(readonly world: BillingHistoryWorld, readonly sellers: Seller[]) {}

  seller(index: number): Seller {
    return this.sellers[index % this.sellers.length] as Seller;
  }

  /** Stripe's subscriptions of both sellers. */
  get subscriptions(): Subscription[] {
    return this.world.stack.stripe.state.all("subscriptions")
      .filter(({ id }) => this.#owners.has(id));
  }

  /** Records the states that Stripe has now, and takes its unsent events. */
  record(): void {
    const { stripe } = this.world.stack;
    this.events.push(...stripe.pendingEvents.splice(0).filter(({ type }) => SUBSCRIBED.test(type)));
    const users = new Map<string, string>();
    for (const { id, metadata } of stripe.state.all("customers")) {
      if (this.sellers.some((seller) => seller.id === metadata?.user_id)) {
        users.set(id, metadata.user_id as string);
      }
    }
    for (const subscription of stripe.state.all("subscriptions")) {
      const owner = users.get(subscription.customer);
      if (owner !== undefined) this.#owners.set(subscription.id, owner);
      if (this.#owners.has(subscription.id)) this.#recordState(subscription);
    }
  }

  #recordState(subscription: Subscription): void {
    const { id, cancel_at_period_end, cancel_at, items } = subscription;
    const status = storedStatus(subscription);
    const states = this.states.get(id) ?? [];
    const item = items.data[0];
    const plan = item?.price.id.replace(/^price_/, "") ?? "";
    const earlier = [...new Set(states.flatMap(({ plans }) => plans))];
    const end = item?.current_period_end ?? 0;
    const isEnding = cancel_at_period_end || (cancel_at !== null && cancel_at <= end);
    const rest = `${item?.current_period_start} ${end} ${isEnding}`;
    const state = { status, rest, plans: plan in LIMITS ? [plan] : earlier };
    if (JSON.stringify(state) !== JSON.stringify(states.at(-1))) states.push(state);
    this.states.set(id, states);
  }

  /** The newest first. */
  async rows(): Promise<Row[]> {
    const { stack, keys } = this.world;
    const rows = await stack.sql<(Row & { text: string })[]>`
      select id, user_id, plan_name, status, stripe_subscription_id as text,
        concat_ws(' ', extract(epoch from current_period_start)::bigint,
          extract(epoch from current_period_end)::bigint,
          case when cancel_at_period_end then 'true' else 'false' end) as rest
      from public.subscriptions where user_id in ${stack.sql(this.sellers.map(({ id }) => id))}
      order by created_at desc`;
    return await Promise.all(rows.map(async ({ text, ...row }) => {
      const subscription = this.#decrypted.get(row.id) ??
        await decryptId(keys, "subscriptions.stripe_subscription_id", text);
      this.#decrypted.set(row.id, subscription);
      return { ...row, subscription };
    }));
  }

  /** Whether the customer of a subscription was deleted. */
  #isCustomerDeleted(subscription: string): boolean {
    const { state } = this.world.stack.stripe;
    const customer = state.get("subscriptions", subscription)?.customer ?? "";
    return state.get("customers", customer)?.deleted === true;
  }

  /** No row goes back to an earlier state, and no limit is higher than Stripe allowed at any time. */
  async check(): Promise<void> {
    this.record();
    await this.#checkLimits();
    for (const row of await this.rows()) {
      const states = this.states.get(row.subscription) ?? [];
      assert.equal(this.#owners.get(row.subscription), row.user_id);
      // Replacing a deleted customer ends its subscriptions without reading them again.
      if (row.status === "canceled" && this.#isCustomerDeleted(row.subscription)) continue;
      const from = this.#reached.get(row.subscription) ?? 0;
      const place = states.findIndex(({ status, plans, rest }, n) =>
        n >= from && status === row.status && rest === row.rest && plans.includes(row.plan_name)
      );
      const possible = JSON.stringify(states.slice(from));
      assert.ok(place >= 0, `${JSON.stringify(row)} is not one of ${possible}`);
      this.#reached.set(row.subscription, place);
    }
  }

  async #checkLimits(): Promise<void> {
    const limits = await Promise.all(this.sellers.map(async (seller) => ({
      seller,
      limit: (await planOf(this.world.stack, seller)).limit,
    })));
    for (const { seller, limit } of limits) {
      const allowed = [...this.states].filter(([id]) => this.#owners.get(id) === seller.id)
        .flatMap(([, states]) => states.filter(({ status }) => LIVE_STATUSES.includes(status)))
        .flatMap(({ plans }) => plans.map((plan) => LIMITS[plan] as number));
      assert.ok(limit <= Math.max(10, ...allowed), `${limit} is more than ${allowed}`);
    }
  }

  /** Ends all faults, and processes everything. */
  async comeToRest(): Promise<void> {
    const { stack } = this.world;
    await Promise.all(this.background);
    await this.check();
    stack.stripe.faults.clear();
    await this.processEvents();
  }

  /** Runs a comparison, and processes events until none is open. */
  async processEvents(): Promise<void> {
    const { stack } = this.world;
    await requestSync(stack);
    for (let round = 0; round < 30; round++) {
      await letTimePass(stack);
      await runEventWorker(stack);
      const open = await stack.sql`
        select from private.event_queue where status in ('pending', 'processing')`;
      if (open.length === 0) return;
    }
    assert.fail("the inbox does not come to rest");
  }

  /** Every row has Stripe's last state, and every seller the plan that follows from it. */
  async checkEnd(): Promise<void> {
    await this.check();
    const rows = await this.rows();
    const stored = new Map(rows.map((row) => [row.subscription, row]));
    assert.equal(stored.size, rows.length, "one row for each subscription");
    for (const [id, states] of this.states) {
      const row = stored.get(id);
      const state = states.at(-1) as State;
      if (this.#isCustomerDeleted(id)) {
        assert.ok(
          row === undefined || row.status === "canceled" || ENDED_STATUSES.includes(state.status),
        );
      } else if (row === undefined) {
        assert.equal(this.#currentPlan(id), undefined, "a subscription to a plan has no row");
      } else {
        assert.deepEqual([row.status, row.rest], [state.status, state.rest]);
        assert.ok(state.plans.includes(row.plan_name), `${row.plan_name} of ${state.plans}`);
      }
    }
    for (const seller of this.sellers) {
      const own = rows.filter(({ user_id }) => user_id === seller.id);
      assert.deepEqual(await planOf(this.world.stack, seller), expectedPlan(own));
    }
  }

  /** The plan of the price that a subscription has now; `undefined` for an unknown price. */
  #currentPlan(id: string): string | undefined {
    const { state } = this.world.stack.stripe;
    const plan = state.get("subscriptions", id)?.items.data[0]?.price.id.replace(/^price_/, "");
    return plan !== undefined && plan in LIMITS ? plan : undefined;
  }
}

/** A live subscription whose collection is paused pays nothing. */
function storedStatus({ status, pause_collection }: Subscription): string {
  return LIVE_STATUSES.includes(status) && pause_collection !== null ? "paused" : status;
}

/** @param rows The newest first. */
function expectedPlan(rows: Row[]): { status: string; tier: string; limit: number } {
  const largest = (some: Row[]) =>
    some.toSorted((a, b) => (LIMITS[b.plan_name] as number) - (LIMITS[a.plan_name] as number))[0];
  const live = largest(rows.filter(({ status }) => LIVE_STATUSES.includes(status)));
  const limit = LIMITS[live?.plan_name ?? "trial"] as number;
  const open = live ?? largest(rows.filter(({ status }) => !ENDED_STATUSES.includes(status)));
  if (open) return { status: open.status, tier: open.plan_name, limit };
  return { status: largest(rows)?.status ?? "trial", tier: "starter", limit };
}
