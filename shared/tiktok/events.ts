/** What an event of TikTok's asks for. */
import { decrypt } from "../crypto/encryption.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import type { DatabaseClient } from "../database/client.ts";
import { unwrap } from "../database/result.ts";
import type { Json } from "../database/types.ts";
import type { EventHandler } from "../events/drain.ts";
import type { ClaimedEvent } from "../events/inbox.ts";
import type { TikTokClient } from "./client.ts";
import { mapOrder } from "./orders.ts";
import { tokenContext } from "./tokens.ts";
import { parseWebhook } from "./webhook.ts";
import { ORDER_TOPICS } from "./webhook_types.ts";

export interface TikTokEventDependencies {
  database: DatabaseClient;
  tiktok: TikTokClient;
  keys: KeyRing;
}

/** The webhook only names an order: its present state is read from TikTok, then ingested. */
export function createTikTokEventHandler(dependencies: TikTokEventDependencies): EventHandler {
  return async (event) => {
    const { topic, orderId } = await parseWebhook(new TextEncoder().encode(event.body));
    if (!ORDER_TOPICS.has(topic)) return { ignored: `${topic} asks for nothing` };
    if (orderId === null) return { ignored: `${topic} names no order` };
    if (event.shop === null) return { ignored: "the shop is not connected" };
    return { outcome: await ingestOrder(dependencies, event, event.shop, orderId) };
  };
}

async function ingestOrder(
  { database, tiktok, keys }: TikTokEventDependencies,
  event: ClaimedEvent,
  shop: NonNullable<ClaimedEvent["shop"]>,
  orderId: string,
): Promise<string> {
  const accessToken = await decrypt(
    keys,
    shop.access_token,
    tokenContext("access_token", shop.shop_id),
  );
  const orders = await tiktok.getOrders({ accessToken, shopCipher: shop.shop_cipher }, [orderId]);
  const order = orders.get(orderId);
  // TikTok may announce an order a moment before its API shows it.
  if (order === undefined) throw new Error("TikTok does not show the order to this shop");
  const result = await database.rpc("ingest_order", {
    p_event_id: event.event_id,
    p_tiktok_shop_id: shop.id,
    p_order: mapOrder(order) as unknown as Json,
  });
  const { outcome } = unwrap("ingest_order", result) as { outcome: string };
  return outcome;
}
