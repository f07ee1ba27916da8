/**
 * Spans: timed pieces of work. Where OTEL_DENO=true they go to Deno's OpenTelemetry, next to its own of
 * requests and calls; elsewhere, as on the hosted runtime, they become log lines. docs/logs.md has their names.
 */
import { isTelemetryOn } from "../config.ts";
import { errorText, log } from "../log.ts";
import { type ContextFields, runInContext, workContext } from "./context.ts";
import { LineTrace } from "./line_trace.ts";

/** Loading the package takes a quarter of a receiver's start. */
const telemetry = isTelemetryOn() ? await loadTelemetry() : undefined;

async function loadTelemetry() {
  const loaded = await import("./telemetry.ts");
  return loaded.hasTelemetry ? loaded : undefined;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

async function inLineSpan<T>(
  name: string,
  { fields, trace, parentId }: { fields: ContextFields; trace: LineTrace; parentId?: string },
  work: () => Promise<T>,
): Promise<T> {
  const span = trace.begin(name, parentId);
  try {
    const result = await runInContext({ fields, span: { trace, id: span.id } }, work);
    span.end();
    return result;
  } catch (error) {
    span.end(errorText(error));
    throw error;
  }
}

function newLineTrace(fields: ContextFields, traceId?: string): LineTrace {
  // The line is written where another work ends too: it has the fields of its own.
  return new LineTrace(
    (line) => runInContext({ fields }, () => log.info("spans", line)),
    traceId,
  );
}

/**
 * The first span of a piece of work of its own, such as an event.
 * @param fields What its lines and calls belong to.
 * @param traceparent The span that caused it, as W3C's header; without it a trace begins.
 */
export async function inTrace<T>(
  name: string,
  fields: ContextFields,
  work: () => Promise<T>,
  traceparent?: string | null,
): Promise<T> {
  const [, traceId, parentId] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (telemetry) {
    const parent = traceId === undefined ? undefined : traceparent as string;
    return await telemetry.inTelemetryTrace(name, fields, work, parent);
  }
  const trace = newLineTrace(fields, traceId);
  const own = { ...fields, trace_id: trace.id };
  return await inLineSpan(name, { fields: own, trace, ...(parentId && { parentId }) }, work);
}

/**
 * As `inTrace`, for a request: Deno's own span of it, where it has one.
 * @param route The path as the function declares it: callers put anything into paths and queries.
 */
export async function inRequestTrace<T>(
  request: Request,
  route: string,
  fields: ContextFields,
  work: () => Promise<T>,
): Promise<T> {
  const name = `${request.method} ${route}`;
  const trace_id = telemetry?.nameRequestSpan(name, fields);
  if (trace_id === undefined) {
    return await inTrace(name, fields, work, request.headers.get("traceparent"));
  }
  return await runInContext({ fields: { ...fields, trace_id } }, work);
}

/** A span below that of the work at hand. */
export async function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (telemetry) return await telemetry.inTelemetrySpan(name, work);
  const { fields, span } = workContext();
  if (span === undefined) return await work();
  return await inLineSpan(name, { fields, trace: span.trace, parentId: span.id }, work);
}

/**
 * A span of a vendor's call, in place of Deno's own: that would have the whole URL, and TikTok takes secrets
 * in the query.
 * @param vendor e.g. `TikTok`.
 */
export async function inVendorSpan<T>(
  vendor: string,
  { method, path }: { method: string; path: string },
  work: () => Promise<T>,
): Promise<T> {
  return await inSpan(
    `${vendor} ${method} ${pathTemplate(path)}`,
    telemetry ? () => telemetry.withoutOwnSpans(work) : work,
  );
}

/** W3C's header for a call of ours; `undefined` where Deno adds it itself, and outside of any work. */
export function traceparent(): string | undefined {
  const { span } = workContext();
  return span && `00-${span.trace.id}-${span.id}-01`;
}

/** Names of a path are small letters; versions are `v1` and `202309`. */
const NAME_OR_VERSION = /^(?:[a-z]+(?:[_-][a-z]+)*|v\d+|20\d{4}|)$/;

/** Ids in a path are many, and Stripe's are personal: one without a digit is one too. */
export function pathTemplate(path: string): string {
  return path.split("/").map((part) => NAME_OR_VERSION.test(part) ? part : ":id").join("/");
}
