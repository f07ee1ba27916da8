/** The handlers of events about labels and parcels. */
import type { DatabaseClient } from "../database/client.ts";
import { handleEach, type HandlerOptions, handleWith } from "../inbox/events.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { checkSources } from "./check_sources.ts";
import { buyBatchItem } from "./buy_batch_item.ts";
import { createLabelDependencies } from "./dependencies.ts";
import { readLabelConfig } from "./label_config.ts";
import {
  checkPendingVoid,
  checkTracking,
  fetchMissingLabel,
  reconcileUnsettledPurchase,
} from "./label_tasks.ts";
import { markShipped } from "./mark_shipped.ts";
import { easyPostHandler } from "./providers/easypost/handle_events.ts";
import { whileConnected } from "./while_connected.ts";

export function createLabelHandlers(
  database: DatabaseClient,
  { functionsUrl, env }: HandlerOptions,
) {
  const webhookUrl = `${functionsUrl}/carrier-webhooks`;
  const labels = createOnFirstUse(() => createLabelDependencies(database, readLabelConfig(env)));
  return {
    applyEasyPostEvent: easyPostHandler(labels),
    checkSources: handleEach((event) => checkSources(database, event, webhookUrl, env)),
    buyBatchItem: handleWith(labels, buyBatchItem),
    reconcileUnsettledPurchase: handleWith(labels, whileConnected(reconcileUnsettledPurchase)),
    fetchMissingLabel: handleWith(labels, whileConnected(fetchMissingLabel)),
    markShipped: handleWith(labels, markShipped),
    checkPendingVoid: handleWith(labels, whileConnected(checkPendingVoid)),
    checkTracking: handleWith(labels, whileConnected(checkTracking)),
  };
}
