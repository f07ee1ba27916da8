/** The spans of one trace in this worker, where the runtime has no OpenTelemetry: they become log lines. */
import type { LoggedSpan } from "./fields.ts";

/** Spans of one line; more would not fit. */
const MAX_SPANS = 100;

export interface OpenLineSpan {
  id: string;
  /** @param error Reason, if the work failed; our own words and codes. */
  end(error?: string): void;
}

export interface TraceLine {
  trace_id: string;
  spans: LoggedSpan[];
  spans_left_out?: number;
}

/** 32 hexadecimal digits. Ids of traces and spans are unique, not secret. */
function randomHex(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export class LineTrace {
  readonly id: string;
  readonly #write: (line: TraceLine) => void;
  #startedAt: number | undefined;
  #spans: LoggedSpan[] = [];
  #leftOut = 0;
  #open = 0;

  /** @param id Of the caller's trace; another one without it. */
  constructor(write: (line: TraceLine) => void, id = randomHex()) {
    this.#write = write;
    this.id = id;
  }

  begin(name: string, parentId?: string): OpenLineSpan {
    const id = randomHex().slice(16);
    const begin = performance.now();
    const startedAt = this.#startedAt ??= begin;
    this.#open++;
    return {
      id,
      end: (error) => {
        this.#add({
          name,
          span_id: id,
          ...(parentId && { parent_id: parentId }),
          start_ms: roundMs(begin - startedAt),
          duration_ms: roundMs(performance.now() - begin),
          ...(error && { error }),
        });
        this.#open--;
        // Work may go on after the response: its spans are a further line of the trace.
        if (this.#open === 0) this.#flush();
      },
    };
  }

  #add(span: LoggedSpan): void {
    if (this.#spans.length < MAX_SPANS) this.#spans.push(span);
    else this.#leftOut++;
  }

  #flush(): void {
    const [spans, leftOut] = [this.#spans, this.#leftOut];
    this.#spans = [];
    this.#leftOut = 0;
    // A request that called nothing has its own line already.
    if (spans.length < 2) return;
    const line = {
      trace_id: this.id,
      spans: spans.toSorted((a, b) => a.start_ms - b.start_ms),
    };
    this.#write(leftOut > 0 ? { ...line, spans_left_out: leftOut } : line);
  }
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
