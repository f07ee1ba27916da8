/** Finds the running stack that a command is for. */
import type { SupabaseConfig, TikTokConfig } from "../shared/config.ts";
import { readEnvironment, type StackEnvironment } from "./environment.ts";

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
    throw new Error(`No stack answers at ${env.SUPABASE_URL}. Start it first: deno task start`);
  }
  return env;
}

/** For shared code that a command uses as the backend. */
export function supabaseConfigOf(env: StackEnvironment): SupabaseConfig {
  return {
    url: env.SUPABASE_URL,
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    secretKey: env.SUPABASE_SECRET_KEY,
    secretKeys: [env.SUPABASE_SECRET_KEY],
  };
}

export function tiktokConfigOf(env: StackEnvironment): TikTokConfig {
  return {
    appKey: env.TIKTOK_APP_KEY,
    appSecret: env.TIKTOK_APP_SECRET,
    apiUrl: env.TIKTOK_API_URL,
    authUrl: env.TIKTOK_AUTH_URL,
  };
}
