/** Makes calls of a simulator fail on request, and lets a test observe each call. */
import type { Context, Env, MiddlewareHandler } from "hono";

export interface Fault {
  /** Only calls of this HTTP method. */
  method?: string;
  /** Only calls whose path begins with this text, or matches this pattern. @default {"/"} */
  path?: string | RegExp;
  /**
   * The call is not executed: `internal`, `rate_limit`, `refused` and `expired` are the simulator's `HostErrors`
   * (one without `expired` ignores that fault); `html` is a proxy's HTTP 503; `hang` answers 504 after
   * `delayMs`. The call is executed: `delay` first waits `delayMs`; `late` answers after `delayMs`;
   * `lost` answers HTTP 504; `not_json` HTTP 200 with a page; `truncated` HTTP 200 with half of the body.
   */
  kind:
    | "internal"
    | "rate_limit"
    | "refused"
    | "expired"
    | "html"
    | "hang"
    | "delay"
    | "late"
    | "lost"
    | "not_json"
    | "truncated";
  /** @default {10000} */
  delayMs?: number;
  /** For `rate_limit`. @default {1} */
  retryAfterSeconds?: number;
  /** For `refused`: what the message of the error quotes. @default {"Ada Example"} */
  words?: string;
  /** The number of calls that it affects. @default all until `clear` */
  count?: number;
  /** How long it lasts. @default until `clear` */
  forMs?: number;
  /** The share of the calls that it affects, 0 to 1. @default {1} */
  probability?: number;
}

/** The error answers of a simulator. */
export interface HostErrors<E extends Env> {
  internal: (c: Context<E>) => Response;
  rateLimited: (c: Context<E>, retryAfterSeconds: number) => Response;
  /** An error of the caller, whose message quotes the caller's words, as vendors quote names and numbers. */
  refused: (c: Context<E>, words: string) => Response;
  /** Left out by a simulator without access tokens. */
  expired?: (c: Context<E>) => Response;
}

/** `arrived`: before the call is executed. `executed`: after it was executed, before it is answered. */
export interface ObservedCall {
  method: string;
  path: string;
  phase: "arrived" | "executed";
}

const DEFAULT_DELAY_MS = 10_000;

function page(status: number, text: string): Response {
  const headers = { "content-type": "text/html" };
  return new Response(`<html><h1>${text}</h1></html>`, { status, headers });
}

/** Replaces the answer and its headers; a mere assignment would keep the headers. */
function replaceAnswer<E extends Env>(c: Context<E>, response: Response): void {
  c.res = undefined;
  c.res = response;
}

function isAffected(
  { method, path = "/" }: Fault,
  call: { method: string; path: string },
): boolean {
  if (method !== undefined && method !== call.method) return false;
  return typeof path === "string" ? call.path.startsWith(path) : call.path.search(path) >= 0;
}

/** A fault with its end, in milliseconds since 1970. */
export interface LastingFault extends Fault {
  endsAt?: number;
}

export class Faults {
  /** The number of calls. */
  seen = 0;
  /** The number of calls that a fault affected, by kind. */
  readonly spoiled = new Map<Fault["kind"], number>();
  /** Runs before and after each execution. If it throws, the call is answered as `internal`. */
  observe?: (call: ObservedCall) => void | Promise<void>;
  #faults: LastingFault[] = [];
  #waiting = new AbortController();
  readonly #random: () => number;
  readonly #now: () => number;

  /**
   * @param random Returns 0 to 1; a seeded function makes a run repeatable.
   * @param now Milliseconds since 1970.
   */
  constructor(random: () => number = Math.random, now: () => number = Date.now) {
    this.#random = random;
    this.#now = now;
  }

  add(fault: Fault): void {
    const ends = fault.forMs !== undefined && { endsAt: this.#now() + fault.forMs };
    this.#faults.push({ ...fault, ...ends });
  }

  /** The faults that are in force. */
  current(): readonly LastingFault[] {
    const now = this.#now();
    this.#faults = this.#faults.filter(({ endsAt }) => endsAt === undefined || endsAt > now);
    return this.#faults;
  }

  clear(): void {
    this.#faults = [];
  }

  /** Ends all present waits. */
  close(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
  }

  async #wait({ delayMs = DEFAULT_DELAY_MS }: Fault): Promise<void> {
    // Not by node:timers/promises, which ignores the signal in Deno 2.1.
    const { signal } = this.#waiting;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    signal.addEventListener("abort", end);
    const timer = setTimeout(end, delayMs);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }

  #takeFault(call: { method: string; path: string }, skipped: Fault["kind"][]): Fault | undefined {
    const fault = this.current().find((candidate) =>
      !skipped.includes(candidate.kind) && isAffected(candidate, call) &&
      this.#random() < (candidate.probability ?? 1)
    );
    if (fault?.count !== undefined && --fault.count <= 0) {
      this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    }
    this.seen++;
    if (fault) this.spoiled.set(fault.kind, (this.spoiled.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  /** Returns false if the observer throws. */
  async #notifyObserver(c: Context, phase: ObservedCall["phase"]): Promise<boolean> {
    try {
      await this.observe?.({ method: c.req.method, path: c.req.path, phase });
      return true;
    } catch {
      return false;
    }
  }

  /** Goes before the routes of the simulator. */
  middleware<E extends Env>(errors: HostErrors<E>): MiddlewareHandler<E> {
    return async (c, next) => {
      if (!await this.#notifyObserver(c, "arrived")) return errors.internal(c);
      const fault = this.#takeFault(c.req, errors.expired ? [] : ["expired"]);
      switch (fault?.kind) {
        case "internal":
          return errors.internal(c);
        case "rate_limit":
          return errors.rateLimited(c, fault.retryAfterSeconds ?? 1);
        case "refused":
          return errors.refused(c, fault.words ?? "Ada Example");
        case "expired":
          return errors.expired?.(c);
        case "html":
          return page(503, "503 Service Temporarily Unavailable");
        case "hang":
          await this.#wait(fault);
          return new Response(null, { status: 504 });
        case "delay":
          await this.#wait(fault);
      }
      await next();
      if (!await this.#notifyObserver(c, "executed")) return replaceAnswer(c, errors.internal(c));
      switch (fault?.kind) {
        case "late":
          return await this.#wait(fault);
        case "lost":
          return replaceAnswer(c, new Response(null, { status: 504 }));
        case "not_json":
          return replaceAnswer(c, page(200, "Please wait while we check your browser"));
        case "truncated": {
          const body = await c.res.bytes();
          const headers = { "content-type": "application/json" };
          return replaceAnswer(c, new Response(body.slice(0, body.length / 2), { headers }));
        }
      }
    };
  }
}
