import assert from "node:assert/strict";
import { telemetryVariables } from "./telemetry.ts";

Deno.test("OTEL_DENO=true switches the functions' OpenTelemetry on, with the variables that belong to it", () => {
  const given = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
    // Of the stack's own process, in deno.json.
    OTEL_SDK_DISABLED: "true",
    STRIPE_SECRET_KEY: "sk_test_1",
  };
  assert.deepEqual(telemetryVariables(given), {
    OTEL_SERVICE_NAME: "creatorflow",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
  });
  assert.deepEqual(telemetryVariables({ ...given, OTEL_DENO: "false" }), {});
});
