/** Spans in Deno's OpenTelemetry. Only spans.ts loads it, where OTEL_DENO=true. */
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
import { errorText } from "../log.ts";
import { type ContextFields, runInContext } from "./context.ts";

const tracer = trace.getTracer("creatorflow");

const probe = createContextKey("probe");

/** Whether the runtime has OpenTelemetry, and it is on. */
export const hasTelemetry: boolean = context.with(
  ROOT_CONTEXT.setValue(probe, true),
  () => context.active().getValue(probe) === true,
);

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

/** The first span of a piece of work of its own. @param traceparent The span that caused it. */
export async function inTelemetryTrace<T>(
  name: string,
  fields: ContextFields,
  work: () => Promise<T>,
  traceparent: string | undefined,
): Promise<T> {
  const parent = traceparent ? propagation.extract(ROOT_CONTEXT, { traceparent }) : ROOT_CONTEXT;
  const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(fields) };
  return await tracer.startActiveSpan(name, options, parent, (span) => {
    const own = { ...fields, trace_id: span.spanContext().traceId };
    return runInContext({ fields: own }, () => endWith(span, work));
  });
}

/** Gives Deno's own span of a request a name. Returns the id of its trace; `undefined` without a span. */
export function nameRequestSpan(name: string, fields: ContextFields): string | undefined {
  const span = trace.getActiveSpan();
  span?.updateName(name);
  span?.setAttributes(attributesOf(fields));
  return span?.spanContext().traceId;
}

/** A span below that of the work at hand. */
export async function inTelemetrySpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  const options = { kind: SpanKind.CLIENT };
  return await tracer.startActiveSpan(name, options, (span) => endWith(span, work));
}

/** Runs work of which Deno makes no spans itself. */
export function withoutOwnSpans<T>(work: () => Promise<T>): Promise<T> {
  const found = trace.getActiveSpan()?.spanContext();
  if (found === undefined) return work();
  const unsampled = { ...found, traceFlags: TraceFlags.NONE };
  return context.with(trace.setSpanContext(context.active(), unsampled), work);
}
