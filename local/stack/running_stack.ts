/** Finds the running stack that a command is for. */
import { join } from "node:path";
import { type Environment, readSupabaseConfig, type SupabaseConfig } from "../../shared/config.ts";
import { shownPath, taskLine } from "../cli/data_folder.ts";
import { functionEnvironment, readEnvironment, type StackEnvironment } from "./environment.ts";

/** HTTP status of the stack's Auth; 401 if it has other keys. @throws {Error} if nothing answers. */
async function readStatus(env: StackEnvironment): Promise<number> {
  const response = await fetch(`${env.SUPABASE_URL}/auth/v1/health`, {
    headers: { apikey: env.SUPABASE_PUBLISHABLE_KEY },
    signal: AbortSignal.timeout(3000),
  });
  await response.body?.cancel();
  return response.status;
}

/** The environment of the stack in `data` (absolute). @throws {Error} that says how to start it. */
export async function findRunningStack(data: string): Promise<StackEnvironment> {
  const env = await readEnvironment(data);
  const start = taskLine("start", data);
  const status = await readStatus(env).catch(() => undefined);
  if (status === undefined) {
    throw new Error(`No stack answers at ${env.SUPABASE_URL}. Start it first: ${start}`);
  }
  if (status === 401) {
    throw new Error(
      `Another stack answers at ${env.SUPABASE_URL}: its keys are not those in ${
        shownPath(join(data, "env"))
      }. Run the command in the folder of that stack, or with its --data DIR. ` +
        `To start this one next to it: ${start} --port 0 --db-port 0`,
    );
  }
  return env;
}

/** The environment of a stack's functions, for shared code that runs outside of them. */
export function environmentOf(env: StackEnvironment): Environment {
  const variables = functionEnvironment(env);
  return (name) => variables[name];
}

/** Configuration of a database client. */
export function supabaseConfigOf(env: StackEnvironment): SupabaseConfig {
  return readSupabaseConfig(environmentOf(env));
}
