/**
 * Called by the scheduler with a secret key: works what the webhooks left in the inbox, and syncs orders
 * and subscriptions.
 */
import * as z from "zod";
import { readWorkerConfig } from "../../shared/config.ts";
import { requestSubscriptionSync } from "../../shared/billing/reconciliation.ts";
import { DatabaseError } from "../../shared/database/result.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { Problem } from "../../shared/http/problem.ts";
import { requireSecretKey } from "../../shared/http/secret_key.ts";
import { log } from "../../shared/log.ts";
import { requestOrderSync } from "../../shared/tiktok/orders/sync_orders.ts";
import { createWorker } from "../../shared/event_routes.ts";

const config = await readWorkerConfig();
const { secretKeys } = config.supabase;
const { database, inbox, drainer } = createWorker(config);

const app = createApp("event-worker");

app.post("/", async (c) => {
  requireSecretKey(c.req.raw, secretKeys);
  const released = await inbox.releaseHeld();
  const label_tasks = await inbox.enqueueLabelTasks();
  const events = await drainer.drain();
  const oldest_open_seconds = await inbox.oldestOpenSeconds();
  const summary = { released, label_tasks, oldest_open_seconds };
  log.info("inbox drained", { request_id: c.var.requestId, ...summary, ...events });
  return c.json({ ...summary, events });
});
app.all("/", methodNotAllowed("POST"));

const SyncBody = z.strictObject({
  /** TikTok's; without it every connected shop. */
  shop_id: z.string().regex(/^[0-9]{1,32}$/, "TikTok's shop id: digits").optional(),
});

app.post("/sync", async (c) => {
  requireSecretKey(c.req.raw, secretKeys);
  const { shop_id } = await readJson(c.req.raw, SyncBody);
  const requested = await requestOrderSync(database, shop_id).catch((error) => {
    if (!(error instanceof DatabaseError) || error.code !== "PT404") throw error;
    throw new Problem({
      status: 404,
      code: "shop_not_connected",
      detail: "No connected shop has this id.",
    });
  });
  runInBackground(drainer.drain());
  return c.json({ requested }, 202);
});
app.all("/sync", methodNotAllowed("POST"));

const SubscriptionSyncBody = z.strictObject({
  /** Without it everybody's. */
  user_id: z.uuid().optional(),
});

app.post("/sync-subscriptions", async (c) => {
  requireSecretKey(c.req.raw, secretKeys);
  const { user_id } = await readJson(c.req.raw, SubscriptionSyncBody);
  const event_id = await requestSubscriptionSync(database, user_id).catch((error) => {
    if (!(error instanceof DatabaseError) || error.code !== "PT404") throw error;
    throw new Problem({
      status: 404,
      code: "customer_not_found",
      detail: "There is no such user, or they have never begun a checkout.",
    });
  });
  runInBackground(drainer.drain());
  return c.json({ event_id }, 202);
});
app.all("/sync-subscriptions", methodNotAllowed("POST"));

export default { fetch: app.fetch };
