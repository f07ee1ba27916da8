/** Sellers with connected shops, and the events of their webhooks. */
import assert from "node:assert/strict";
import {
  authorizeSimulatedShop,
  connectWithCode,
  type Seller,
  signInSeller,
} from "../../local/stack/seller.ts";
import { blindIndex } from "../../shared/crypto/blind_index.ts";
import { encrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { takeSeller } from "./kept_sellers.ts";
import type { TestStack } from "./stack.ts";
import { until } from "./until.ts";

export interface ConnectedSeller extends Seller {
  /** TikTok's shop id. */
  shopId: string;
}

let shops = 0;

/**
 * A seller with a connected shop. On a shared stack it may have been connected in an earlier test; a shop
 * with a given id is connected now.
 */
export async function connectSeller(stack: TestStack, shopId?: string): Promise<ConnectedSeller> {
  const kept = shopId === undefined ? await takeSeller(stack) : undefined;
  return kept ?? await connectNewSeller(stack, shopId);
}

/** Signs a seller up and connects a shop of their own through the simulator's token exchange. */
export async function connectNewSeller(
  stack: TestStack,
  shopId?: string,
): Promise<ConnectedSeller> {
  const id = shopId ?? String(7_480_000_000_000_000_000n + BigInt(++shops));
  if (!stack.tiktok.state.get("shops", id)) stack.tiktok.addShop({ id });
  const seller = await signInSeller(
    stack.env,
    `seller-${crypto.randomUUID()}@example.com`,
    "a-password",
  );
  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, id));
  await settleTasks(stack);
  return { ...seller, shopId: id };
}

/** `timestamp` of a body that TikTok pushes now; it sends none that is older than 16 hours. */
export function pushTime(): number {
  return Math.floor(Date.now() / 1000);
}

/** Posts a body to the webhook function, with TikTok's signature unless another is given. */
export async function postWebhook(
  stack: TestStack,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  return await fetch(`${stack.env.SUPABASE_URL}/functions/v1/tiktok-webhooks`, {
    method: "POST",
    headers: { authorization: signWebhook(app, bytes), ...headers },
    body: bytes,
  });
}

/** Calls the event worker as the scheduler does. */
export async function runEventWorker(stack: TestStack): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker`, {
    method: "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY },
  });
  if (response.status !== 200) throw new Error(`The event worker answered ${response.status}`);
  return await response.json();
}

/** Number of stored events by status, once none is open. @throws {Error} with those that stay open. */
export async function settledEvents(stack: TestStack): Promise<Record<string, number>> {
  const waiting = until("every event is settled", async () => {
    const rows = await stack.sql`
      select status, count(*)::int as events from private.inbox_events group by status`;
    const counts = Object.fromEntries(rows.map((row) => [row.status, row.events]));
    return "pending" in counts || "processing" in counts ? undefined : counts;
  });
  return await waiting.catch(async (error) => {
    const open = await stack.sql`
      select event_type, status, claims, attempts, crashes, last_error, next_attempt_at - now() as due_in
      from private.inbox_events where status in ('pending', 'processing')`;
    throw new Error(`${error.message}: ${JSON.stringify(open)}`);
  });
}

/** Waits until the tasks of connecting a shop are done, and deletes them. */
export async function settleTasks(stack: TestStack): Promise<void> {
  const tasks = stack.sql`event_type in ('SUBSCRIBE_WEBHOOKS', 'SYNC_ORDERS')`;
  await until("the shop's tasks are done", async () => {
    const open = await stack.sql`
      select from private.inbox_events where ${tasks} and status in ('pending', 'processing')`;
    return open.length === 0;
  });
  await stack.sql`delete from private.webhook_events where ${tasks}`;
}

/** Waits for the first event that failed and will be retried. */
export async function failedEvent(stack: TestStack): Promise<Record<string, unknown>> {
  return await until("an event has failed", async () => {
    const [row] = await stack.sql`
      select * from private.inbox_events
      where status = 'pending' and last_error is not null order by id`;
    return row;
  });
}

/** TikTok refuses to show the shop's orders (105005), as after the app lost a permission; or shows them again. */
export function refuseOrders({ tiktok }: TestStack, shopId: string, refuse: boolean): void {
  const openId = tiktok.state.get("shops", shopId)?.openId ?? "";
  const scopes = tiktok.state.get("logins", openId)?.scopes ?? [];
  const others = scopes.filter((scope) => scope !== "seller.order.info");
  tiktok.addLogin({ openId, scopes: refuse ? others : [...others, "seller.order.info"] });
}

/** An order that TikTok refused for seven days. @returns Its id. */
export async function giveUpOrder(stack: TestStack, { shopId }: ConnectedSeller): Promise<string> {
  refuseOrders(stack, shopId, true);
  const order = stack.tiktok.addOrder({ shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await failedEvent(stack);
  await stack.sql`
    update private.webhook_events
    set attempts = 9, failing_since = now() - interval '7 days'
    where status = 'pending'`;
  await stack.sql`update private.event_queue set next_attempt_at = now() where status = 'pending'`;
  assert.deepEqual((await runEventWorker(stack)).events, { failed: 1 });
  return order.id;
}

export async function countEvents(stack: TestStack): Promise<number> {
  const [row] = await stack.sql`select count(*)::int as events from private.webhook_events`;
  return row?.events;
}

/** The seller's count of this month, as the plan limit sees it. */
export async function countedOrders(stack: TestStack, userId: string): Promise<number> {
  const [row] = await stack.sql`select private.monthly_order_count(${userId}) as orders`;
  return row?.orders;
}

/** Gives the seller a live subscription, as Stripe's webhook does, but without Stripe. */
export async function subscribe(stack: TestStack, userId: string, plan: string): Promise<void> {
  const keys = parseKeyRing(stack.env.ENCRYPTION_KEYS);
  const column = "subscriptions.stripe_customer_id";
  const id = await encrypt(keys, "cus_test", column);
  await stack.sql`
    insert into public.subscriptions
      (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status, created_at)
    values (${userId}, ${id}, ${blindIndex(keys, "cus_test", column)}, ${plan}, 'active',
      clock_timestamp())`;
  await stack.sql`select private.refresh_user_plan(${userId})`;
}

/** Waits until no worker has an event: one that was woken works at the same time as one that the test has called. */
export async function finishClaims({ sql }: TestStack): Promise<void> {
  await until("no event is being processed", async () => {
    const rows = await sql`select from private.event_queue where status = 'processing'`;
    return rows.length === 0;
  });
}

/**
 * Ends the waits of failed events and the leases of workers, except of events that are being settled at
 * this moment.
 */
export async function letTimePass(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.event_queue set next_attempt_at = now()
    where event_id in (
      select event_id from private.event_queue
      join private.webhook_events as event on event.id = event_id
      where event_queue.status in ('pending', 'processing')
      for update skip locked
    )`;
}
