/** The one object of a front end: the database and Auth through supabase-js, the functions through openapi-fetch. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import createApi, { type Client } from "openapi-fetch";
import { functionCaller } from "./call_function.ts";
import type { Database } from "./database.ts";
import type { FunctionPaths } from "./problems.ts";

/** The two halves of the backend. Both use the session of `supabase.auth`. */
export interface CreatorFlow {
  /** Sign-in, tables, live changes. */
  supabase: SupabaseClient<Database>;
  /**
   * The functions, as the signed-in seller: `api.POST("/shipments/rates", { body })`. A call returns either `data` or
   * `error`, whose `code` says what happened. It rejects only if its `signal` is aborted.
   */
  api: Client<FunctionPaths>;
}

/** Where the backend is, and how the client keeps its session. */
export interface CreatorFlowOptions {
  /** e.g. `https://<project>.supabase.co`, or the local stack's address. */
  url: string;
  /** `sb_publishable_...`; a secret key never belongs in a browser. */
  publishableKey: string;
  /** For tests and other runtimes. @default {the runtime's} */
  fetch?: typeof globalThis.fetch;
  /**
   * Whether the session survives a reload, and is renewed in the background. `false` suits a program that runs for
   * less than the hour that a session is valid: each call renews it, an open channel does not. @default {true}
   */
  persistSession?: boolean;
}

/**
 * Creates the client; it connects with the first call. One for each page: two would renew one session.
 *
 * @example
 * const { supabase, api } = createCreatorFlow({ url, publishableKey });
 */
export function createCreatorFlow(options: CreatorFlowOptions): CreatorFlow {
  const { url, publishableKey, fetch, persistSession = true } = options;
  const supabase = createClient<Database>(url, publishableKey, {
    auth: { persistSession, autoRefreshToken: persistSession },
    ...(fetch && { global: { fetch } }),
  });
  const api = createApi<FunctionPaths>({
    baseUrl: `${url.replace(/\/+$/, "")}/functions/v1`,
    fetch: functionCaller(supabase, fetch ?? globalThis.fetch),
  });
  return { supabase, api };
}
