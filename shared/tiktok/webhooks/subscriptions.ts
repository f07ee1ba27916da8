/** Which webhooks TikTok sends for a shop: the topics that we act on. */
import { errorText, log } from "../../log.ts";
import type { ShopAccess, TikTokClient } from "../api/client.ts";
import type { ShopConnection } from "../connections/shop_connection.ts";

/** TikTok's Event API has no names for the topics 64 to 67: those are set in Partner Center. */
export const SUBSCRIBED_TOPICS = [
  "ORDER_STATUS_CHANGE",
  "RECIPIENT_ADDRESS_UPDATE",
  "PACKAGE_UPDATE",
  "SELLER_DEAUTHORIZATION",
  "UPCOMING_AUTHORIZATION_EXPIRATION",
  "CANCELLATION_STATUS_CHANGE",
  "RETURN_STATUS_CHANGE",
] as const;

/** One after the other: TikTok allows a shop few writes a second. Doing it again changes nothing. */
export async function subscribeWebhooks(
  tiktok: TikTokClient,
  connection: ShopConnection,
  address: string,
): Promise<void> {
  for (const topic of SUBSCRIBED_TOPICS) {
    await connection.call((access) => tiktok.putWebhook(access, topic, address));
  }
}

/** Best effort, with a token that is erased already: what TikTok goes on sending is closed by the inbox. */
export async function unsubscribeWebhooks(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
): Promise<void> {
  for (const topic of SUBSCRIBED_TOPICS) {
    try {
      await tiktok.deleteWebhook(access, topic);
    } catch (error) {
      log.warn("webhooks not unsubscribed", { topic, error: errorText(error) });
      return;
    }
  }
}
