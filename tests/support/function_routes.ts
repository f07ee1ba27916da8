/** The routes of the functions. */
import { fileURLToPath } from "node:url";
import { HOST_CONFIG } from "./function_config.ts";
import { functionEnvironment, type StackEnvironment } from "../../local/stack/environment.ts";

export interface FunctionRoute {
  function: string;
  method: string;
  /** Begins with the name of the function; may have parameters, e.g. `/shipments/:id`. */
  path: string;
  /** Whether each user may call it so often only. */
  isLimited: boolean;
}

const PERMISSIONS = ["--allow-net", "--allow-env", "--allow-read", "--allow-sys"];

/** Runs a script of this folder with exactly these variables, and returns the JSON that it prints. */
export async function runWithVariables<T>(
  script: string,
  args: string[],
  variables: Record<string, string>,
): Promise<T> {
  const runtime = ["PATH", "HOME", "DENO_DIR"]
    .map((name) => [name, Deno.env.get(name)])
    .filter(([, value]) => value);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...PERMISSIONS, fileURLToPath(new URL(script, import.meta.url)), ...args],
    clearEnv: true,
    env: { NO_COLOR: "1", ...Object.fromEntries(runtime), ...variables },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The same on every stack. */
let listed: Promise<FunctionRoute[]> | undefined;

/** The routes of every function, as the functions themselves declare them. */
export async function listRoutes(env: StackEnvironment): Promise<FunctionRoute[]> {
  return await (listed ??= runWithVariables(
    "list_routes.ts",
    [HOST_CONFIG],
    functionEnvironment(env),
  ));
}
