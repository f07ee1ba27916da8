/** `Idempotency-Key`: one key, one piece of work, one answer. */
import type { Context, MiddlewareHandler } from "hono";
import { refusals, StripeRefusal } from "./errors.ts";
import type { SavedAnswer, StripeState } from "./state.ts";

/** How long Stripe knows a key. */
const KEPT_MS = 24 * 3600 * 1000;
const MAX_LENGTH = 255;
/** Answers of before the work has begun: they are made anew each time. */
const UNSAVED = [401, 409, 429];

export interface IdempotencyOptions {
  state: StripeState;
  isAuthorized: (request: Request) => boolean;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface Idempotency {
  /** Stands before the faults: a call that one keeps waiting is on its way, too. */
  hold: MiddlewareHandler;
  /** Stands behind them: works, or answers as the first time. */
  once: MiddlewareHandler;
}

/** Whether the work had begun: a call whose parameters are wrong as such may be put right. */
function isWorked(c: Context): boolean {
  const code = c.error instanceof StripeRefusal ? c.error.error.code : undefined;
  return !UNSAVED.includes(c.res.status) && !code?.startsWith("parameter_");
}

function keyOf(c: Context): string | undefined {
  return c.req.method === "POST" ? c.req.header("idempotency-key") : undefined;
}

export function idempotency({ state, isAuthorized, now }: IdempotencyOptions): Idempotency {
  /** Whose call holds a key. */
  const held = new Map<string, Request>();

  function saved(key: string): SavedAnswer | undefined {
    const answer = state.get("answers", key);
    return answer && answer.savedAt + KEPT_MS > now() ? answer : undefined;
  }

  function replay(key: string, answer: SavedAnswer, endpoint: string, parameters: string) {
    if (answer.endpoint !== endpoint) throw refusals.otherEndpoint(key, answer.endpoint);
    if (answer.parameters !== parameters) throw refusals.otherParameters(key);
    return new Response(answer.body, {
      status: answer.status,
      headers: {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "original-request": answer.requestId,
      },
    });
  }

  return {
    hold: async (c, next) => {
      const key = keyOf(c);
      if (key === undefined || held.has(key) || !isAuthorized(c.req.raw)) return await next();
      held.set(key, c.req.raw);
      try {
        await next();
      } finally {
        if (held.get(key) === c.req.raw) held.delete(key);
      }
    },
    once: async (c, next) => {
      const key = keyOf(c);
      if (key === undefined) return await next();
      c.header("idempotency-key", key);
      if (key.length > MAX_LENGTH) throw refusals.keyTooLong();
      const parameters = await c.req.text();
      const endpoint = c.req.path;
      const holder = held.get(key);
      if (holder !== undefined && holder !== c.req.raw) throw refusals.keyInUse(key);
      held.set(key, c.req.raw);
      try {
        const answer = saved(key);
        if (answer) return replay(key, answer, endpoint, parameters);
        await next();
        if (isWorked(c)) {
          const body = await c.res.clone().text();
          const requestId = c.get("requestId") as string;
          const { status } = c.res;
          const first = { endpoint, parameters, status, body, requestId, savedAt: now() };
          state.put("answers", key, first);
        }
      } finally {
        // The work is done; an answer that is late on its way holds nobody up.
        held.delete(key);
      }
    },
  };
}
