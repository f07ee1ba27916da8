/** The demo on a running stack. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { callCommand } from "../support/run_command.ts";
import { test } from "../support/shared_stack.ts";
import { letTimePass, runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Runs the event worker each 10 s meanwhile, as the clock does each minute: an event that failed is due then. */
async function withClock<T>(stack: TestStack, work: () => Promise<T>): Promise<T> {
  let last = Promise.resolve();
  const tick = async () => {
    await letTimePass(stack);
    await runEventWorker(stack);
  };
  const clock = setInterval(() => last = last.then(tick), 10_000);
  try {
    return await work();
  } finally {
    clearInterval(clock);
    await last;
  }
}

test("deno task demo: a trial stores 10 of 50 orders and holds 40; the plan growth stores all", async (stack) => {
  const { code, stdout } = await withClock(
    stack,
    () => callCommand("demo", ["--data", stack.data]),
  );
  assert.equal(code, 0, stdout);
  // Deliveries with 15 duplicates, answers 200, events, orders stored, orders held.
  assert.match(stdout, /^ {2}65 +65 +50 +10 +40 *$/m);
  assert.match(stdout, /^ {2}50 +0 *$/m);
  const [row] = await stack.sql`
    select count(*)::int as orders, count(distinct tiktok_order_id)::int as distinct_orders
    from public.orders`;
  assert.deepEqual({ ...row }, { orders: 50, distinct_orders: 50 });
  const subscriptions = await stack.sql`select plan_name, status from public.subscriptions`;
  assert.deepEqual(subscriptions.map((subscription) => ({ ...subscription })), [
    { plan_name: "growth", status: "active" },
  ]);
});

test("deno task demo refuses another Stripe before it changes anything", async (stack) => {
  const envFile = join(stack.data, "env");
  const variables = await Deno.readTextFile(envFile);
  const elsewhere = `${stack.env.SUPABASE_URL}/rest/v1`;
  await Deno.writeTextFile(
    envFile,
    variables.replace(/^STRIPE_API_URL=.*$/m, `STRIPE_API_URL=${elsewhere}`),
  );
  const { code, stdout } = await callCommand("demo", ["--data", stack.data])
    .finally(() => Deno.writeTextFile(envFile, variables));
  assert.equal(code, 1);
  assert.equal(
    stdout.trim(),
    `The demo needs our Stripe simulator; ${elsewhere} is something else.`,
  );
  assert.equal((await stack.sql`select from public.users`).length, 0);
});
