/** Lines about requests and failures, for the terminal of a running stack. */
import type { AnsweredRequest } from "../gateway/observe.ts";
import { clockTime, formatLogLine, parseLogLine } from "./log_lines.ts";

/** The same reading is shown so often in this time; further ones are counted. */
const SAME_READINGS = 3;
const SAME_MS = 10_000;

/** Paths that are read again and again, or that belong to pages. */
const POLLED =
  /^\/(?:functions\/v1\/health|auth\/v1\/health|console\/|mailbox|docs|simulators\/)|^\/[^/]*$/;

const SHOWN = /^\/(?:rest|auth|functions)\/v1\//;

export interface RequestLinesOptions {
  print: (line: string) => void;
  /** @default {the time of now} */
  now?: () => Date;
}

interface Reading {
  since: number;
  shown: number;
  hidden: number;
}

export class RequestLines {
  readonly #print: (line: string) => void;
  readonly #now: () => Date;
  readonly #readings = new Map<string, Reading>();

  constructor({ print, now = () => new Date() }: RequestLinesOptions) {
    this.#print = print;
    this.#now = now;
  }

  #isOfInterest({ method, path, status, isOurs }: AnsweredRequest): boolean {
    if (status >= 500) return true;
    // The request that made the call has the refusal's code; a job's has nothing above it.
    if (isOurs) return status >= 400 && path.startsWith("/functions/");
    if (method === "OPTIONS") return false;
    if (POLLED.test(path) && status < 400) return false;
    return SHOWN.test(path) || status >= 400;
  }

  /** Number of the same readings that were not shown, or undefined if this one is not shown either. */
  #countHidden({ method, path, status }: AnsweredRequest): number | undefined {
    if (method !== "GET" && method !== "HEAD") return 0;
    const key = `${method} ${path} ${status}`;
    const now = this.#now().getTime();
    const known = this.#readings.get(key);
    if (known === undefined || now - known.since >= SAME_MS) {
      // Those of paths that are read no more would stay for ever.
      if (this.#readings.size > 1000) this.#readings.clear();
      this.#readings.set(key, { since: now, shown: 1, hidden: 0 });
      return known?.hidden ?? 0;
    }
    if (known.shown < SAME_READINGS) {
      known.shown++;
      return 0;
    }
    known.hidden++;
    return undefined;
  }

  /** A request that was answered. */
  showRequest(request: AnsweredRequest): void {
    if (!this.#isOfInterest(request)) return;
    const hidden = this.#countHidden(request);
    if (hidden === undefined) return;
    const { method, path, status, ms, requestId, code, webhook } = request;
    const about = [
      webhook?.type,
      webhook?.orderId && `order ${webhook.orderId}`,
      webhook?.shopId && `shop ${webhook.shopId}`,
      code,
      hidden > 0 && `${hidden} more like this were not shown`,
    ].filter(Boolean).join(", ");
    this.#print(
      [
        clockTime(this.#now()),
        String(status),
        `${String(Math.round(ms)).padStart(5)} ms`,
        `${method} ${path}`,
        about,
        requestId,
      ].filter(Boolean).join("  "),
    );
  }

  /** A line of the functions' log: failures outside of a request are shown. */
  showLogLine(text: string): void {
    const line = parseLogLine(text);
    if (line === undefined || line.message === "request failed") return;
    if (line.level === "warn" || line.level === "error") this.#print(formatLogLine(line));
  }
}
