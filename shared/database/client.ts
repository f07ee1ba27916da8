/** The one typed client of the database. No function makes its own. */
import { PostgrestClient } from "@supabase/postgrest-js";
import type { SupabaseConfig } from "../config.ts";
import { fetchSupabase } from "./fetch_supabase.ts";
import type { Database } from "./types.ts";

/** The part of supabase-js that calls the database: a function loads nothing else of it. */
export type DatabaseClient = PostgrestClient<Database>;

function createClient({ url }: SupabaseConfig, headers: Record<string, string>): DatabaseClient {
  return new PostgrestClient<Database>(`${url}/rest/v1`, { headers, fetch: fetchSupabase });
}

/** Acts as the backend (`service_role`): passes RLS, may do what the migrations grant it. */
export function createServiceClient(config: SupabaseConfig): DatabaseClient {
  return createClient(config, { apikey: config.secretKey });
}

/** Acts as the user whose access token is given: sees and does what RLS lets that user. */
export function createUserClient(config: SupabaseConfig, accessToken: string): DatabaseClient {
  const authorization = `Bearer ${accessToken}`;
  return createClient(config, { apikey: config.publishableKey, authorization });
}
