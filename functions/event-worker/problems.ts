/** The responses of `event-worker` to errors. */
import { isNotFound } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";

export const PROBLEMS = {
  shop_not_connected: { status: 404, detail: "No connected shop has this id." },
  customer_not_found: {
    status: 404,
    detail: "No user has this id, or the user has never opened a checkout.",
  },
} as const;

/** By the SQL function that found nothing. */
const NOT_FOUND: Record<string, keyof typeof PROBLEMS> = {
  request_order_sync: "shop_not_connected",
  request_order_reread: "shop_not_connected",
  request_subscription_sync: "customer_not_found",
};

export function toProblem(error: unknown): Problem | undefined {
  const code = isNotFound(error) ? NOT_FOUND[error.operation] : undefined;
  return code && problemOf(PROBLEMS, code, { cause: error });
}
