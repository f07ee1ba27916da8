/** Limits of how often each user may call a route; the limits are rows of `private.request_limits`. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import type { LimitedRoute } from "./app.ts";
import type { Problem } from "./problem.ts";
import { problemOf } from "./problem_table.ts";
import type { User } from "./users.ts";

/** Problems of every limited route. */
export const LIMIT_PROBLEMS = {
  too_many_requests: {
    status: 429,
    detail: "You have sent too many of these requests. Retry-After says how many seconds to wait.",
    retryAfterSeconds: 60,
  },
} as const;

const Counted = z.object({ retry_after_seconds: z.nullable(z.int()) });

/**
 * The `limits` of `createApp`: 429 with `Retry-After` for a call over the limit, before its body is read.
 * @param routes As their rows name them, e.g. `POST /shipments/rates`.
 */
export function limitRequests(
  database: DatabaseClient,
  routes: readonly `${string} /${string}`[],
): LimitedRoute<{ user: User }>[] {
  return routes.map((route) => {
    const [method, path] = route.split(" ") as [string, string];
    return {
      method,
      path,
      async limit(c, next) {
        const args = { p_user_id: c.var.user.id, p_route: route };
        const counted = await callFunction(database, "count_request", args, Counted);
        if (counted.retry_after_seconds !== null) {
          throw tooManyRequests(counted.retry_after_seconds);
        }
        await next();
      },
    };
  });
}

function tooManyRequests(seconds: number): Problem {
  return problemOf(LIMIT_PROBLEMS, "too_many_requests", {
    detail: `You have sent too many of these requests. Try again in ${seconds} seconds.`,
    headers: { "retry-after": String(seconds) },
  });
}
