/** What an event of a TikTok shop asks for, and doing it. */
import * as z from "zod";
import { unwrap } from "../../database/result.ts";
import type { Json } from "../../database/types.ts";
import type { EventHandler, EventResult } from "../../inbox/process_events.ts";
import type { ClaimedEvent } from "../../inbox/inbox.ts";
import type { TikTokClient } from "../api/client.ts";
import { ShopConnection } from "../connections/shop_connection.ts";
import { syncOrders } from "../orders/sync_orders.ts";
import { ingestOrders, type OrderEvent } from "../orders/ingest_orders.ts";
import { namedOrders } from "../orders/order_notices.ts";
import type { RefreshDependencies } from "../connections/refresh_login.ts";
import { parseWebhook } from "./parse_webhook.ts";
import { subscribeWebhooks } from "./subscriptions.ts";
import { EXPANDED_TOPICS, ORDER_TOPICS } from "./topics.ts";

export interface TikTokEventDependencies extends RefreshDependencies {
  tiktok: TikTokClient;
  /** Where TikTok sends a shop's webhooks. */
  webhookUrl: string;
}

/** An event whose shop is connected. */
type ShopEvent = ClaimedEvent & { shop: NonNullable<ClaimedEvent["shop"]> };

type Action = (dependencies: TikTokEventDependencies, event: ShopEvent) => Promise<EventResult>;

/** By event type; each settles its event in the transaction of its effect. */
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ...EXPANDED_TOPICS.map((topic) => [topic, expand] as const),
  ["SELLER_DEAUTHORIZATION", deauthorize],
  ["UPCOMING_AUTHORIZATION_EXPIRATION", noteExpiry],
  ["SUBSCRIBE_WEBHOOKS", subscribe],
  ["SYNC_ORDERS", sync],
]);

/** Events of ours are about one order, if they name one. */
function isAboutOrder(event: ClaimedEvent): boolean {
  return event.source === "creatorflow"
    ? event.object_id !== null
    : ORDER_TOPICS.has(event.event_type);
}

export function createTikTokEventHandler(dependencies: TikTokEventDependencies): EventHandler {
  return {
    groupOf: (event) =>
      event.shop !== null && event.object_id !== null && isAboutOrder(event)
        ? `orders of ${event.shop.id}`
        : `event ${event.event_id}`,

    async work(events) {
      const [event] = events as [ClaimedEvent];
      const { event_type, object_id, shop } = event;
      const action = isAboutOrder(event) ? undefined : ACTIONS.get(event_type);
      if (!isAboutOrder(event) && action === undefined) {
        return [{ ignored: `${event_type} asks for nothing` }];
      }
      if (shop === null && event.shop_id === null) {
        return [{ ignored: "it names no shop, and no order that is in" }];
      }
      // The database knows these words: connecting the shop reopens the event.
      if (shop === null) return [{ ignored: "the shop is not connected" }];
      if (action) return [await action(dependencies, { ...event, shop })];
      if (object_id === null) return [{ ignored: `${event_type} names no order` }];
      return await ingestOrders(dependencies, events as OrderEvent[]);
    },
  };
}

const Outcome = z.looseObject({ outcome: z.string() });

async function expand(
  { database }: TikTokEventDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { data } = await parseWebhook(new TextEncoder().encode(event.body));
  const result = await database.rpc("expand_webhook_event", {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_orders: namedOrders(event.event_type, data) as unknown as Json,
  });
  return { ...Outcome.parse(unwrap("expand_webhook_event", result)), more: true };
}

async function deauthorize(
  { database }: TikTokEventDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { eventAt } = await parseWebhook(new TextEncoder().encode(event.body));
  const result = await database.rpc("deauthorize_tiktok_shop", {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    // The generated types do not know that SQL arguments may be null.
    p_event_at: eventAt as string,
  });
  return Outcome.parse(unwrap("deauthorize_tiktok_shop", result));
}

const DAY_SECONDS = 24 * 3600;

/** `expiration_time` is a string of unix seconds. */
const Expiration = z.object({
  expiration_time: z.union([z.int(), z.string().regex(/^\d{1,12}$/).transform(Number)])
    .pipe(z.int().positive().max(Date.UTC(9999, 11, 31) / 1000)),
});

async function noteExpiry(
  { database }: TikTokEventDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { eventAt, pushedAt, data } = await parseWebhook(new TextEncoder().encode(event.body));
  const expiration = Expiration.safeParse(data);
  // It announces something to come.
  if (!expiration.success || expiration.data.expiration_time < (pushedAt ?? 0) - DAY_SECONDS) {
    return { ignored: "it names no time of expiration" };
  }
  const result = await database.rpc("note_authorization_expiry", {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_event_at: eventAt as string,
    p_expires_at: new Date(expiration.data.expiration_time * 1000).toISOString(),
  });
  return Outcome.parse(unwrap("note_authorization_expiry", result));
}

async function subscribe(
  dependencies: TikTokEventDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { database, tiktok, webhookUrl } = dependencies;
  await subscribeWebhooks(tiktok, new ShopConnection(dependencies, event.shop), webhookUrl);
  const result = await database.rpc("finish_webhook_subscription", {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_webhook_url: webhookUrl,
  });
  return Outcome.parse(unwrap("finish_webhook_subscription", result));
}

async function sync(dependencies: TikTokEventDependencies, event: ShopEvent): Promise<EventResult> {
  const connection = new ShopConnection(dependencies, event.shop);
  return await syncOrders(dependencies, event, connection);
}
