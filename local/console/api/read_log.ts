/** The log of the functions, as it grows. */

/** Bytes of one answer: a reader who has not come for long gets the end. */
const MAX_BYTES = 128 * 1024;

export interface LogLine {
  /** Fields of the line, where it has them. */
  time: string | null;
  level: string | null;
  text: string;
}

export interface LogPart {
  lines: LogLine[];
  /** Where the next reading begins. */
  next: number;
  /** Whether older lines were left out. */
  isCut: boolean;
}

interface Span {
  name: string;
  duration_ms: number;
}

/** `POST /event-worker 211 ms, SQL claim_events 65 ms`: ids and starts are for programs. */
function describeSpans(spans: Span[]): string {
  return spans.map(({ name, duration_ms }) => `${name} ${Math.round(duration_ms)} ms`).join(", ");
}

function describeValue(name: string, value: unknown): string {
  if (name === "spans" && Array.isArray(value)) return describeSpans(value);
  return `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
}

function parseLine(line: string): LogLine {
  try {
    const { time = null, timestamp = null, level = null, message, msg, ...rest } = JSON.parse(line);
    const fields = Object.entries(rest).map(([name, value]) => describeValue(name, value));
    return { time: time ?? timestamp, level, text: [message ?? msg ?? "", ...fields].join(" ") };
  } catch {
    return { time: null, level: null, text: line };
  }
}

/** Whole lines after `after`; a line that is still being written waits for the next reading. */
export async function readLog(path: string, after: number): Promise<LogPart> {
  using file = await Deno.open(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  });
  if (file === undefined) return { lines: [], next: 0, isCut: false };
  const { size } = await file.stat();
  // A reset has begun a new file.
  const wanted = after > size ? 0 : after;
  const start = Math.max(wanted, size - MAX_BYTES);
  await file.seek(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size - start);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  const end = bytes.lastIndexOf(10, length - 1) + 1;
  const isCut = start > wanted;
  const first = isCut ? bytes.indexOf(10) + 1 : 0;
  const text = new TextDecoder().decode(bytes.subarray(Math.min(first, end), end));
  const lines = text.split("\n").filter((line) => line !== "").map(parseLine);
  return { lines, next: start + end, isCut };
}
