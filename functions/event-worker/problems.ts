/** The responses of `event-worker` to errors. */
import { isNotFound } from "../../shared/database/errors.ts";
import { Problem } from "../../shared/http/problem.ts";

const SHOP_NOT_CONNECTED = {
  code: "shop_not_connected",
  detail: "No connected shop has this id.",
};

const NOT_FOUND: Record<string, { code: string; detail: string }> = {
  request_order_sync: SHOP_NOT_CONNECTED,
  request_order_reread: SHOP_NOT_CONNECTED,
  request_subscription_sync: {
    code: "customer_not_found",
    detail: "No user has this id, or the user has never opened a checkout.",
  },
};

export function toProblem(error: unknown): Problem | undefined {
  const found = isNotFound(error) ? NOT_FOUND[error.operation] : undefined;
  return found && new Problem({ status: 404, ...found }, { cause: error });
}
