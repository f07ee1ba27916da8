/**
 * Keeps a function's lines within the platform's limit of 100 in 10 s (https://supabase.com/docs/guides/functions/limits):
 * lines beyond it are counted, and one line names the counts. The platform counts the lines of all workers of
 * a function together: a flood costs each worker 23 lines in 10 s.
 */
import type { Level, Message } from "./lines.ts";

/** Lines that may be written at once, and that are added each second. */
interface Allowance {
  burst: number;
  perSecond: number;
}

/** Spans explain single requests: other lines are worth more. */
const ALLOWANCES = {
  ordinary: { burst: 20, perSecond: 1 },
  problem: { burst: 30, perSecond: 1 },
  spans: { burst: 5, perSecond: 0.2 },
} satisfies Record<string, Allowance>;

type Kind = keyof typeof ALLOWANCES;

const KINDS = Object.entries(ALLOWANCES) as [Kind, Allowance][];

/** Time between two lines that name counts. */
const SUMMARY_MS = 10_000;

const LEVELS: readonly Level[] = ["info", "warn", "error"];

export interface LeftOut {
  /** The highest level of the lines. */
  level: Level;
  /** Since the first of them. */
  seconds: number;
  /** Number by message, and code where the line has one. */
  lines: Record<string, number>;
}

/** The allowance of one function in one worker. */
export class LineVolume {
  readonly #tokens: Record<Kind, number>;
  #refilledAt: number;
  #leftOut: LeftOut | undefined;
  #since = 0;

  /** @param now Milliseconds since 1970. */
  constructor(now: number) {
    const bursts = KINDS.map(([kind, { burst }]) => [kind, burst]);
    this.#tokens = Object.fromEntries(bursts);
    this.#refilledAt = now;
  }

  /** Whether the line may be written; otherwise it is counted. */
  admit(level: Level, message: Message, code: string | undefined, now: number): boolean {
    this.#refill(now);
    const kind = message === "spans" ? "spans" : level === "info" ? "ordinary" : "problem";
    if (this.#tokens[kind] >= 1) {
      this.#tokens[kind]--;
      return true;
    }
    if (this.#leftOut === undefined) {
      this.#leftOut = { level, seconds: 0, lines: {} };
      this.#since = now;
    }
    const { lines } = this.#leftOut;
    const key = code === undefined ? message : `${message}: ${code}`;
    lines[key] = (lines[key] ?? 0) + 1;
    const rank = Math.max(LEVELS.indexOf(this.#leftOut.level), LEVELS.indexOf(level));
    this.#leftOut.level = LEVELS[rank] as Level;
    return false;
  }

  /** Whether a summary is due. */
  isDue(now: number): boolean {
    return this.#leftOut !== undefined && now - this.#since >= SUMMARY_MS;
  }

  /** The counts, which begin again. */
  take(now: number): LeftOut | undefined {
    const found = this.#leftOut;
    this.#leftOut = undefined;
    return found && { ...found, seconds: Math.round((now - this.#since) / 1000) };
  }

  #refill(now: number): void {
    const seconds = Math.max(0, now - this.#refilledAt) / 1000;
    this.#refilledAt = now;
    for (const [kind, { burst, perSecond }] of KINDS) {
      this.#tokens[kind] = Math.min(burst, this.#tokens[kind] + seconds * perSecond);
    }
  }
}
