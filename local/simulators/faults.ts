/** Makes calls of a simulated host go wrong, on request, and tells who wants to know how far they are. */
import type { Context, Env, MiddlewareHandler } from "hono";
import { Waits } from "./waits.ts";

export interface Fault {
  /** Only calls of this HTTP method. */
  method?: string;
  /** Calls whose path begins with this, or matches it. @default {"/"} */
  path?: string | RegExp;
  /**
   * `internal`, `rate_limit`, `expired`: the host's own errors, see its `HostErrors`; a host that does not
   * know `expired` passes it over. `html`: a proxy's HTTP 503; `hang`: no answer for `delayMs`, then none;
   * `delay`: waits `delayMs`, then works the call. The others work the call: `late` keeps its answer back
   * for `delayMs`; `lost` answers HTTP 504; `not_json` answers HTTP 200 with a page; `truncated` answers
   * HTTP 200 with the first half of the body.
   */
  kind:
    | "internal"
    | "rate_limit"
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
  /** How many calls it spoils; without it, all until `clear`. */
  count?: number;
  /** Share of the calls that it spoils, 0 to 1. @default {1} */
  probability?: number;
}

/** How a host says that something went wrong. */
export interface HostErrors<E extends Env> {
  internal: (c: Context<E>) => Response;
  rateLimited: (c: Context<E>, retryAfterSeconds: number) => Response;
  /** Left out by a host that takes no access tokens. */
  expired?: (c: Context<E>) => Response;
}

/** `arrived`: nothing was done yet. `worked`: all is done, and the caller has not heard of it. */
export interface ObservedCall {
  method: string;
  path: string;
  phase: "arrived" | "worked";
}

const DEFAULT_DELAY_MS = 10_000;

function page(status: number, text: string): Response {
  const headers = { "content-type": "text/html" };
  return new Response(`<html><h1>${text}</h1></html>`, { status, headers });
}

/** Drops an answer with its headers: Hono keeps those of an answer that is only replaced. */
function answerInstead<E extends Env>(c: Context<E>, response: Response): void {
  c.res = undefined;
  c.res = response;
}

function isMeant({ method, path = "/" }: Fault, call: { method: string; path: string }): boolean {
  if (method !== undefined && method !== call.method) return false;
  return typeof path === "string" ? call.path.startsWith(path) : call.path.search(path) >= 0;
}

export class Faults {
  /** How many calls there were. */
  seen = 0;
  /** How many of them were spoiled, by kind. */
  readonly spoiled = new Map<Fault["kind"], number>();
  /** Awaited twice in every call that is worked; a call for which it throws is answered as `internal`. */
  observe?: (call: ObservedCall) => void | Promise<void>;
  #faults: Fault[] = [];
  readonly #waits = new Waits();
  readonly #random: () => number;

  /** @param random 0 to 1; seeded by those who want the same run again. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  add(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  clear(): void {
    this.#faults = [];
  }

  /** Lets every call go on that a fault keeps waiting. */
  close(): void {
    this.#waits.close();
  }

  #take(call: { method: string; path: string }, skipped: Fault["kind"][]): Fault | undefined {
    const fault = this.#faults.find((candidate) =>
      !skipped.includes(candidate.kind) && isMeant(candidate, call) &&
      this.#random() < (candidate.probability ?? 1)
    );
    if (fault?.count !== undefined && --fault.count <= 0) {
      this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    }
    this.seen++;
    if (fault) this.spoiled.set(fault.kind, (this.spoiled.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  /** Whether the observer is content. */
  async #tell(c: Context, phase: ObservedCall["phase"]): Promise<boolean> {
    try {
      await this.observe?.({ method: c.req.method, path: c.req.path, phase });
      return true;
    } catch {
      return false;
    }
  }

  /** Stands before the routes of a host. */
  middleware<E extends Env>(errors: HostErrors<E>): MiddlewareHandler<E> {
    return async (c, next) => {
      if (!await this.#tell(c, "arrived")) return errors.internal(c);
      const fault = this.#take(c.req, errors.expired ? [] : ["expired"]);
      switch (fault?.kind) {
        case "internal":
          return errors.internal(c);
        case "rate_limit":
          return errors.rateLimited(c, fault.retryAfterSeconds ?? 1);
        case "expired":
          return errors.expired?.(c);
        case "html":
          return page(503, "503 Service Temporarily Unavailable");
        case "hang":
          await this.#waits.wait(fault.delayMs ?? DEFAULT_DELAY_MS);
          return new Response(null, { status: 504 });
        case "delay":
          await this.#waits.wait(fault.delayMs ?? DEFAULT_DELAY_MS);
      }
      await next();
      if (!await this.#tell(c, "worked")) return answerInstead(c, errors.internal(c));
      switch (fault?.kind) {
        case "late":
          return await this.#waits.wait(fault.delayMs ?? DEFAULT_DELAY_MS);
        case "lost":
          return answerInstead(c, new Response(null, { status: 504 }));
        case "not_json":
          return answerInstead(c, page(200, "Please wait while we check your browser"));
        case "truncated": {
          const body = await c.res.bytes();
          const headers = { "content-type": "application/json" };
          return answerInstead(c, new Response(body.slice(0, body.length / 2), { headers }));
        }
      }
    };
  }
}
