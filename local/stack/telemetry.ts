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
  return { OTEL_SERVICE_NAME: "creatorflow", ...Object.fromEntries(chosen) };
}
