/** The client of Supabase Auth, which verifies the access tokens of callers. */
import { GoTrueClient } from "@supabase/auth-js";
import type { SupabaseConfig } from "../config.ts";
import { fetchSupabase } from "../database/fetch_supabase.ts";

export type AuthClient = Pick<GoTrueClient, "getClaims">;

/** Keeps the project's public keys; it has no session of its own. */
export function createAuthClient({ url, secretKey }: SupabaseConfig): AuthClient {
  return new GoTrueClient({
    url: `${url}/auth/v1`,
    headers: { apikey: secretKey },
    fetch: fetchSupabase,
    persistSession: false,
    autoRefreshToken: false,
    detectSessionInUrl: false,
  });
}
