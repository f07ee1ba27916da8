/** Calls, errors and times of each function, as the gateway sees them since the start of the stack. */

type Fetch = (request: Request) => Response | Promise<Response>;

/** Times that the percentiles are made of. */
const KEPT_TIMES = 500;
const MINUTE_MS = 60_000;
const KEPT_MINUTES = 60;

export interface FunctionReport {
  name: string;
  calls: number;
  /** Answers 400 to 499. */
  refused: number;
  /** Answers from 500 on. */
  failed: number;
  median_ms: number;
  p95_ms: number;
  last_called_at: string;
}

export interface MeterReport {
  functions: FunctionReport[];
  /** Calls of all functions by minute, the oldest first; minutes without calls are 0. */
  minutes: { time: string; calls: number; failed: number }[];
}

interface Counter {
  calls: number;
  refused: number;
  failed: number;
  times: number[];
  lastCalledAt: number;
}

function percentile(sorted: number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

export class FunctionMeter {
  readonly #now: () => number;
  readonly #counters = new Map<string, Counter>();
  readonly #minutes = new Map<number, { calls: number; failed: number }>();

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  #count(name: string, status: number, startedAt: number): void {
    const now = this.#now();
    const counter = this.#counters.get(name) ??
      { calls: 0, refused: 0, failed: 0, times: [], lastCalledAt: now };
    this.#counters.set(name, counter);
    const isFailed = status >= 500;
    counter.calls++;
    counter.failed += Number(isFailed);
    counter.refused += Number(status >= 400 && !isFailed);
    counter.lastCalledAt = now;
    counter.times.push(now - startedAt);
    if (counter.times.length > KEPT_TIMES) counter.times.shift();
    const minute = Math.floor(now / MINUTE_MS);
    const calls = this.#minutes.get(minute) ?? { calls: 0, failed: 0 };
    this.#minutes.set(minute, calls);
    calls.calls++;
    calls.failed += Number(isFailed);
    for (const old of this.#minutes.keys()) {
      if (old <= minute - KEPT_MINUTES) this.#minutes.delete(old);
    }
  }

  /** The same handler of functions, counted. */
  observe(fetch: Fetch): Fetch {
    return async (request) => {
      const startedAt = this.#now();
      const name = new URL(request.url).pathname.split("/")[3] ?? "";
      try {
        const response = await fetch(request);
        this.#count(name, response.status, startedAt);
        return response;
      } catch (error) {
        this.#count(name, 500, startedAt);
        throw error;
      }
    };
  }

  report(): MeterReport {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    const functions = [...this.#counters].map(([name, counter]) => {
      const sorted = counter.times.toSorted((a, b) => a - b);
      const { calls, refused, failed, lastCalledAt } = counter;
      return {
        ...{ name, calls, refused, failed },
        median_ms: percentile(sorted, 0.5),
        p95_ms: percentile(sorted, 0.95),
        last_called_at: new Date(lastCalledAt).toISOString(),
      };
    });
    const minutes = Array.from({ length: KEPT_MINUTES }, (_, index) => {
      const time = minute - KEPT_MINUTES + 1 + index;
      const { calls, failed } = this.#minutes.get(time) ?? { calls: 0, failed: 0 };
      return { time: new Date(time * MINUTE_MS).toISOString(), calls, failed };
    });
    return { functions: functions.sort((a, b) => a.name.localeCompare(b.name)), minutes };
  }
}
