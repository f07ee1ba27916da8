/** Deno's OpenTelemetry in the functions' process: with OTEL_DENO=true at the start of the stack. */
import type { GivenVariables } from "./variables.ts";

/**
 * Variables of Deno, which reads them itself (https://docs.deno.com/runtime/fundamentals/open_telemetry/). The
 * stack's own process has it off: its URLs hold what a hosted project's gateway never shows.
 */
export function telemetryVariables(given: GivenVariables): Record<string, string> {
  if (!/^(true|1)$/.test(given.OTEL_DENO ?? "")) return {};
  const chosen = Object.entries(given).flatMap(([name, value]) =>
    name.startsWith("OTEL_") && name !== "OTEL_SDK_DISABLED" && value ? [[name, value]] : []
  );
  // Only these leave Deno's spans of vendors' calls out, whose URLs hold secrets: shared/logging/spans.ts.
  const sampler = given.OTEL_TRACES_SAMPLER?.startsWith("parentbased_")
    ? given.OTEL_TRACES_SAMPLER
    : "parentbased_always_on";
  return {
    OTEL_SERVICE_NAME: "creatorflow",
    ...Object.fromEntries(chosen),
    OTEL_TRACES_SAMPLER: sampler,
  };
}
