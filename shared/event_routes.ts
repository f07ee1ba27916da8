/** The one table of event routes: the handler for each source and type. */
import { type Environment, readSupabaseConfig } from "./config.ts";
import { createServiceClient, type DatabaseClient } from "./database/client.ts";
import type { EventHandler } from "./inbox/events.ts";
import type { EventRoutes } from "./inbox/find_handler.ts";
import { Inbox } from "./inbox/inbox.ts";
import { lazyHandlers } from "./inbox/lazy_handlers.ts";
import { EventProcessor } from "./inbox/process_events.ts";
import type { HandledTopic } from "./tiktok/webhooks/topics.ts";

/**
 * The handlers of a domain are loaded, and read their configuration, with their first event: a variable that
 * one of them lacks stops no other domain.
 */
export function createEventRoutes(
  database: DatabaseClient,
  functionsUrl: string,
  env?: Environment,
): EventRoutes {
  const options = { functionsUrl, env };
  const tiktok = lazyHandlers(async () => {
    const { createTikTokHandlers } = await import("./tiktok/event_handlers.ts");
    return createTikTokHandlers(database, options);
  });
  const labels = lazyHandlers(async () => {
    const { createLabelHandlers } = await import("./shipping/event_handlers.ts");
    return createLabelHandlers(database, options);
  });
  const billing = lazyHandlers(async () => {
    const { createBillingHandlers } = await import("./billing/event_handlers.ts");
    return createBillingHandlers(database, options);
  });

  const orders = tiktok("ingestOrders");
  const expand = tiktok("expandEvent");
  const easypost = labels("applyEasyPostEvent");
  const subscription = billing("syncNamedSubscriptions");

  return {
    tiktok: {
      ORDER_STATUS_CHANGE: orders,
      REVERSE_STATUS_UPDATE: orders,
      RECIPIENT_ADDRESS_UPDATE: orders,
      CANCELLATION_STATUS_CHANGE: orders,
      RETURN_STATUS_CHANGE: orders,
      // These name their orders in lists, or not at all.
      PACKAGE_UPDATE: expand,
      AFTERSALES_REQUEST_STATUS_UPDATE: expand,
      RMA_STATUS_UPDATE: expand,
      REFUND_SUCCESS: expand,
      SELLER_DEAUTHORIZATION: tiktok("deauthorizeShop"),
      UPCOMING_AUTHORIZATION_EXPIRATION: tiktok("recordExpiration"),
    } satisfies Record<HandledTopic, EventHandler>,
    easypost: {
      "tracker.*": easypost,
      "refund.*": easypost,
      "shipment.invoice.created": easypost,
      "shipment.invoice.updated": easypost,
    },
    stripe: {
      "checkout.session.completed": subscription,
      "customer.subscription.created": subscription,
      "customer.subscription.updated": subscription,
      "customer.subscription.deleted": subscription,
      "customer.subscription.paused": subscription,
      "customer.subscription.resumed": subscription,
      "customer.subscription.trial_will_end": subscription,
      "invoice.paid": subscription,
      "invoice.payment_failed": subscription,
      "customer.deleted": billing("syncDeletedCustomer"),
      "charge.dispute.created": billing("recordDispute"),
    },
    creatorflow: {
      SYNC_ORDERS: tiktok("syncShopOrders"),
      SUBSCRIBE_WEBHOOKS: tiktok("subscribeShop"),
      CHECK_WEBHOOKS: tiktok("checkWebhooks"),
      PROBE_SHOP: tiktok("probeShop"),
      REOPEN_EVENTS: tiktok("reopenEvents"),
      CHECK_SOURCES: labels("checkSources"),
      ORDER_FOUND: orders,
      RETURN_FOUND: orders,
      REREAD_ORDERS: tiktok("enqueueRereads"),
      ORDER_REREAD: orders,
      // One order of an expanded TikTok event.
      PACKAGE_UPDATE: orders,
      AFTERSALES_REQUEST_STATUS_UPDATE: orders,
      RMA_STATUS_UPDATE: orders,
      REFUND_SUCCESS: orders,
      BUY_LABEL: labels("buyBatchItem"),
      SETTLE_LABEL: labels("reconcileUnsettledPurchase"),
      FETCH_LABEL: labels("fetchMissingLabel"),
      MARK_SHIPPED: labels("markShipped"),
      CHECK_VOID: labels("checkPendingVoid"),
      CHECK_TRACKING: labels("checkTracking"),
      SYNC_SUBSCRIPTIONS: billing("compareNextPage"),
      UPDATE_CUSTOMER_EMAIL: billing("updateCustomerEmail"),
      CLOSE_CUSTOMER: billing("checkDeletedCustomer"),
    },
  };
}

/** The database, its inbox, and the processor of its events. @throws {ConfigError} without a database */
export function createEventProcessor(
  { env }: { env?: Environment } = {},
): { database: DatabaseClient; inbox: Inbox; processor: EventProcessor } {
  const supabase = readSupabaseConfig(env);
  const database = createServiceClient(supabase);
  const inbox = new Inbox(database);
  const routes = createEventRoutes(database, `${supabase.url}/functions/v1`, env);
  return { database, inbox, processor: new EventProcessor(inbox, routes) };
}
