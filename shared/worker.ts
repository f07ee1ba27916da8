/** Puts together what works the inbox; every function that receives or drains events has one. */
import type { SupabaseConfig, TikTokConfig } from "./config.ts";
import type { KeyRing } from "./crypto/key_ring.ts";
import { createServiceClient, type DatabaseClient } from "./database/client.ts";
import { Drainer, type DrainOptions } from "./events/drain.ts";
import { Inbox } from "./events/inbox.ts";
import { TikTokClient } from "./tiktok/client.ts";
import { createTikTokEventHandler } from "./tiktok/events.ts";

export interface Worker {
  database: DatabaseClient;
  tiktok: TikTokClient;
  inbox: Inbox;
  drainer: Drainer;
}

/** `drain`: see `DrainOptions`. */
export function createWorker(
  { supabase, config, keys, drain = {} }: {
    supabase: SupabaseConfig;
    config: TikTokConfig;
    keys: KeyRing;
    drain?: Pick<DrainOptions, "budgetMs">;
  },
): Worker {
  const database = createServiceClient(supabase);
  const tiktok = new TikTokClient(config);
  const inbox = new Inbox(database);
  const handler = createTikTokEventHandler({
    database,
    tiktok,
    config,
    keys,
    webhookUrl: `${supabase.url}/functions/v1/tiktok-webhooks`,
  });
  const drainer = new Drainer(inbox, {
    ...drain,
    handlers: { tiktok: handler, creatorflow: handler },
  });
  return { database, tiktok, inbox, drainer };
}
