/** Called with a secret key by the scheduler and by our other functions: processes the inbox, requests syncs. */
import { requestSubscriptionSync } from "../../shared/billing/request_sync.ts";
import { readSupabaseConfig } from "../../shared/config.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { createApp } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readJson } from "../../shared/http/read_json.ts";
import { secretKeys } from "../../shared/http/secret_keys.ts";
import { log } from "../../shared/log.ts";
import { requestOrderReread, requestOrderSync } from "../../shared/tiktok/orders/request_orders.ts";
import type { ProcessAnswer, RequestedAnswer, SubscriptionSyncAnswer } from "./answers.ts";
import { SubscriptionSyncBody, SyncBody } from "./bodies.ts";
import { toProblem } from "./problems.ts";

const { database, inbox, processor } = createEventProcessor();
// Wake-ups have their own: under constant traffic its run does not end, and the scheduler waits for the end.
const { processor: wakeProcessor } = createEventProcessor();
const processInBackground = () => runInBackground(wakeProcessor.processEvents());

const app = createApp("event-worker", {
  callers: secretKeys(readSupabaseConfig().secretKeys),
  toProblem,
});

app.post("/", async (c) => {
  // If one of them fails, the other tasks and the events do not wait for it.
  const [released, labelTasks] = await Promise.allSettled([
    inbox.releaseHeld(),
    inbox.enqueueLabelTasks(),
  ]);
  const events = await processor.processEvents();
  if (released.status === "rejected") throw released.reason;
  if (labelTasks.status === "rejected") throw labelTasks.reason;
  const oldest_open_seconds = await inbox.oldestOpenSeconds();
  const summary = {
    released: released.value,
    label_tasks: labelTasks.value,
    oldest_open_seconds,
  };
  log.info("inbox processed", { ...summary, outcomes: events });
  return c.json({ ...summary, events } satisfies ProcessAnswer);
});

app.post("/wake", (c) => {
  processInBackground();
  return c.body(null, 202);
});

app.post("/sync", async (c) => {
  const { shop_id } = await readJson(c.req.raw, SyncBody);
  const requested = await requestOrderSync(database, shop_id);
  processInBackground();
  return c.json({ requested } satisfies RequestedAnswer, 202);
});

app.post("/reread", async (c) => {
  const { shop_id } = await readJson(c.req.raw, SyncBody);
  const requested = await requestOrderReread(database, shop_id);
  processInBackground();
  return c.json({ requested } satisfies RequestedAnswer, 202);
});

app.post("/sync-subscriptions", async (c) => {
  const { user_id } = await readJson(c.req.raw, SubscriptionSyncBody);
  const event_id = await requestSubscriptionSync(database, user_id);
  processInBackground();
  return c.json({ event_id } satisfies SubscriptionSyncAnswer, 202);
});

export default app;
