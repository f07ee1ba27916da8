/** Makes calls of the Open API and of the auth host go wrong, on request. */
import type { Context, Env, MiddlewareHandler } from "hono";

export interface Fault {
  /** Calls whose path begins with this. @default {"/"} */
  path?: string;
  /**
   * `internal`: 36009003, of the auth host a plain HTTP 500; `rate_limit`: 36009002 with Retry-After;
   * `expired`: 105002, which the auth host does not know; `html`: a proxy's HTTP 503; `hang`: no answer
   * for `delayMs`, then none; `delay`: waits `delayMs`, then works the call; `late`: works the call, and
   * keeps its answer back for `delayMs`; `lost`: works the call, and answers HTTP 504.
   */
  kind: "internal" | "rate_limit" | "expired" | "html" | "hang" | "delay" | "late" | "lost";
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

export class Faults {
  /** How many calls there were. */
  seen = 0;
  /** How many of them were spoiled, by kind. */
  readonly spoiled = new Map<Fault["kind"], number>();
  #faults: Fault[] = [];
  readonly #waiting = new Map<ReturnType<typeof setTimeout>, () => void>();
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
    for (const [timer, resolve] of this.#waiting) {
      clearTimeout(timer);
      resolve();
    }
    this.#waiting.clear();
  }

  #wait(ms = 10_000): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(timer);
        resolve();
      }, ms);
      this.#waiting.set(timer, resolve);
    });
  }

  #take(path: string, skipped: Fault["kind"][]): Fault | undefined {
    const fault = this.#faults.find((candidate) =>
      !skipped.includes(candidate.kind) && path.startsWith(candidate.path ?? "/") &&
      this.#random() < (candidate.probability ?? 1)
    );
    if (fault?.count !== undefined && --fault.count <= 0) {
      this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    }
    this.seen++;
    if (fault) this.spoiled.set(fault.kind, (this.spoiled.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  /** Stands before the routes of a host. */
  middleware<E extends Env>(errors: HostErrors<E>): MiddlewareHandler<E> {
    return async (c, next) => {
      const fault = this.#take(c.req.path, errors.expired ? [] : ["expired"]);
      switch (fault?.kind) {
        case undefined:
          return await next();
        case "internal":
          return errors.internal(c);
        case "rate_limit":
          return errors.rateLimited(c, fault.retryAfterSeconds ?? 1);
        case "expired":
          return errors.expired?.(c);
        case "html":
          return new Response("<html><h1>503 Service Temporarily Unavailable</h1></html>", {
            status: 503,
            headers: { "content-type": "text/html" },
          });
        case "hang":
          await this.#wait(fault.delayMs);
          return new Response(null, { status: 504 });
        case "delay":
          await this.#wait(fault.delayMs);
          return await next();
        case "late":
          await next();
          return await this.#wait(fault.delayMs);
        case "lost":
          await next();
          c.res = new Response(null, { status: 504 });
          return;
      }
    };
  }
}
