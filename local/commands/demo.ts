/** `deno task demo`: fifty orders, duplicates, a plan limit and a bought plan, on a running stack or one of its own. */
import { parseArgs } from "node:util";
import { join, resolve } from "node:path";
import postgres from "postgres";
import { unwrap } from "../../shared/database/errors.ts";
import type { StackEnvironment } from "../stack/environment.ts";
import { print, redirectConsole } from "../cli/console.ts";
import { findRunningStack } from "../cli/running_stack.ts";
import {
  authorizeSimulatedShop,
  connectWithCode,
  type Seller,
  signInSeller,
} from "../stack/seller.ts";
import { startStack } from "../stack/stack.ts";
import { formatTable } from "../cli/table.ts";

const HELP = `Shows a seller, a shop, 50 orders, a plan limit and the purchase of a larger plan.

  npx -y deno@2.9.5 task demo [--data DIR]    data folder of a running stack (.local)

Where no stack runs, it starts one of its own and removes it afterwards.`;

const ORDERS = 50;
const DUPLICATES = 15;
const SETTLE_TIMEOUT_MS = 30_000;

async function control(env: StackEnvironment, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${env.TIKTOK_API_URL}/control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (!response?.ok) {
    await response?.body?.cancel();
    throw new Error(
      `The demo needs our TikTok simulator; ${env.TIKTOK_API_URL} is something else.`,
    );
  }
  return await response.json();
}

function table(rows: Record<string, unknown>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => String(row[column])));
  return formatTable([columns, ...cells], { indent: "  " });
}

/** What became of the shop's events; waits until none is open. */
async function settledEvents(sql: postgres.Sql, shopId: string): Promise<Map<string, number>> {
  const end = Date.now() + SETTLE_TIMEOUT_MS;
  while (true) {
    const rows = await sql<{ status: string; events: number }[]>`
      select status, count(*)::int as events from private.webhook_events
      where shop_id = ${shopId} and source = 'tiktok' group by status`;
    const counts = new Map(rows.map((row) => [row.status, row.events]));
    if (!counts.has("pending") && !counts.has("processing")) return counts;
    if (Date.now() > end) throw new Error("The inbox did not settle within 30 s.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function countOrders(seller: Seller): Promise<number> {
  const { count, error } = await seller.client.from("orders")
    .select("*", { count: "exact", head: true });
  if (error) throw new Error(`orders could not be counted: ${error.code}`);
  return count ?? 0;
}

async function showOrders(seller: Seller): Promise<void> {
  const orders = unwrap(
    "orders",
    await seller.client.from("orders")
      .select(
        "tiktok_order_id, order_status, total_amount, currency, shipping_address, order_items",
      )
      .order("created_at").limit(5),
  );
  print(table(orders.map((order) => {
    const { city } = order.shipping_address as { city: string | null };
    const [item] = order.order_items as { quantity: number; product_name: string }[];
    return {
      order: order.tiktok_order_id,
      status: order.order_status,
      total: `${order.total_amount.toFixed(2)} ${order.currency}`,
      items: `${item?.quantity} x ${item?.product_name}`,
      city,
    };
  })));
}

/** @throws {Error} before anything was done, if Stripe is another one than ours. */
async function requireStripeSimulator(env: StackEnvironment): Promise<void> {
  const response = await fetch(`${env.STRIPE_API_URL}/control`).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined) as { what?: string } | undefined;
  if (answer?.what !== "The Stripe simulator") {
    throw new Error(
      `The demo needs our Stripe simulator; ${env.STRIPE_API_URL} is something else.`,
    );
  }
}

/** As the seller's app and browser do: to the checkout, and "Pay" on Stripe's page. */
async function buyPlan(env: StackEnvironment, seller: Seller, plan: string): Promise<void> {
  const checkout = await fetch(`${env.SUPABASE_URL}/functions/v1/billing/checkout`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${seller.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ plan }),
  });
  const { url, detail } = await checkout.json() as { url?: string; detail?: string };
  if (!url) throw new Error(`The checkout could not be begun: ${detail ?? checkout.status}`);
  const paid = await fetch(`${url}/pay`, { method: "POST", redirect: "manual" });
  await paid.body?.cancel();
  if (paid.status >= 400) throw new Error(`Stripe's page answered ${paid.status}.`);
}

/** Waits for Stripe's webhook, as the app does when the seller comes back. */
async function waitForLimit(seller: Seller, limit: number): Promise<void> {
  const end = Date.now() + SETTLE_TIMEOUT_MS;
  while (true) {
    const usage = unwrap("get_usage", await seller.client.rpc("get_usage"));
    if ((usage as { limit: number }).limit === limit) return;
    if (Date.now() > end) throw new Error("The plan did not come within 30 s.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function runDemo(env: StackEnvironment): Promise<void> {
  await requireStripeSimulator(env);
  const email = `demo-${crypto.randomUUID().slice(0, 8)}@example.com`;
  const shopId = `74${String(Date.now()).padStart(17, "0")}`;
  const sql = postgres(env.SUPABASE_DB_URL, { max: 1, onnotice: () => {} });
  try {
    print(`1  ${email} signs up. A trial takes in 10 orders a month.`);
    await control(env, "shops", { shop_id: shopId, name: "Demo Goods" });
    const seller = await signInSeller(env, email, crypto.randomUUID());

    print(`2  They connect their TikTok shop ${shopId}.`);
    await connectWithCode(env, seller, await authorizeSimulatedShop(env, shopId));

    print(
      `3  ${ORDERS} buyers order at once. TikTok's webhooks come shuffled, ${DUPLICATES} of them again.`,
    );
    const orders = Array.from({ length: ORDERS }, (_, i) => ({
      shop_id: shopId,
      quantity: 1 + i % 3,
      price: `${9 + i % 20}.50`,
      deliveries: 0,
    }));
    const created = await Promise.all(orders.map((order) => control(env, "orders", order)));
    const startedAt = performance.now();
    const { sent, answers } = await control(env, "deliveries", {
      order_ids: created.map((order) => (order as { order_id: string }).order_id),
      duplicates: DUPLICATES,
    }) as { sent: number; answers: Record<string, number> };
    const events = await settledEvents(sql, shopId);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);

    const arrived = {
      deliveries: sent,
      "answered 200": answers["200"] ?? 0,
      "events stored": [...events.values()].reduce((sum, n) => sum + n, 0),
      "orders in": await countOrders(seller),
      "held by the plan": events.get("held") ?? 0,
    };
    print(`\n   After ${seconds} s:\n`);
    print(table([arrived]));
    if (arrived["orders in"] !== 10 || arrived["held by the plan"] !== ORDERS - 10) {
      throw new Error("\nThat is not what a trial should do: 10 in, the rest held.");
    }
    print("\n   The first of them, as the seller sees them:\n");
    await showOrders(seller);

    print("\n4  The seller buys the plan growth (500 a month) at Stripe's checkout.");
    print("   Stripe's webhook brings the plan, and with it the orders that were held.");
    const paidAt = performance.now();
    await buyPlan(env, seller, "growth");
    await waitForLimit(seller, 500);
    const after = await settledEvents(sql, shopId);
    print(`\n   After ${((performance.now() - paidAt) / 1000).toFixed(1)} s:\n`);
    const released = { "orders in": await countOrders(seller), held: after.get("held") ?? 0 };
    print(table([released]));
    if (released["orders in"] !== ORDERS) throw new Error("\nThat is not every order, once.");
    print("\nEvery order is there, once.");
  } finally {
    await sql.end();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: ".local" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const running = await findRunningStack(resolve(values.data)).catch(() => undefined);
  if (running) {
    await runDemo(running);
    return 0;
  }
  print("No stack is running here: the demo starts one of its own.");
  const data = await Deno.makeTempDir({ prefix: "creatorflow-demo-" });
  await Deno.chmod(data, 0o755);
  redirectConsole(join(data, "console.log"));
  try {
    const abort = () => Deno.exit(130);
    Deno.addSignalListener("SIGINT", abort);
    const stack = await startStack({ port: 0, dbPort: 0, data, environment: {}, schedule: false });
    const interrupted = Promise.withResolvers<never>();
    Deno.removeSignalListener("SIGINT", abort);
    Deno.addSignalListener("SIGINT", () => interrupted.reject(new Error("Interrupted.")));
    try {
      await Promise.race([runDemo(stack.env), interrupted.promise]);
    } finally {
      await stack.stop();
    }
  } finally {
    await Deno.remove(data, { recursive: true });
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
