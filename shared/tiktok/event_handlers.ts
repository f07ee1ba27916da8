/** The handlers of events about TikTok shops and their orders. */
import type { DatabaseClient } from "../database/client.ts";
import type { HandlerOptions } from "../inbox/events.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { createTikTokDependencies } from "./dependencies.ts";
import { ingestOrdersHandler } from "./orders/ingest_orders.ts";
import { enqueueRereads } from "./orders/reread_orders.ts";
import { syncShopOrders } from "./orders/sync_orders.ts";
import { reopenEvents } from "./webhooks/reopen_events.ts";
import {
  checkWebhooks,
  deauthorizeShop,
  expandEvent,
  probeShop,
  recordExpiration,
  shopHandler,
  subscribeShop,
} from "./webhooks/handle_shop_events.ts";

export function createTikTokHandlers(
  database: DatabaseClient,
  { functionsUrl, env }: HandlerOptions,
) {
  const webhookUrl = `${functionsUrl}/tiktok-webhooks`;
  const shops = createOnFirstUse(() => createTikTokDependencies(database, env));
  return {
    ingestOrders: ingestOrdersHandler(shops),
    expandEvent: shopHandler(shops, expandEvent),
    deauthorizeShop: shopHandler(shops, deauthorizeShop),
    recordExpiration: shopHandler(shops, recordExpiration),
    syncShopOrders: shopHandler(shops, syncShopOrders),
    subscribeShop: shopHandler(
      shops,
      (dependencies, event) => subscribeShop(dependencies, event, webhookUrl),
    ),
    checkWebhooks: shopHandler(
      shops,
      (dependencies, event) => checkWebhooks(dependencies, event, webhookUrl),
    ),
    probeShop: shopHandler(shops, probeShop),
    reopenEvents: shopHandler(shops, reopenEvents),
    enqueueRereads: shopHandler(shops, enqueueRereads),
  };
}
