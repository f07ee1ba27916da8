/** Which handler an event goes to, by source and type: the one table of event routes. */
import { type BillingDependencies, createBillingDependencies } from "./billing/dependencies.ts";
import {
  recordDispute,
  stripeHandler,
  syncDeletedCustomer,
  syncFinishedCheckout,
  syncNamedSubscription,
} from "./billing/handle_events.ts";
import { checkDeletedCustomer } from "./billing/orphans.ts";
import { compareNextPage } from "./billing/reconciliation.ts";
import { updateCustomerEmail } from "./billing/update_email.ts";
import { type Environment, readSupabaseConfig } from "./config.ts";
import { createServiceClient, type DatabaseClient } from "./database/client.ts";
import { type ClaimedEvent, type EventResult, handleEach } from "./inbox/events.ts";
import { Inbox } from "./inbox/inbox.ts";
import { EventProcessor, type EventRoutes, type ProcessorOptions } from "./inbox/process_events.ts";
import { createLabelDependencies, type LabelDependencies } from "./shipping/dependencies.ts";
import { buyBatchItem } from "./shipping/label_batch.ts";
import {
  checkPendingVoid,
  checkTracking,
  fetchMissingLabel,
  reconcileUnsettledPurchase,
} from "./shipping/label_tasks.ts";
import { markShipped } from "./shipping/mark_shipped.ts";
import { checkSources } from "./shipping/check_sources.ts";
import { easyPostHandler } from "./shipping/providers/easypost/handle_events.ts";
import { createTikTokDependencies } from "./tiktok/dependencies.ts";
import { ingestOrdersHandler } from "./tiktok/orders/ingest_orders.ts";
import { enqueueRereads } from "./tiktok/orders/reread_orders.ts";
import { syncShopOrders } from "./tiktok/orders/sync_orders.ts";
import {
  checkWebhooks,
  deauthorizeShop,
  expandEvent,
  probeShop,
  recordExpiration,
  shopHandler,
  subscribeShop,
} from "./tiktok/webhooks/handle_shop_events.ts";

/**
 * Handlers read their configuration with their first event: a variable that only they need stops no
 * receiver.
 */
export function createEventRoutes(
  database: DatabaseClient,
  functionsUrl: string,
  env?: Environment,
): EventRoutes {
  const webhookUrl = `${functionsUrl}/tiktok-webhooks`;
  const carrierWebhookUrl = `${functionsUrl}/carrier-webhooks`;
  const shops = createOnFirstUse(() => createTikTokDependencies(database, env));
  const labels = createOnFirstUse(() => createLabelDependencies(database, env));
  const billing = createOnFirstUse(() => createBillingDependencies(database, env));

  const orders = ingestOrdersHandler(shops);
  const expand = shopHandler(shops, expandEvent);
  const subscription = stripeHandler(billing, syncNamedSubscription);
  const easypost = easyPostHandler(labels);

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
      SELLER_DEAUTHORIZATION: shopHandler(shops, deauthorizeShop),
      UPCOMING_AUTHORIZATION_EXPIRATION: shopHandler(shops, recordExpiration),
    },
    easypost: {
      "tracker.*": easypost,
      "refund.*": easypost,
    },
    stripe: {
      "checkout.session.completed": stripeHandler(billing, syncFinishedCheckout),
      "customer.subscription.created": subscription,
      "customer.subscription.updated": subscription,
      "customer.subscription.deleted": subscription,
      "customer.subscription.paused": subscription,
      "customer.subscription.resumed": subscription,
      "customer.subscription.trial_will_end": subscription,
      "invoice.paid": subscription,
      "invoice.payment_failed": subscription,
      "customer.deleted": stripeHandler(billing, syncDeletedCustomer),
      "charge.dispute.created": stripeHandler(billing, recordDispute),
    },
    creatorflow: {
      SYNC_ORDERS: shopHandler(shops, syncShopOrders),
      SUBSCRIBE_WEBHOOKS: shopHandler(
        shops,
        (dependencies, event) => subscribeShop(dependencies, event, webhookUrl),
      ),
      CHECK_WEBHOOKS: shopHandler(
        shops,
        (dependencies, event) => checkWebhooks(dependencies, event, webhookUrl),
      ),
      PROBE_SHOP: shopHandler(shops, probeShop),
      CHECK_SOURCES: handleEach((event) => checkSources(database, event, carrierWebhookUrl, env)),
      ORDER_FOUND: orders,
      REREAD_ORDERS: shopHandler(shops, enqueueRereads),
      ORDER_REREAD: orders,
      // One order of an expanded TikTok event.
      PACKAGE_UPDATE: orders,
      AFTERSALES_REQUEST_STATUS_UPDATE: orders,
      RMA_STATUS_UPDATE: orders,
      REFUND_SUCCESS: orders,
      BUY_LABEL: handleWith(labels, buyBatchItem),
      SETTLE_LABEL: handleWith(labels, reconcileUnsettledPurchase),
      FETCH_LABEL: handleWith(labels, fetchMissingLabel),
      MARK_SHIPPED: handleWith(labels, markShipped),
      CHECK_VOID: handleWith(labels, checkPendingVoid),
      CHECK_TRACKING: handleWith(labels, checkTracking),
      SYNC_SUBSCRIPTIONS: handleWith(billing, compareNextPage),
      UPDATE_CUSTOMER_EMAIL: handleWith(billing, updateCustomerEmail),
      CLOSE_CUSTOMER: handleWith(billing, checkDeletedCustomer),
    },
  };
}

/** The database, its inbox, and the processor of its events. @throws {ConfigError} without a database */
export function createEventProcessor(
  { env, ...options }: Pick<ProcessorOptions, "budgetMs"> & { env?: Environment } = {},
): { database: DatabaseClient; inbox: Inbox; processor: EventProcessor } {
  const supabase = readSupabaseConfig(env);
  const database = createServiceClient(supabase);
  const inbox = new Inbox(database);
  const routes = createEventRoutes(database, `${supabase.url}/functions/v1`, env);
  return { database, inbox, processor: new EventProcessor(inbox, routes, options) };
}

function handleWith<Dependencies extends LabelDependencies | BillingDependencies>(
  dependencies: () => Dependencies,
  handle: (dependencies: Dependencies, event: ClaimedEvent) => Promise<EventResult>,
) {
  // Async: a missing variable is a failed event, not an exception of the processor.
  return handleEach(async (event) => await handle(dependencies(), event));
}

/** Creates a value at its first use; a failure is not kept. */
function createOnFirstUse<T>(create: () => T): () => T {
  let created: { value: T } | undefined;
  return () => (created ??= { value: create() }).value;
}
