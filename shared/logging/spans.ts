/**
 * Spans: timed pieces of work. Where OTEL_DENO=true they go to Deno's OpenTelemetry, next to its own of
 * requests and calls; elsewhere, as on the hosted runtime, they become log lines. docs/logs.md has their names.
 */
import {
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { errorText, log } from "../log.ts";
import { type ContextFields, runInContext, workContext } from "./context.ts";
import { LineTrace } from "./line_trace.ts";

const tracer = trace.getTracer("creatorflow");

const probe = createContextKey("probe");

/** Whether the runtime has OpenTelemetry, and it is on. */
const hasTelemetry = context.with(
  ROOT_CONTEXT.setValue(probe, true),
  () => context.active().getValue(probe) === true,
);

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Ends the span with the outcome of `work`. The error's own message may quote anything. */
async function endWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: errorText(error) });
    throw error;
  } finally {
    span.end();
  }
}

function attributesOf(fields: ContextFields): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[`creatorflow.${name}`, value]]
    ),
  );
}

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
  if (!hasTelemetry) {
    const trace = newLineTrace(fields, traceId);
    const own = { ...fields, trace_id: trace.id };
    return await inLineSpan(name, { fields: own, trace, ...(parentId && { parentId }) }, work);
  }
  const parent = traceId ? propagation.extract(ROOT_CONTEXT, { traceparent }) : ROOT_CONTEXT;
  const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(fields) };
  return await tracer.startActiveSpan(name, options, parent, (span) => {
    const own = { ...fields, trace_id: span.spanContext().traceId };
    return runInContext({ fields: own }, () => endWith(span, work));
  });
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
  const span = hasTelemetry ? trace.getActiveSpan() : undefined;
  if (span === undefined) {
    return await inTrace(name, fields, work, request.headers.get("traceparent"));
  }
  span.updateName(name);
  span.setAttributes(attributesOf(fields));
  return await runInContext({ fields: { ...fields, trace_id: span.spanContext().traceId } }, work);
}

/** A span below that of the work at hand. */
export async function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (hasTelemetry) {
    return await tracer.startActiveSpan(
      name,
      { kind: SpanKind.CLIENT },
      (span) => endWith(span, work),
    );
  }
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
  return await inSpan(`${vendor} ${method} ${pathTemplate(path)}`, () => {
    const found = trace.getActiveSpan()?.spanContext();
    if (!hasTelemetry || found === undefined) return work();
    const unsampled = { ...found, traceFlags: TraceFlags.NONE };
    return context.with(trace.setSpanContext(context.active(), unsampled), work);
  });
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
