/** Makes calls of the Open API go wrong, on request. */
import { refusals } from "./envelope.ts";

export interface Fault {
  /** Calls whose path begins with this. @default {"/"} */
  path?: string;
  /**
   * `internal`: 36009003; `rate_limit`: 36009002 with Retry-After; `expired`: 105002; `html`: a proxy's
   * HTTP 503; `hang`: no answer for `delayMs`, then none; `delay`: the right answer after `delayMs`.
   */
  kind: "internal" | "rate_limit" | "expired" | "html" | "hang" | "delay";
  /** @default {10000} */
  delayMs?: number;
  /** For `rate_limit`. @default {1} */
  retryAfterSeconds?: number;
  /** How many calls it spoils; without it, all until `clear`. */
  count?: number;
  /** Share of the calls that it spoils, 0 to 1. @default {1} */
  probability?: number;
}

export class Faults {
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

  #take(path: string): Fault | undefined {
    const fault = this.#faults.find((candidate) =>
      path.startsWith(candidate.path ?? "/") && this.#random() < (candidate.probability ?? 1)
    );
    if (fault?.count !== undefined && --fault.count <= 0) {
      this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    }
    return fault;
  }

  /** Returns the answer that a fault gives in place of the right one. @throws {TikTokRefusal} */
  async apply(request: Request): Promise<Response | undefined> {
    const fault = this.#take(new URL(request.url).pathname);
    switch (fault?.kind) {
      case undefined:
        return undefined;
      case "internal":
        throw refusals.internal();
      case "rate_limit":
        throw refusals.rateLimited(fault.retryAfterSeconds ?? 1);
      case "expired":
        throw refusals.tokenExpired();
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
        return undefined;
    }
  }
}
