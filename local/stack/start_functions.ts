/** The functions of a stack, in the function host. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FunctionProcess, startFunctionProcess } from "../functions/process.ts";
import { functionEnvironment, type StackEnvironment } from "./environment.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";
import { telemetryVariables } from "./telemetry.ts";
import type { GivenVariables } from "./variables.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

/** Begins to start the functions; the caller goes on, and awaits `started` when it needs them. */
export function beginFunctions(
  settings: StackSettings,
  env: StackEnvironment,
  given: GivenVariables,
  resources: Resources,
): { started: Promise<FunctionProcess> } {
  const started = startFunctionProcess({
    configPath: settings.configPath ?? CONFIG,
    env: { ...functionEnvironment(env), ...telemetryVariables(given) },
    logFile: join(settings.data, "logs", "functions.log"),
    pidFile: join(settings.data, "function-host.pid"),
    onLine: settings.onFunctionLine,
    ...(settings.loadFunctions && { loading: settings.loadFunctions }),
    ...(settings.onWarning && { onCrash: settings.onWarning }),
  });
  // It may fail long before it is awaited.
  started.catch(() => {});
  resources.defer(() => started.then((functions) => functions.stop(), () => {}));
  return { started };
}
