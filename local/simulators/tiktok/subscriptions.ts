/** Webhook topics of the Event API, and the addresses that TikTok accepts for them. */
import { type SimulatedSubscription, type SimulatorState, subscriptionId } from "./state.ts";

/** By the webhook's number. Other topics are set in Partner Center only. */
const EVENT_TYPES = new Map([
  [1, "ORDER_STATUS_CHANGE"],
  [2, "REVERSE_STATUS_UPDATE"],
  [3, "RECIPIENT_ADDRESS_UPDATE"],
  [4, "PACKAGE_UPDATE"],
  [5, "PRODUCT_STATUS_CHANGE"],
  [6, "SELLER_DEAUTHORIZATION"],
  [7, "UPCOMING_AUTHORIZATION_EXPIRATION"],
  [11, "CANCELLATION_STATUS_CHANGE"],
  [12, "RETURN_STATUS_CHANGE"],
  [13, "NEW_CONVERSATION"],
  [14, "NEW_MESSAGE"],
  [15, "PRODUCT_INFORMATION_CHANGE"],
  [16, "PRODUCT_CREATION"],
  [18, "PRODUCT_CATEGORY_CHANGE"],
  [33, "NEW_MESSAGE_LISTENER"],
  [36, "INVOICE_STATUS_CHANGE"],
  [37, "PRODUCT_AUDIT_STATUS_CHANGE"],
]);

const MAX_ADDRESS_LENGTH = 255;

/** Names of the topics. */
export const EVENT_TYPE_NAMES = [...EVENT_TYPES.values()];

export function isEventType(eventType: string): boolean {
  return EVENT_TYPE_NAMES.includes(eventType);
}

/**
 * TikTok accepts https, a domain name and no port. For the local stack, 127.0.0.1 and localhost are
 * accepted with any port and with http.
 */
export function isWebhookAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || address.length > MAX_ADDRESS_LENGTH) return false;
  if (!["http:", "https:"].includes(url.protocol) || url.username || url.password) return false;
  if (["127.0.0.1", "localhost"].includes(url.hostname)) return true;
  // `url.port` is empty for 443; only the text shows a port that was written.
  const hasPort = /^https:\/\/[^/?#]*:/i.test(address);
  // The last part of a domain name begins with a letter, that of an IP address does not.
  return url.protocol === "https:" && !hasPort &&
    /^[^[\]]+\.[a-z][a-z0-9-]*\.?$/.test(url.hostname);
}

/** What a shop subscribed for the topic with this number, also if TikTok has lost it. */
export function subscriptionOf(
  state: SimulatorState,
  shopId: string,
  type: number,
): SimulatedSubscription | undefined {
  const eventType = EVENT_TYPES.get(type);
  if (eventType === undefined) return undefined;
  return state.get("subscriptions", subscriptionId(shopId, eventType));
}
