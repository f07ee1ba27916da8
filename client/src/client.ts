/** The one object of a front end: the database and Auth through supabase-js, the functions through openapi-fetch. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import createApi, { type Client } from "openapi-fetch";
import type { Database } from "./database.ts";
import type { paths } from "./generated/api.ts";

export interface CreatorFlow {
  /** Sign-in, tables, live changes. */
  supabase: SupabaseClient<Database>;
  /** The functions, as the signed-in seller: `api.POST("/shipments/rates", { body })`. */
  api: Client<paths>;
}

export interface CreatorFlowOptions {
  /** e.g. `https://<project>.supabase.co`, or the local stack. */
  url: string;
  /** `sb_publishable_...`; a secret key never belongs into a browser. */
  publishableKey: string;
  /** For tests and other runtimes. @default {the runtime's} */
  fetch?: typeof globalThis.fetch;
  /** Whether the session survives a reload. @default {true} */
  persistSession?: boolean;
}

export function createCreatorFlow(
  { url, publishableKey, fetch, persistSession = true }: CreatorFlowOptions,
): CreatorFlow {
  const supabase = createClient<Database>(url, publishableKey, {
    auth: { persistSession, autoRefreshToken: persistSession },
    ...(fetch && { global: { fetch } }),
  });
  const api = createApi<paths>({ baseUrl: `${url}/functions/v1`, ...(fetch && { fetch }) });
  api.use({
    async onRequest({ request }) {
      // Renewed by supabase-js when it has expired.
      const { data } = await supabase.auth.getSession();
      if (data.session) request.headers.set("authorization", `Bearer ${data.session.access_token}`);
      return request;
    },
  });
  return { supabase, api };
}
