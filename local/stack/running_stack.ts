/** Finds the running stack that a command is for. */
import { type Environment, readSupabaseConfig, type SupabaseConfig } from "../../shared/config.ts";
import { taskLine } from "../cli/data_folder.ts";
import { functionEnvironment, readEnvironment, type StackEnvironment } from "./environment.ts";

/** The environment of the stack in `data` (absolute). @throws {Error} that says how to start it. */
export async function findRunningStack(data: string): Promise<StackEnvironment> {
  const env = await readEnvironment(data);
  try {
    const response = await fetch(`${env.SUPABASE_URL}/auth/v1/health`, {
      headers: { apikey: env.SUPABASE_PUBLISHABLE_KEY },
      signal: AbortSignal.timeout(3000),
    });
    await response.body?.cancel();
  } catch {
    throw new Error(
      `No stack answers at ${env.SUPABASE_URL}. Start it first: ${taskLine("start", data)}`,
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
