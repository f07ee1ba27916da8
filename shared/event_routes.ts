/** Puts together what works the inbox; every function that receives or drains events has one. */
import { createStripeEventHandler } from "./billing/handle_events.ts";
import { createSubscriptionSyncHandler } from "./billing/reconciliation.ts";
import { createStripe } from "./billing/stripe.ts";
import type { WorkerConfig } from "./config.ts";
import { createServiceClient, type DatabaseClient } from "./database/client.ts";
import { Drainer, type DrainOptions, type EventHandler } from "./inbox/process_events.ts";
import { type ClaimedEvent, Inbox } from "./inbox/inbox.ts";
import { EasyPostClient } from "./shipping/providers/easypost/client.ts";
import { createEasyPostEventHandler } from "./shipping/providers/easypost/handle_events.ts";
import { createLabelDependencies, type LabelDependencies } from "./shipping/dependencies.ts";
import { createLabelTaskHandler, isLabelTask } from "./shipping/label_tasks.ts";
import { TikTokClient } from "./tiktok/api/client.ts";
import { createTikTokEventHandler } from "./tiktok/webhooks/handle_events.ts";

export interface Worker {
  database: DatabaseClient;
  tiktok: TikTokClient;
  inbox: Inbox;
  drainer: Drainer;
  labels: LabelDependencies;
}

/** `drain`: see `DrainOptions`. */
export function createWorker(
  { supabase, tiktok: config, easypost, stripe, keys }: WorkerConfig,
  drain: Pick<DrainOptions, "budgetMs"> = {},
): Worker {
  const database = createServiceClient(supabase);
  const tiktok = new TikTokClient(config);
  const inbox = new Inbox(database);
  const shops = createTikTokEventHandler({
    database,
    tiktok,
    config,
    keys,
    webhookUrl: `${supabase.url}/functions/v1/tiktok-webhooks`,
  });
  const labels = createLabelDependencies({
    database,
    tiktok,
    config,
    keys,
    easypost: new EasyPostClient(easypost),
  });
  const billing = { database, keys, config: stripe, stripe: createStripe(stripe) };
  const labelTasks = createLabelTaskHandler(labels);
  const subscriptionSync = createSubscriptionSyncHandler(billing);
  const drainer = new Drainer(inbox, {
    ...drain,
    handlers: {
      tiktok: shops,
      easypost: createEasyPostEventHandler(labels, easypost),
      stripe: createStripeEventHandler(billing),
      creatorflow: byEvent((event) => {
        if (isLabelTask(event)) return labelTasks;
        return event.event_type === "SYNC_SUBSCRIPTIONS" ? subscriptionSync : shops;
      }),
    },
  });
  return { database, tiktok, inbox, drainer, labels };
}

/** One handler made of several; events of one group are of one kind. */
function byEvent(handlerOf: (event: ClaimedEvent) => EventHandler): EventHandler {
  return {
    groupOf: (event) => handlerOf(event).groupOf(event),
    work: (events) => handlerOf(events[0] as ClaimedEvent).work(events),
  };
}
