/** The demo: a seller, a shop, 50 orders, a plan limit and the purchase of a larger plan. */
import type postgres from "postgres";
import { print } from "../cli/console.ts";
import { withConnection } from "../postgres/connection.ts";
import { buyPlan, waitForLimit } from "../stack/buy_plan.ts";
import type { StackEnvironment } from "../stack/environment.ts";
import {
  authorizeSimulatedShop,
  connectWithCode,
  describeShop,
  type Seller,
  signInSeller,
} from "../stack/seller.ts";
import { control, requireSimulators } from "../stack/simulator_control.ts";
import {
  countOrders,
  deliverOrders,
  describeOrders,
  recordTable,
  settledEvents,
} from "./shopping.ts";

const ORDERS = 50;
const DUPLICATES = 15;
const TRIAL_LIMIT = 10;

function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => ((performance.now() - startedAt) / 1000).toFixed(1);
}

async function connectSeller(env: StackEnvironment, shopId: string): Promise<Seller> {
  const email = `demo-${crypto.randomUUID().slice(0, 8)}@example.com`;
  print(`1  ${email} signs up. A trial takes ${TRIAL_LIMIT} orders a month.`);
  await control(env, "tiktok", "shops", { body: { shop_id: shopId, name: "Demo Goods" } });
  const seller = await signInSeller(env, email, crypto.randomUUID());

  print(`2  They connect their TikTok shop ${shopId}.`);
  await connectWithCode(env, seller, await authorizeSimulatedShop(env, shopId), (shops) => {
    print(`   TikTok names ${shops.map(describeShop).join(", ")}, and they confirm.`);
    return true;
  });
  return seller;
}

async function receiveOrders(
  env: StackEnvironment,
  sql: postgres.Sql,
  seller: Seller,
  shopId: string,
): Promise<void> {
  print(
    `3  ${ORDERS} buyers order at once. TikTok's webhooks come shuffled, ${DUPLICATES} of them again.`,
  );
  const seconds = stopwatch();
  const counts = { orders: ORDERS, duplicates: DUPLICATES };
  const { sent, answers } = await deliverOrders(env, shopId, counts);
  const refused = sent - (answers["200"] ?? 0);
  if (refused > 0) print(`   ${refused} got no 200: TikTok sends those again after two minutes.`);
  const events = await settledEvents(sql, shopId, ORDERS);
  print(`\n   After ${seconds()} s:\n`);
  const stored = await countOrders(seller);
  const held = events.get("held") ?? 0;
  print(recordTable([{
    deliveries: sent,
    "answered 200": answers["200"] ?? 0,
    "events stored": [...events.values()].reduce((sum, n) => sum + n, 0),
    "orders stored": stored,
    "held by the plan": held,
  }]));
  if (stored !== TRIAL_LIMIT || held !== ORDERS - TRIAL_LIMIT) {
    throw new Error(`\nWrong result: a trial stores ${TRIAL_LIMIT} orders and holds the rest.`);
  }
  print("\n   The first of them, as the seller sees them:\n");
  print(await describeOrders(seller));
}

async function growPlan(
  env: StackEnvironment,
  sql: postgres.Sql,
  seller: Seller,
  shopId: string,
): Promise<void> {
  print("\n4  The seller buys the plan growth (500 a month) at Stripe's checkout.");
  print("   Stripe's webhook brings the plan, and the held orders are stored.");
  const seconds = stopwatch();
  await buyPlan(env, seller, "growth");
  await waitForLimit(seller, 500);
  const events = await settledEvents(sql, shopId, ORDERS);
  print(`\n   After ${seconds()} s:\n`);
  const stored = await countOrders(seller);
  print(recordTable([{ "orders stored": stored, held: events.get("held") ?? 0 }]));
  if (stored !== ORDERS) throw new Error("\nWrong result: every order must be stored once.");
  print("\nEvery order is stored, once.");
}

/** @throws {Error} if a result is not as announced, or if TikTok or Stripe is not our simulator. */
export async function runDemo(env: StackEnvironment): Promise<void> {
  await requireSimulators(env, "The demo", ["tiktok", "stripe"]);
  const shopId = `74${String(Date.now()).padStart(17, "0")}`;
  await withConnection(env.SUPABASE_DB_URL, async (sql) => {
    const seller = await connectSeller(env, shopId);
    await receiveOrders(env, sql, seller, shopId);
    await growPlan(env, sql, seller, shopId);
  });
}
