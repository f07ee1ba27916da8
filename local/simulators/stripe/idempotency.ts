/** `Idempotency-Key`: a key stands for one execution and its answer. */
import type { Context, MiddlewareHandler } from "hono";
import { ApiError, apiErrors } from "./errors.ts";
import { newId } from "./ids.ts";
import type { SavedAnswer, StripeState } from "./state.ts";

/** Stripe keeps an answer for at least this long. */
const KEPT_MS = 24 * 3600 * 1000;
const MAX_LENGTH = 255;
/** Answers that come before the execution; Stripe does not save them. */
const UNSAVED = [401, 409, 429];

export interface IdempotencyOptions {
  state: StripeState;
  isAuthorized: (request: Request) => boolean;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface Idempotency {
  /** Goes before the faults: a call that a fault delays already holds its key. */
  hold: MiddlewareHandler;
  /** Goes after the faults: executes the call, or repeats the saved answer. */
  once: MiddlewareHandler;
}

/** Stripe does not save the refusal of a parameter: a call with the right one may use the key again. */
function isSaved(c: Context): boolean {
  const code = c.error instanceof ApiError ? c.error.body.code : undefined;
  return !UNSAVED.includes(c.res.status) && !code?.startsWith("parameter_");
}

function keyOf(c: Context): string | undefined {
  return c.req.method === "POST" ? c.req.header("idempotency-key") : undefined;
}

export function idempotency({ state, isAuthorized, now }: IdempotencyOptions): Idempotency {
  /** The call that holds each key. */
  const held = new Map<string, Request>();

  function findAnswer(key: string): SavedAnswer | undefined {
    const answer = state.get("answers", key);
    return answer && answer.savedAt + KEPT_MS > now() ? answer : undefined;
  }

  function replay(key: string, answer: SavedAnswer, endpoint: string, parameters: string) {
    if (answer.endpoint !== endpoint) throw apiErrors.otherEndpoint(key, answer.endpoint);
    if (answer.parameters !== parameters) throw apiErrors.otherParameters(key);
    return new Response(answer.body, {
      status: answer.status,
      headers: {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "original-request": answer.requestId,
      },
    });
  }

  async function save(c: Context, key: string, parameters: string): Promise<void> {
    const body = await c.res.clone().text();
    const requestId = c.get("requestId") as string | undefined ?? newId("req", 14);
    const { status } = c.res;
    const first = { endpoint: c.req.path, parameters, status, body, requestId, savedAt: now() };
    state.put("answers", key, first);
  }

  return {
    hold: async (c, next) => {
      const key = keyOf(c);
      if (key === undefined || held.has(key) || !isAuthorized(c.req.raw)) return await next();
      held.set(key, c.req.raw);
      try {
        const parameters = await c.req.text();
        await next();
        // An internal error ends an execution that has begun, so it is the answer to the key.
        if (c.res.status === 500 && findAnswer(key) === undefined) await save(c, key, parameters);
      } finally {
        if (held.get(key) === c.req.raw) held.delete(key);
      }
    },
    once: async (c, next) => {
      const key = keyOf(c);
      if (key === undefined) return await next();
      c.header("idempotency-key", key);
      if (key.length > MAX_LENGTH) throw apiErrors.keyTooLong();
      const parameters = await c.req.text();
      const endpoint = c.req.path;
      const holder = held.get(key);
      if (holder !== undefined && holder !== c.req.raw) throw apiErrors.keyInUse(key);
      held.set(key, c.req.raw);
      try {
        const answer = findAnswer(key);
        if (answer) return replay(key, answer, endpoint, parameters);
        await next();
        if (isSaved(c)) await save(c, key, parameters);
      } finally {
        // The execution has ended; a delayed answer does not block the key.
        held.delete(key);
      }
    },
  };
}
