/** The Event API: which topics of a shop go to an address of their own. */
import { Hono } from "hono";
import { webhookTypeName } from "../../../shared/tiktok/webhooks/topics.ts";
import { AUTHORIZATION_SCOPE } from "./consent.ts";
import { refusals, success } from "./envelope.ts";
import { admit, type AdmittedCall, type ApiOptions, jsonBody, shopOf } from "./gate.ts";
import { type SimulatorState, subscriptionId } from "./state.ts";
import type { Notification } from "./webhooks.ts";

/** Other topics can be had in Partner Center only. */
const EVENT_TYPES: ReadonlySet<string> = new Set([
  "ORDER_STATUS_CHANGE",
  "RECIPIENT_ADDRESS_UPDATE",
  "PACKAGE_UPDATE",
  "PRODUCT_STATUS_CHANGE",
  "SELLER_DEAUTHORIZATION",
  "UPCOMING_AUTHORIZATION_EXPIRATION",
  "CANCELLATION_STATUS_CHANGE",
  "RETURN_STATUS_CHANGE",
  "NEW_CONVERSATION",
  "NEW_MESSAGE",
  "PRODUCT_INFORMATION_CHANGE",
  "PRODUCT_CREATION",
  "PRODUCT_CATEGORY_CHANGE",
  "NEW_MESSAGE_LISTENER",
  "INVOICE_STATUS_CHANGE",
  "PRODUCT_AUDIT_STATUS_CHANGE",
  "REVERSE_STATUS_UPDATE",
]);

const MAX_ADDRESS_LENGTH = 255;

/**
 * TikTok takes https, a domain name and no port. 127.0.0.1 and localhost are taken with any port, and
 * with http, because that is where a local stack lives.
 */
function isWebhookAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || address.length > MAX_ADDRESS_LENGTH) return false;
  if (!["http:", "https:"].includes(url.protocol) || url.username || url.password) return false;
  if (["127.0.0.1", "localhost"].includes(url.hostname)) return true;
  // `port` is empty for https's own; the text shows whether one was written.
  const hasPort = /^https:\/\/[^/?#]*:/i.test(address);
  // The last part of a domain name begins with a letter, that of an IP address does not.
  return url.protocol === "https:" && !hasPort &&
    /^[^[\]]+\.[a-z][a-z0-9-]*\.?$/.test(url.hostname);
}

/** The address that a shop has for the topic of a notification, if it has one. */
export function subscribedAddress(
  state: SimulatorState,
  { shopId, type }: Notification,
): string | undefined {
  return state.get("subscriptions", subscriptionId(shopId, webhookTypeName(type)))?.address;
}

function textOf(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (value === undefined || value === null || value === "") {
    throw refusals.missing(`body.${name}`);
  }
  if (typeof value !== "string") throw refusals.invalid(`body.${name}`);
  return value;
}

function eventTypeOf(body: Record<string, unknown>): string {
  const eventType = textOf(body, "event_type");
  if (!EVENT_TYPES.has(eventType)) throw refusals.invalid("body.event_type");
  return eventType;
}

export function eventRoutes(api: ApiOptions): Hono {
  const { state } = api;
  const path = "/event/202309/webhooks";

  async function admitted(request: Request): Promise<AdmittedCall> {
    const call = await admit(request, api, AUTHORIZATION_SCOPE);
    api.calls.push(path);
    return call;
  }

  const app = new Hono();
  app.get(path, async (c) => {
    const shop = shopOf(await admitted(c.req.raw), state);
    const webhooks = state.all("subscriptions").filter(({ shopId }) => shopId === shop.id);
    return success({
      total_count: webhooks.length,
      webhooks: webhooks.map(({ eventType, address, createTime, updateTime }) => (
        { event_type: eventType, address, create_time: createTime, update_time: updateTime }
      )),
    });
  });
  app.put(path, async (c) => {
    const call = await admitted(c.req.raw);
    const shop = shopOf(call, state);
    const body = jsonBody(call);
    const address = textOf(body, "address");
    const eventType = eventTypeOf(body);
    if (!isWebhookAddress(address)) throw refusals.invalid("body.address");
    const id = subscriptionId(shop.id, eventType);
    const updateTime = Math.floor(api.now() / 1000);
    const createTime = state.get("subscriptions", id)?.createTime ?? updateTime;
    const subscription = { shopId: shop.id, eventType, address, createTime, updateTime };
    state.put("subscriptions", id, subscription);
    return success({});
  });
  app.delete(path, async (c) => {
    const call = await admitted(c.req.raw);
    const shop = shopOf(call, state);
    // It is a success where there was none, too.
    state.delete("subscriptions", subscriptionId(shop.id, eventTypeOf(jsonBody(call))));
    return success({});
  });
  return app;
}
