/** The Event API: webhook subscriptions of a shop. */
import { Hono } from "hono";
import { AUTHORIZATION_SCOPE } from "./authorizations.ts";
import { refusals, success } from "./envelope.ts";
import { admitForShop, jsonBody, type OpenApi, requiredText } from "./open_api.ts";
import { subscriptionId } from "./state.ts";
import { isEventType, isWebhookAddress } from "./subscriptions.ts";

function eventTypeOf(body: Record<string, unknown>): string {
  const eventType = requiredText(body, "event_type");
  if (!isEventType(eventType)) throw refusals.invalid("body.event_type");
  return eventType;
}

export function eventRoutes(api: OpenApi): Hono {
  const { state } = api;
  const path = "/event/202309/webhooks";
  const app = new Hono();

  // Get Shop Webhooks
  app.get(path, async (c) => {
    const { shop } = await admitForShop(c.req.raw, api, AUTHORIZATION_SCOPE);
    const webhooks = state.all("subscriptions").filter((entry) =>
      entry.shopId === shop.id && !entry.lost
    );
    return success({
      total_count: webhooks.length,
      webhooks: webhooks.map(({ eventType, address, createTime, updateTime }) => (
        { event_type: eventType, address, create_time: createTime, update_time: updateTime }
      )),
    });
  });

  // Update Shop Webhook
  app.put(path, async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, AUTHORIZATION_SCOPE);
    const body = jsonBody(call);
    const address = requiredText(body, "address");
    const eventType = eventTypeOf(body);
    if (!isWebhookAddress(address)) throw refusals.invalid("body.address");
    const id = subscriptionId(shop.id, eventType);
    const updateTime = Math.floor(api.now() / 1000);
    const existing = state.get("subscriptions", id);
    const createTime = existing && !existing.lost ? existing.createTime : updateTime;
    const subscription = { shopId: shop.id, eventType, address, createTime, updateTime };
    state.put("subscriptions", id, subscription);
    return success({});
  });

  // Delete Shop Webhook: succeeds without a subscription, too.
  app.delete(path, async (c) => {
    const { call, shop } = await admitForShop(c.req.raw, api, AUTHORIZATION_SCOPE);
    state.delete("subscriptions", subscriptionId(shop.id, eventTypeOf(jsonBody(call))));
    return success({});
  });
  return app;
}
