/** Subscribes and unsubscribes a shop's webhooks. */
import { errorText, log } from "../../log.ts";
import type { ShopAccess, TikTokClient } from "../api/client.ts";
import type { ShopWebhook } from "../api/schemas.ts";
import { deleteWebhook, putWebhook } from "../api/webhooks.ts";
import type { ShopConnection } from "../connections/shop_connection.ts";

/** The topics that we handle. The Event API has no names for the topics 64 to 67: Partner Center sets them. */
export const SUBSCRIBED_TOPICS = [
  "ORDER_STATUS_CHANGE",
  "RECIPIENT_ADDRESS_UPDATE",
  "PACKAGE_UPDATE",
  "SELLER_DEAUTHORIZATION",
  "UPCOMING_AUTHORIZATION_EXPIRATION",
  "CANCELLATION_STATUS_CHANGE",
  "RETURN_STATUS_CHANGE",
] as const;

/** One after the other: TikTok allows a shop few writes a second. Repeating it changes nothing. */
export async function subscribeWebhooks(
  tiktok: TikTokClient,
  connection: ShopConnection,
  address: string,
  topics: readonly string[] = SUBSCRIBED_TOPICS,
): Promise<void> {
  for (const topic of topics) {
    await connection.call((access) => putWebhook(tiktok, access, topic, address));
  }
}

/** The topics that TikTok does not send to `address`. */
export function findLostTopics(webhooks: readonly ShopWebhook[], address: string): string[] {
  return SUBSCRIBED_TOPICS.filter((topic) =>
    !webhooks.some((webhook) => webhook.event_type === topic && webhook.address === address)
  );
}

/** Best effort, with a token that is erased already: the inbox ignores what TikTok still sends. */
export async function unsubscribeWebhooks(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
): Promise<void> {
  for (const topic of SUBSCRIBED_TOPICS) {
    try {
      await deleteWebhook(tiktok, access, topic);
    } catch (error) {
      log.warn("webhooks not unsubscribed", { topic, error: errorText(error) });
      return;
    }
  }
}
