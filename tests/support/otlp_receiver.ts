/** A receiver of OpenTelemetry's protocol over HTTP, as JSON. */

export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  attributes: Record<string, unknown>;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** Variables that make Deno's OpenTelemetry send its spans here, soon. */
  variables: Record<string, string>;
  spans: ReceivedSpan[];
  /** Everything that was sent, as it came. */
  text(): string;
}

interface OtlpSpan extends Omit<ReceivedSpan, "attributes"> {
  attributes: { key: string; value: Record<string, unknown> }[];
}

function readSpans(text: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans)
    .map((span) => ({
      ...span,
      attributes: Object.fromEntries(
        span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
      ),
    }));
}

export function receiveOtlp(): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  const texts: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const text = await request.text();
      texts.push(text);
      if (new URL(request.url).pathname === "/v1/traces") spans.push(...readSpans(text));
      return Response.json({});
    },
  );
  return {
    variables: {
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
    spans,
    text: () => texts.join("\n"),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
