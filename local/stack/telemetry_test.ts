import assert from "node:assert/strict";
import { telemetryVariables } from "./telemetry.ts";

Deno.test("OTEL_DENO=true switches the functions' OpenTelemetry on, with the variables that belong to it", () => {
  const given = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
    // deno.json sets it for the stack's own process.
    OTEL_SDK_DISABLED: "true",
    // Would export the URLs of TikTok's token calls.
    OTEL_TRACES_SAMPLER: "always_on",
    STRIPE_SECRET_KEY: "sk_test_1",
  };
  assert.deepEqual(telemetryVariables(given), {
    OTEL_SERVICE_NAME: "creatorflow",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
    OTEL_TRACES_SAMPLER: "parentbased_always_on",
  });
  assert.deepEqual(telemetryVariables({ ...given, OTEL_DENO: "false" }), {});
});
