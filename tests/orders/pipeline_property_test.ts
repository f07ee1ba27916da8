/**
 * The order pipeline under random histories: each order is stored once or held once.
 * HISTORIES=100 runs more of them; a failure prints its seed.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { mapOrderStatus } from "../../shared/tiktok/orders/map_order_status.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { cancelUnit, ORDER_KINDS, unitsOf } from "../support/orders.ts";
import type { EventProcessor } from "../../shared/inbox/process_events.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty_proxy.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  runEventWorker,
  subscribe,
} from "../support/shop.ts";
import { sampleSize } from "../support/sample_size.ts";
import type { TestStack } from "../support/stack.ts";
import type { Notification } from "../../local/simulators/tiktok/notifications.ts";
import { test } from "../support/shared_stack.ts";

/** TikTok's states of an order in their sequence; any number may be skipped. */
const STATES = [
  "UNPAID",
  "ON_HOLD",
  "AWAITING_SHIPMENT",
  "AWAITING_COLLECTION",
  "IN_TRANSIT",
  "DELIVERED",
];
const FINISHED = ["DELIVERED", "COMPLETED", "CANCELLED"];
/** Small, so histories reach the limits. */
const LIMITS = { trial: 3, starter: 5, growth: 8 } as const;

interface StoredOrder {
  id: string;
  tiktok_status: string;
  counts_for_plan: boolean;
}

type Step =
  | { do: "order"; kind: keyof typeof ORDER_KINDS; units: number }
  | { do: "unit"; order: number; unit: number }
  | { do: "change"; order: number; steps: number; cancel: boolean }
  | { do: "deliver"; notification: number; times: number }
  | { do: "fault"; kind: "internal" | "html" | "rate_limit" | "expired"; count: number }
  | { do: "crash"; calls: number; what: "call" | "answer" }
  | { do: "work" }
  | { do: "plan"; plan: keyof typeof LIMITS }
  | { do: "month" };

const index = fc.nat({ max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      kind: fc.constantFrom(...Object.keys(ORDER_KINDS) as (keyof typeof ORDER_KINDS)[]),
      units: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("unit" as const), order: index, unit: fc.nat(2) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      order: index,
      steps: fc.integer({ min: 1, max: 3 }),
      cancel: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      notification: index,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      kind: fc.constantFrom(
        "internal" as const,
        "html" as const,
        "rate_limit" as const,
        "expired" as const,
      ),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      calls: fc.integer({ min: 1, max: 3 }),
      what: fc.constantFrom("call" as const, "answer" as const),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: "work" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("plan" as const),
      plan: fc.constantFrom("trial" as const, "starter" as const, "growth" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "month" as const }) },
);

let shops = 0;

/** One history of one seller. */
class History {
  readonly orders: string[] = [];
  readonly notifications: Notification[] = [];
  /** Orders that were finished when the shop connected. */
  readonly finishedBefore = new Set<string>();
  /** Work that continues during the next steps. */
  readonly background: Promise<unknown>[] = [];
  /** The highest limit that was in force this month. */
  highestLimit: number = LIMITS.trial;
  limit: number = LIMITS.trial;

  constructor(
    readonly stack: TestStack,
    readonly processor: EventProcessor,
    readonly proxy: FaultyProxy,
    readonly seller: ConnectedSeller,
  ) {}

  note(orderId: string): void {
    const order = this.stack.tiktok.state.get("orders", orderId);
    if (order) this.notifications.push(this.stack.tiktok.notificationOf(order));
  }

  /** The item at an index of a step; undefined if the list is empty. */
  pick<T>(items: T[], index: number): T | undefined {
    return items[index % Math.max(items.length, 1)];
  }

  async checkMonth(): Promise<void> {
    const [row] = await this.stack.sql`
      select private.monthly_order_count(${this.seller.id}) as orders`;
    assert.ok(row?.orders <= this.highestLimit, `${row?.orders} of ${this.highestLimit}`);
  }

  async setPlan(plan: keyof typeof LIMITS): Promise<void> {
    const { sql } = this.stack;
    this.limit = LIMITS[plan];
    this.highestLimit = Math.max(this.highestLimit, this.limit);
    await sql`update public.subscriptions set status = 'canceled' where user_id = ${this.seller.id}`;
    if (plan === "trial") return;
    await sql`delete from public.subscriptions where user_id = ${this.seller.id}`;
    await subscribe(this.stack, this.seller.id, plan);
  }

  /** As if everything had happened a month ago. */
  async endMonth(): Promise<void> {
    await this.checkMonth();
    await this.stack.sql.begin(async (sql) => {
      // No order is counted meanwhile.
      await sql`lock table private.monthly_order_counts, private.order_totals in exclusive mode`;
      const [row] = await sql`
        select count(*) || ' months' as age from private.monthly_order_counts
        where user_id = ${this.seller.id}`;
      await sql`
        update public.orders set created_at = created_at - ${row?.age}::interval
        where user_id = ${this.seller.id}
          and created_at >= private.current_month()::timestamp at time zone 'UTC'`;
      await sql`
        update private.monthly_order_counts set month = (month - ${row?.age}::interval)::date
        where user_id = ${this.seller.id} and month = private.current_month()`;
      await sql`
        update private.monthly_shop_counts set month = (month - ${row?.age}::interval)::date
        where month = private.current_month()
          and shop_key in (select shop_key from public.tiktok_shops where user_id = ${this.seller.id})`;
      await sql`
        update private.order_totals
        set month = (month - ${row?.age}::interval)::date,
          last_order_at = (select max(created_at) from public.orders where user_id = ${this.seller.id})
        where user_id = ${this.seller.id} and month = private.current_month()`;
    });
    this.highestLimit = this.limit;
  }

  async take(step: Step): Promise<void> {
    const { tiktok } = this.stack;
    switch (step.do) {
      case "order": {
        const updateTime = Math.floor(Date.now() / 1000) - 1000;
        const order = tiktok.addOrder({
          shopId: this.seller.shopId,
          status: "UNPAID",
          updateTime,
          quantity: step.units,
          detail: ORDER_KINDS[step.kind],
        });
        this.orders.push(order.id);
        return this.note(order.id);
      }
      case "change": {
        const id = this.pick(this.orders, step.order);
        const order = id === undefined ? undefined : tiktok.state.get("orders", id);
        const place = STATES.indexOf(order?.detail.status ?? "");
        if (order === undefined || place < 0 || place === STATES.length - 1) return;
        const next = step.cancel
          ? "CANCELLED"
          : STATES[Math.min(place + step.steps, STATES.length - 1)];
        tiktok.changeOrder(order.id, next as string, {
          update_time: order.detail.update_time + step.steps % 2,
        });
        return this.note(order.id);
      }
      case "unit": {
        const id = this.pick(this.orders, step.order);
        const order = id === undefined ? undefined : tiktok.state.get("orders", id);
        if (order === undefined || !STATES.includes(order.detail.status)) return;
        const update_time = order.detail.update_time + 1;
        cancelUnit(this.stack, order.id, step.unit, { update_time });
        return this.note(order.id);
      }
      case "deliver": {
        const notification = this.pick(this.notifications, step.notification);
        if (notification === undefined) return;
        this.background.push(
          ...Array.from({ length: step.times }, () => tiktok.send(notification)),
        );
        return;
      }
      case "fault":
        tiktok.faults.add({ path: "/order/", kind: step.kind, count: step.count });
        return;
      case "crash":
        this.proxy.lose(step.calls, step.what);
        this.background.push(this.processor.processEvents().catch(() => {}));
        return;
      case "work":
        await letTimePass(this.stack);
        this.background.push(runEventWorker(this.stack));
        return;
      case "plan":
        return await this.setPlan(step.plan);
      case "month":
        return await this.endMonth();
    }
  }

  /** TikTok delivers everything again without faults, and time passes. */
  async comeToRest(): Promise<void> {
    await Promise.all(this.background);
    const { stack } = this;
    stack.tiktok.faults.clear();
    for (const notification of this.notifications) {
      assert.equal(await stack.tiktok.send(notification), 200);
    }
    for (let round = 0; round < 30; round++) {
      await letTimePass(stack);
      await stack
        .sql`update private.tiktok_logins set refresh_not_before = null, last_refreshed_at = null`;
      await runEventWorker(stack);
      const open = await stack.sql`
        select from private.event_queue where status in ('pending', 'processing')`;
      if (open.length === 0) return;
    }
    assert.fail("the inbox does not come to rest");
  }

  async check(): Promise<void> {
    const { stack, seller } = this;
    await this.checkMonth();
    const stored = await stack.sql`
      select tiktok_order_id as id, tiktok_status, order_status, counts_for_plan,
        private.order_line_item_ids(orders) as units
      from public.orders
      where user_id = ${seller.id}`;
    const held = await stack.sql`
      select distinct object_id as id from private.webhook_events
      where shop_id = ${seller.shopId} and status = 'held'`;
    const found = [...stored, ...held].map((row) => row.id);
    assert.deepEqual(
      found.sort(),
      [...this.orders].sort(),
      "each order is stored once or held once",
    );
    for (const row of stored) {
      const status = stack.tiktok.state.get("orders", row.id)?.detail.status as string;
      assert.deepEqual([row.tiktok_status, row.order_status], [status, mapOrderStatus(status)]);
      const live = unitsOf(stack, row.id).filter((unit) => unit.display_status !== "CANCELLED");
      assert.deepEqual(row.units.sort(), live.map((unit) => unit.id).sort(), "only live units");
    }
    await this.checkCounts(stored as unknown as StoredOrder[], held.map((row) => row.id));
    await this.checkSums(stored.length);
    const unsettled = await stack.sql`
      select status, reason from private.webhook_events
      where status not in ('done', 'ignored', 'held', 'dead')
        or (status in ('ignored', 'held', 'dead') and reason is null)`;
    assert.deepEqual([...unsettled], []);
  }

  /** The kept sums are what the orders say: the hourly comparison corrects none. */
  async checkSums(stored: number): Promise<void> {
    const { sql } = this.stack;
    await sql`select public.refresh_dashboard_metrics()`;
    const corrections = await sql`
      select details from public.system_logs where event_type = 'dashboard_figures_corrected'`;
    assert.deepEqual([...corrections], []);
    const [kept] = await sql`
      select coalesce(sum(orders), 0)::int as orders from private.order_totals
      where user_id = ${this.seller.id}`;
    assert.equal(kept?.orders, stored);
  }

  isFromWarehouse(id: string): boolean {
    const type = this.stack.tiktok.state.get("orders", id)?.detail.fulfillment_type;
    return type !== "FULFILLMENT_BY_SELLER";
  }

  /** Which orders count, and that no place is free while an order waits. */
  async checkCounts(stored: StoredOrder[], held: string[]): Promise<void> {
    const { sql, tiktok } = this.stack;
    const [counted] = await sql`
      select coalesce(sum(orders), 0)::int as orders, coalesce(sum(not_counted), 0)::int as others
      from private.monthly_order_counts where user_id = ${this.seller.id}`;
    const counting = stored.filter((order) => order.counts_for_plan);
    const others = stored.filter((order) => !order.counts_for_plan);
    assert.deepEqual([counted?.orders, counted?.others], [counting.length, others.length]);
    // A platform's warehouse ships the other orders that do not count.
    const unfinished = others.filter(({ id, tiktok_status }) =>
      !FINISHED.includes(tiktok_status) && !this.isFromWarehouse(id)
    );
    assert.deepEqual(unfinished, []);
    const mustNotCount = this.orders.filter((id) => {
      const detail = tiktok.state.get("orders", id)?.detail;
      return this.finishedBefore.has(id) || this.isFromWarehouse(id) ||
        (detail?.status === "CANCELLED" && detail.paid_time === undefined);
    });
    const free = new Set(others.map(({ id }) => id));
    assert.deepEqual(mustNotCount.filter((id) => !free.has(id)), []);
    const listed = await sql`
      select tiktok_order_id as id from private.waiting_orders where user_id = ${this.seller.id}`;
    assert.deepEqual(listed.map(({ id }) => id).sort(), held.toSorted());
    const [places] = await sql`select private.free_places(${this.seller.id}) as free`;
    if (held.length > 0) assert.equal(places?.free, 0, "no place is free while an order waits");
  }
}

test("after any history each order is stored once or held once, in TikTok's newest state, within the limit", async (stack) => {
  await using proxy = startFaultyProxy(stack.env.SUPABASE_URL);
  for (const [name, limit] of Object.entries(LIMITS)) {
    await stack.sql`update public.plans set monthly_order_limit = ${limit} where name = ${name}`;
  }
  const environment = environmentOf(stack.env);
  const { processor } = createEventProcessor({
    env: (name) => name === "SUPABASE_URL" ? proxy.url : environment(name),
  });
  const property = fc.asyncProperty(
    fc.array(fc.constantFrom(...STATES, "COMPLETED", "CANCELLED"), { maxLength: 12 }),
    fc.array(step, { minLength: 10, maxLength: 40 }),
    async (statesBefore, steps) => {
      const shopId = String(7_481_000_000_000_000_000n + BigInt(++shops));
      stack.tiktok.addShop({ id: shopId });
      const updateTime = Math.floor(Date.now() / 1000) - 2000;
      const before = statesBefore.map((status) =>
        stack.tiktok.addOrder({ shopId, status, updateTime })
      );
      const history = new History(stack, processor, proxy, await connectSeller(stack, shopId));
      for (const { id, detail } of before) {
        history.orders.push(id);
        history.note(id);
        if (FINISHED.includes(detail.status)) history.finishedBefore.add(id);
      }
      for (const next of steps) await history.take(next);
      await history.comeToRest();
      await history.check();
      await stack.sql`delete from private.webhook_events`;
    },
  );
  const numRuns = Number(Deno.env.get("HISTORIES") ?? sampleSize({ gate: 3, long: 50 }));
  await fc.assert(property, { numRuns, endOnFailure: true, verbose: 1 });
});
