/** The functions of a stack, in the function host. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FunctionConfig, readFunctionConfig } from "../functions/config.ts";
import { type FunctionProcess, startFunctionProcess } from "../functions/process.ts";
import { functionEnvironment, type StackEnvironment } from "./environment.ts";
import type { Resources } from "./resources.ts";
import type { StackSettings } from "./settings.ts";
import { telemetryVariables } from "./telemetry.ts";
import type { GivenVariables } from "./variables.ts";

const CONFIG = fileURLToPath(new URL("../../supabase/config.toml", import.meta.url));

export interface StartingFunctions {
  config: FunctionConfig[];
  /** Resolves when the functions answer. */
  started: Promise<FunctionProcess>;
}

/** Begins to start the functions; the caller goes on and awaits `started` when it needs them. */
export async function beginFunctions(
  settings: StackSettings,
  env: StackEnvironment,
  given: GivenVariables,
  resources: Resources,
): Promise<StartingFunctions> {
  const configPath = settings.configPath ?? CONFIG;
  const config = await readFunctionConfig(configPath);
  const started = startFunctionProcess({
    configPath,
    env: { ...functionEnvironment(env), ...telemetryVariables(given) },
    logFile: join(settings.data, "logs", "functions.log"),
    pidFile: join(settings.data, "function-host.pid"),
    ...(settings.loadFunctions && { loading: settings.loadFunctions }),
    ...(settings.onWarning && { onCrash: settings.onWarning }),
  });
  // It may fail long before it is awaited.
  started.catch(() => {});
  resources.defer(() => started.then((functions) => functions.stop(), () => {}));
  return { config, started };
}
