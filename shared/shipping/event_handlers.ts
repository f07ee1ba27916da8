/** The handlers of events about labels and parcels. */
import type { DatabaseClient } from "../database/client.ts";
import {
  type ClaimedEvent,
  type EventResult,
  handleEach,
  type HandlerOptions,
  handleWith,
} from "../inbox/events.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { checkSources } from "./check_sources.ts";
import { buyBatchItem } from "./buy_batch_item.ts";
import { createLabelDependencies, type LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import { readLabelConfig } from "./label_config.ts";
import {
  checkPendingVoid,
  checkTracking,
  fetchMissingLabel,
  reconcileUnsettledPurchase,
} from "./label_tasks.ts";
import { markShipped } from "./mark_shipped.ts";
import { easyPostHandler } from "./providers/easypost/handle_events.ts";

/** A task whose shop is not connected waits for that. */
function whileConnected(
  handle: (dependencies: LabelDependencies, event: ClaimedEvent) => Promise<EventResult>,
): typeof handle {
  return async (dependencies, event) => {
    try {
      return await handle(dependencies, event);
    } catch (error) {
      if (!(error instanceof LabelError) || error.code !== "shop_not_connected") throw error;
      return { ignored: "shop_not_connected" };
    }
  };
}

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
    markShipped: handleWith(labels, whileConnected(markShipped)),
    checkPendingVoid: handleWith(labels, whileConnected(checkPendingVoid)),
    checkTracking: handleWith(labels, whileConnected(checkTracking)),
  };
}
