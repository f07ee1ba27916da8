/** Puts together what works the inbox; every function that receives or drains events has one. */
import type { EasyPostConfig, SupabaseConfig, TikTokConfig } from "./config.ts";
import type { KeyRing } from "./crypto/key_ring.ts";
import { createServiceClient, type DatabaseClient } from "./database/client.ts";
import { Drainer, type DrainOptions, type EventHandler } from "./events/drain.ts";
import { type ClaimedEvent, Inbox } from "./events/inbox.ts";
import { EasyPostClient } from "./shipping/easypost/client.ts";
import { createEasyPostEventHandler } from "./shipping/easypost/events.ts";
import { createLabelDependencies, type LabelDependencies } from "./shipping/labels.ts";
import { createLabelTaskHandler, isLabelTask } from "./shipping/tasks.ts";
import { TikTokClient } from "./tiktok/client.ts";
import { createTikTokEventHandler } from "./tiktok/events.ts";

export interface Worker {
  database: DatabaseClient;
  tiktok: TikTokClient;
  inbox: Inbox;
  drainer: Drainer;
  labels: LabelDependencies;
}

/** `drain`: see `DrainOptions`. */
export function createWorker(
  { supabase, config, easypost, keys, drain = {} }: {
    supabase: SupabaseConfig;
    config: TikTokConfig;
    easypost: EasyPostConfig;
    keys: KeyRing;
    drain?: Pick<DrainOptions, "budgetMs">;
  },
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
  const tasks = createLabelTaskHandler(labels);
  const drainer = new Drainer(inbox, {
    ...drain,
    handlers: {
      tiktok: shops,
      easypost: createEasyPostEventHandler(database, easypost),
      creatorflow: either(isLabelTask, tasks, shops),
    },
  });
  return { database, tiktok, inbox, drainer, labels };
}

/** One handler for events of two kinds; those of one group are of one kind. */
function either(
  isFirst: (event: ClaimedEvent) => boolean,
  first: EventHandler,
  second: EventHandler,
): EventHandler {
  const handlerOf = (event: ClaimedEvent) => isFirst(event) ? first : second;
  return {
    groupOf: (event) => handlerOf(event).groupOf(event),
    work: (events) => handlerOf(events[0] as ClaimedEvent).work(events),
  };
}
