/** Tasks about labels whose shop is not connected: they wait for the account that bought the label. */
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";

/** The shop of the event may have another account's connection, for which the task must not be due again. */
export function waitForShop({ shop }: ClaimedEvent): EventResult {
  return { ignored: shop === null ? "shop_not_connected" : "shop_of_another_account" };
}

/** A handler of tasks that may need TikTok. */
export function whileConnected(
  handle: (dependencies: LabelDependencies, event: ClaimedEvent) => Promise<EventResult>,
): typeof handle {
  return async (dependencies, event) => {
    try {
      return await handle(dependencies, event);
    } catch (error) {
      if (!(error instanceof LabelError) || error.code !== "shop_not_connected") throw error;
      return waitForShop(event);
    }
  };
}
