/**
 * Billing under random histories: whatever Stripe tells, in whatever order, our rows go forward through its
 * states only, no limit is higher than it ever allowed, and after a comparison they are its own.
 * HISTORIES=100 runs more of them; a failure prints its seed.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import Stripe from "stripe";
import { workerConfigOf } from "../../local/stack/running_stack.ts";
import type { Seller } from "../../local/stack/seller.ts";
import type { KeyRing } from "../../shared/crypto/key_ring.ts";
import { openId } from "../../shared/billing/encrypted_ids.ts";
import { createWorker, type Worker } from "../../shared/event_routes.ts";
import {
  callBilling,
  customerOf,
  makeCustomer,
  payCheckout,
  planOf,
  requestSync,
  signUp,
} from "../support/billing.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty_proxy.ts";
import { letTimePass, runEventWorker } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { StripeRefusal } from "../../local/simulators/stripe/errors.ts";
import type { Subscription } from "../../local/simulators/stripe/objects.ts";
import type { StripeEvent } from "../../local/simulators/stripe/session_objects.ts";
import { type ChangeName, ImpossibleChange } from "../../local/simulators/stripe/simulator.ts";

const LIMITS: Record<string, number> = { trial: 10, starter: 100, growth: 500, scale: 999999 };
const PRICES = ["price_starter", "price_growth", "price_scale", "unknown"] as const;
const OVER = ["canceled", "incomplete_expired"];
const LIVE = ["active", "trialing"];
const TOLD =
  /^(customer\.(subscription|deleted)|invoice\.p|checkout\.session\.completed|charge\.disp)/;

const CHANGES: ChangeName[] = [
  ...["renew", "payment_fails", "payment_succeeds", "trial_will_end", "trial_ends"] as const,
  ...["give_up_unpaid", "give_up_cancel", "incomplete_expires", "pause", "resume"] as const,
  ...["pause_collection", "resume_collection", "cancel", "cancel_at_period_end", "keep"] as const,
  ...["period_ends", "change_price", "change_price", "dispute"] as const,
];

type Step =
  | { do: "buy"; user: number; plan: "starter" | "growth" | "scale" }
  | {
    do: "make";
    user: number;
    price: typeof PRICES[number];
    kind: "paid" | "trial" | "incomplete";
  }
  | { do: "change"; subscription: number; change: ChangeName; price: typeof PRICES[number] }
  | { do: "race"; subscription: number; change: ChangeName; price: typeof PRICES[number] }
  | { do: "delete"; user: number }
  | { do: "deliver"; event: number; times: number }
  | { do: "fault"; kind: "internal" | "html" | "rate_limit" | "lost" | "truncated"; count: number }
  | { do: "crash"; calls: number; what: "call" | "answer" }
  | { do: "work" }
  | { do: "rest" };

const user = fc.nat({ max: 1 });
const price = fc.constantFrom(...PRICES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("buy" as const),
      user,
      plan: fc.constantFrom("starter" as const, "growth" as const, "scale" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("make" as const),
      user,
      price,
      kind: fc.constantFrom("paid" as const, "trial" as const, "incomplete" as const),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      subscription: fc.nat({ max: 5 }),
      change: fc.constantFrom(...CHANGES),
      price,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("race" as const),
      subscription: fc.nat({ max: 5 }),
      change: fc.constantFrom(...CHANGES),
      price,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), user }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      event: fc.nat({ max: 60 }),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      kind: fc.constantFrom(
        ...["internal", "html", "rate_limit", "lost", "truncated"] as const,
      ),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      calls: fc.integer({ min: 1, max: 3 }),
      what: fc.constantFrom("call" as const, "answer" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "work" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "rest" as const }) },
);

/** A state that Stripe had, in the words of our table. */
interface State {
  status: string;
  /** Which plans a row of this state may name: of a price that is none of ours, those from before. */
  plans: string[];
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

interface World {
  stack: TestStack;
  worker: Worker;
  proxy: FaultyProxy;
  stripe: Stripe;
  keys: KeyRing;
  unknownPrice: string;
}

/** One history of two sellers. */
class History {
  readonly events: StripeEvent[] = [];
  /** Work that goes on while the next steps are taken. */
  readonly background: Promise<unknown>[] = [];
  /** Every state of each subscription so far, oldest first. */
  readonly states = new Map<string, State[]>();
  /** Whose it is. */
  readonly owners = new Map<string, string>();
  /** Which state our row of a subscription had when it was last looked at. */
  readonly reached = new Map<string, number>();
  readonly ids = new Map<string, string>();

  constructor(readonly world: World, readonly sellers: Seller[]) {}

  seller(index: number): Seller {
    return this.sellers[index % this.sellers.length] as Seller;
  }

  /** Stripe's subscriptions of both. */
  get subscriptions(): Subscription[] {
    return this.world.stack.stripe.state.all("subscriptions")
      .filter(({ id }) => this.owners.has(id));
  }

  priceOf(name: string): string {
    return name === "unknown" ? this.world.unknownPrice : name;
  }

  /** Notes how Stripe's subscriptions are, and takes the events. */
  note(): void {
    const { stripe } = this.world.stack;
    this.events.push(...stripe.pendingEvents.splice(0).filter(({ type }) => TOLD.test(type)));
    const mine = new Map<string, string>();
    for (const { id, metadata } of stripe.state.all("customers")) {
      if (this.sellers.some((seller) => seller.id === metadata?.user_id)) {
        mine.set(id, metadata.user_id as string);
      }
    }
    for (const subscription of stripe.state.all("subscriptions")) {
      const owner = mine.get(subscription.customer);
      if (owner !== undefined) this.owners.set(subscription.id, owner);
      if (!this.owners.has(subscription.id)) continue;
      const { status, cancel_at_period_end, cancel_at, items } = subscription;
      const states = this.states.get(subscription.id) ?? [];
      const item = items.data[0];
      const plan = item?.price.id.replace(/^price_/, "") ?? "";
      const earlier = [...new Set(states.flatMap(({ plans }) => plans))];
      const end = item?.current_period_end ?? 0;
      const isEnding = cancel_at_period_end || (cancel_at !== null && cancel_at <= end);
      const rest = `${item?.current_period_start} ${end} ${isEnding}`;
      const state = { status, rest, plans: plan in LIMITS ? [plan] : earlier };
      if (JSON.stringify(state) !== JSON.stringify(states.at(-1))) states.push(state);
      this.states.set(subscription.id, states);
    }
  }

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
      const subscription = this.ids.get(row.id) ??
        await openId(keys, "subscriptions.stripe_subscription_id", text);
      this.ids.set(row.id, subscription);
      return { ...row, subscription };
    }));
  }

  /** Whether the customer of a subscription was deleted, and the seller has another one. */
  isForgotten(subscription: string): boolean {
    const { state } = this.world.stack.stripe;
    const customer = state.get("subscriptions", subscription)?.customer ?? "";
    return state.get("customers", customer)?.deleted === true;
  }

  /** No row goes back to what Stripe had before, and nobody has more than Stripe ever allowed. */
  async check(): Promise<void> {
    const { stack } = this.world;
    this.note();
    const limits = await Promise.all(this.sellers.map(async (seller) => ({
      seller,
      limit: (await planOf(stack, seller)).limit,
    })));
    for (const { seller, limit } of limits) {
      const allowed = [...this.states].filter(([id]) => this.owners.get(id) === seller.id)
        .flatMap(([, states]) => states.filter(({ status }) => LIVE.includes(status)))
        .flatMap(({ plans }) => plans.map((plan) => LIMITS[plan] as number));
      assert.ok(limit <= Math.max(10, ...allowed), `${limit} is more than ${allowed}`);
    }
    for (const row of await this.rows()) {
      const states = this.states.get(row.subscription) ?? [];
      assert.equal(this.owners.get(row.subscription), row.user_id);
      // Ended here with its customer, without another look at it.
      if (row.status === "canceled" && this.isForgotten(row.subscription)) continue;
      const from = this.reached.get(row.subscription) ?? 0;
      const place = states.findIndex(({ status, plans, rest }, n) =>
        n >= from && status === row.status && rest === row.rest && plans.includes(row.plan_name)
      );
      assert.ok(
        place >= 0,
        `${JSON.stringify(row)} is none of ${JSON.stringify(states.slice(from))}`,
      );
      this.reached.set(row.subscription, place);
    }
  }

  async make(seller: Seller, { price, kind }: Step & { do: "make" }): Promise<void> {
    const { stripe, stack } = this.world;
    const customer = customerOf(stack, seller).id;
    const { id: method } = await stripe.paymentMethods.attach("pm_card_visa", { customer });
    await stripe.subscriptions.create({
      ...{ customer, items: [{ price: this.priceOf(price) }], default_payment_method: method },
      ...(kind === "trial" && { trial_period_days: 7 }),
      ...(kind === "incomplete" && { payment_behavior: "default_incomplete" as const }),
    });
  }

  pick(index: number): string | undefined {
    const all = this.subscriptions;
    return all[index % Math.max(all.length, 1)]?.id;
  }

  async change(
    id: string | undefined,
    { change, price }: { change: ChangeName; price: string },
  ): Promise<void> {
    const detail = change === "change_price" ? { price: this.priceOf(price) } : {};
    if (id) await this.world.stack.stripe.advance(id, change, detail).catch(passOver);
  }

  /** A worker that has read a state is slow, while the next one is stored. */
  async race(
    id: string | undefined,
    change: { change: ChangeName; price: string },
  ): Promise<void> {
    if (id === undefined) return;
    const { stripe } = this.world.stack;
    const { faults } = stripe;
    const late = () => faults.spoiled.get("late") ?? 0;
    const before = late();
    faults.add({ kind: "late", path: `/v1/subscriptions/${id}`, count: 1, delayMs: 150 });
    const slow = stripe.eventOf(id);
    this.background.push(stripe.send(slow).then(() => this.settled(slow)));
    // Another fault may have come first.
    await until("it is read", () => Promise.resolve(late() > before), 500).catch(() => {});
    const noted = this.states.get(id)?.length;
    await this.change(id, change);
    this.note();
    if (this.states.get(id)?.length === noted) {
      const isEnding = stripe.state.get("subscriptions", id)?.cancel_at_period_end;
      await this.change(id, { ...change, change: isEnding ? "keep" : "cancel_at_period_end" });
    }
    const fast = stripe.eventOf(id);
    await stripe.send(fast);
    await this.settled(fast);
  }

  /** Waits until an event is settled, or for as long as that takes where nothing fails. */
  async settled({ id }: StripeEvent): Promise<void> {
    const { sql } = this.world.stack;
    const isSettled = async () => {
      const rows = await sql`
        select from private.webhook_events where external_id = ${id} and settled_at is not null`;
      return rows.length > 0;
    };
    await until("the event is settled", isSettled, 400).catch(() => {});
  }

  async take(step: Step): Promise<void> {
    const { stack, worker, proxy, stripe } = this.world;
    switch (step.do) {
      case "buy": {
        const { body } = await callBilling(stack, this.seller(step.user), "/checkout", {
          plan: step.plan,
        });
        // Stripe may be down, or there is a subscription already.
        if (body.kind === "checkout") await payCheckout(body.url);
        return;
      }
      case "make":
        return await this.make(this.seller(step.user), step).catch(passOver);
      case "change":
        return await this.change(this.pick(step.subscription), step);
      case "race":
        return await this.race(this.pick(step.subscription), step);
      case "delete":
        await Promise.resolve().then(() => customerOf(stack, this.seller(step.user)))
          .then(({ id }) => stripe.customers.del(id)).catch(passOver);
        return;
      case "deliver": {
        const event = this.events[step.event % Math.max(this.events.length, 1)];
        if (event === undefined) return;
        const sending = Array.from({ length: step.times }, () => stack.stripe.send(event));
        this.background.push(...sending);
        return;
      }
      case "fault":
        stack.stripe.faults.add({
          ...{ method: "GET", path: "/v1/subscriptions/sub_" },
          ...{ kind: step.kind, count: step.count, retryAfterSeconds: 0 },
        });
        return;
      case "crash":
        proxy.lose(step.calls, step.what);
        this.background.push(worker.drainer.drain().catch(() => {}));
        return;
      case "work":
        await letTimePass(stack);
        // Two workers at once.
        this.background.push(runEventWorker(stack), worker.drainer.drain().catch(() => {}));
        return;
      case "rest":
        await Promise.all(this.background.splice(0));
    }
  }

  /** Everything is well again, and a comparison runs. */
  async comeToRest(): Promise<void> {
    const { stack } = this.world;
    await Promise.all(this.background);
    await this.check();
    stack.stripe.faults.clear();
    await requestSync(stack);
    for (let round = 0; round < 30; round++) {
      await letTimePass(stack);
      await runEventWorker(stack);
      const open = await stack.sql`
        select from private.webhook_events where status in ('pending', 'processing')`;
      if (open.length === 0) return;
    }
    assert.fail("the inbox does not come to rest");
  }

  async checkEnd(): Promise<void> {
    const { stack } = this.world;
    await this.check();
    const rows = await this.rows();
    const stored = new Map(rows.map((row) => [row.subscription, row]));
    assert.equal(stored.size, rows.length, "one row for each subscription");
    for (const [id, states] of this.states) {
      const row = stored.get(id);
      const state = states.at(-1) as State;
      if (this.isForgotten(id)) {
        assert.ok(row === undefined || row.status === "canceled" || OVER.includes(state.status));
      } else if (row === undefined) {
        assert.equal(this.planNow(id), undefined, "a subscription of ours has no row");
      } else {
        assert.deepEqual([row.status, row.rest], [state.status, state.rest]);
        assert.ok(state.plans.includes(row.plan_name), `${row.plan_name} of ${state.plans}`);
      }
    }
    for (const seller of this.sellers) {
      const own = rows.filter(({ user_id }) => user_id === seller.id);
      assert.deepEqual(await planOf(stack, seller), expectedPlan(own));
    }
  }

  /** The plan of the price that a subscription has now, if it is one of ours. */
  planNow(id: string): string | undefined {
    const { state } = this.world.stack.stripe;
    const plan = state.get("subscriptions", id)?.items.data[0]?.price.id.replace(/^price_/, "");
    return plan !== undefined && plan in LIMITS ? plan : undefined;
  }
}

/** @param rows Newest first. */
function expectedPlan(rows: Row[]): { status: string; tier: string; limit: number } {
  const largest = (some: Row[]) =>
    some.toSorted((a, b) => (LIMITS[b.plan_name] as number) - (LIMITS[a.plan_name] as number))[0];
  const live = largest(rows.filter(({ status }) => LIVE.includes(status)));
  const limit = LIMITS[live?.plan_name ?? "trial"] as number;
  const open = live ?? largest(rows.filter(({ status }) => !OVER.includes(status)));
  if (open) return { status: open.status, tier: open.plan_name, limit };
  return { status: largest(rows)?.status ?? "trial", tier: "starter", limit };
}

/** What cannot happen to a subscription as it is does not. */
function passOver(error: unknown): void {
  const isExpected = error instanceof ImpossibleChange || error instanceof StripeRefusal ||
    error instanceof Stripe.errors.StripeError || /no customer/.test(String(error));
  if (!isExpected) throw error;
}

Deno.test("random histories: rows go forward through Stripe's states, within what it allowed, to its own end", async () => {
  await using stack = await startTestStack();
  await using proxy = startFaultyProxy(stack.env.SUPABASE_URL);
  stack.stripe.behaviour.autoSend = false;
  const config = await workerConfigOf(stack.env);
  const worker = createWorker({ ...config, supabase: { ...config.supabase, url: proxy.url } });
  const { hostname, port } = new URL(stack.env.SUPABASE_URL);
  const stripe = new Stripe(stack.env.STRIPE_SECRET_KEY, {
    ...{ host: hostname, port, protocol: "http", maxNetworkRetries: 0, telemetry: false },
    httpClient: Stripe.createFetchHttpClient((input, init) => {
      const url = new URL(String(input));
      url.pathname = `/simulators/stripe${url.pathname}`;
      return fetch(url, init);
    }),
  });
  const product = await stripe.products.create({ name: "Consulting" });
  const { id: unknownPrice } = await stripe.prices.create({
    ...{ product: product.id, currency: "usd", unit_amount: 100 },
    recurring: { interval: "month" },
  });
  const world = { stack, worker, proxy, stripe, keys: config.keys, unknownPrice };
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 20, maxLength: 60 }),
    async (steps) => {
      const sellers = await Promise.all([signUp(stack), signUp(stack)]);
      for (const seller of sellers) await makeCustomer(stack, seller);
      const history = new History(world, sellers);
      for (const next of steps) {
        await history.take(next);
        await history.check();
      }
      await history.comeToRest();
      await history.checkEnd();
      await stack.sql`delete from private.webhook_events`;
    },
  );
  const numRuns = Number(Deno.env.get("HISTORIES") ?? 4);
  await fc.assert(property, { numRuns, endOnFailure: true, verbose: 1 });
});
