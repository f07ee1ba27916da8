/** Takes in the orders that some events of one shop name: one call to TikTok, one to the database. */
import * as z from "zod";
import { unwrap } from "../../database/result.ts";
import type { Json } from "../../database/types.ts";
import type { EventResult } from "../../inbox/process_events.ts";
import type { ClaimedEvent } from "../../inbox/inbox.ts";
import { ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokEventDependencies } from "../webhooks/handle_events.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { storable } from "../../values/lossless_json.ts";
import { noticeOf } from "./order_notices.ts";
import { mapOrder } from "./map_order.ts";
import type { Order } from "../api/schemas.ts";
import { parseWebhook } from "../webhooks/parse_webhook.ts";

/** An event whose shop is connected, about one order. */
export type OrderEvent = ClaimedEvent & {
  shop: NonNullable<ClaimedEvent["shop"]>;
  object_id: string;
};

const Outcomes = z.object({
  outcomes: z.array(z.object({
    event_id: z.int(),
    outcome: z.string(),
    error: z.string().optional(),
  })),
});

const OwnBody = z.object({ notice: z.record(z.string(), z.json()).default({}) });

async function readNotice(event: OrderEvent): Promise<Record<string, Json>> {
  if (event.source === "creatorflow") {
    return OwnBody.parse(JSON.parse(event.body)).notice as Record<string, Json>;
  }
  const { data } = await parseWebhook(new TextEncoder().encode(event.body));
  return noticeOf(event.event_type, data);
}

/** What `ingest_orders` takes for an event, or why it cannot be taken in. */
async function toItem(event: OrderEvent, orders: Map<string, Order>) {
  const order = orders.get(event.object_id);
  // TikTok may announce an order a moment before its API shows it.
  if (order === undefined) throw new Error("TikTok does not show the order to this shop");
  return {
    event_id: event.event_id,
    order: storable(mapOrder(order)) as unknown as Json,
    notice: storable(await readNotice(event)),
  };
}

/**
 * @param events Of one shop, at most 50.
 * @returns A result for each event, in their order.
 * @throws {TikTokError}
 */
export async function ingestOrders(
  dependencies: TikTokEventDependencies,
  events: OrderEvent[],
): Promise<EventResult[]> {
  const { database, tiktok } = dependencies;
  const [{ shop }] = events as [OrderEvent];
  const orderIds = [...new Set(events.map((event) => event.object_id))];
  let orders: Map<string, Order>;
  try {
    orders = await new ShopConnection(dependencies, shop).call((access) =>
      tiktok.getOrders(access, orderIds)
    );
  } catch (error) {
    // Whether one order that TikTok refuses spoils the answer for the others is not documented.
    if (orderIds.length === 1 || !(error instanceof TikTokError && isRefusal(error))) throw error;
    return (await Promise.all(events.map((event) => ingestAlone(dependencies, event)))).flat();
  }
  const items = await Promise.allSettled(events.map((event) => toItem(event, orders)));
  const ready = items.flatMap((item) => item.status === "fulfilled" ? [item.value] : []);
  const settled = new Map<number, EventResult>();
  if (ready.length > 0) {
    const result = await database.rpc("ingest_orders", {
      p_tiktok_shop_id: shop.id,
      p_items: ready,
    });
    for (const entry of Outcomes.parse(unwrap("ingest_orders", result)).outcomes) {
      const failure = { error: new Error(`ingest_order failed with ${entry.error}`) };
      settled.set(
        entry.event_id,
        entry.outcome === "failed" ? failure : { outcome: entry.outcome },
      );
    }
  }
  return events.map((event, n) => {
    const item = items[n];
    if (item?.status === "rejected") return { error: item.reason };
    return settled.get(event.event_id) ?? { error: new Error("ingest_orders gave no outcome") };
  });
}

async function ingestAlone(
  dependencies: TikTokEventDependencies,
  event: OrderEvent,
): Promise<EventResult[]> {
  try {
    return await ingestOrders(dependencies, [event]);
  } catch (error) {
    return [{ error }];
  }
}
