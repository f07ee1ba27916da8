/** The one typed client of the database. No function makes its own. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { SupabaseConfig } from "../config.ts";
import type { Database } from "./types.ts";

export type DatabaseClient = SupabaseClient<Database>;

/** Acts as the backend (`service_role`): passes RLS, may do what the migrations grant it. */
export function createServiceClient(config: SupabaseConfig): DatabaseClient {
  return createClient<Database>(config.url, config.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** Acts as the user whose access token is given: sees and does what RLS lets that user. */
export function createUserClient(config: SupabaseConfig, accessToken: string): DatabaseClient {
  return createClient<Database>(config.url, config.publishableKey, {
    accessToken: () => Promise.resolve(accessToken),
  });
}
