/** The one object of a front end: the database and Auth through supabase-js, the functions through openapi-fetch. */
import {
  createClient,
  type SupabaseClient,
  type SupabaseClientOptions,
} from "@supabase/supabase-js";
import createFetchClient, { type Client } from "openapi-fetch";
import { functionCaller } from "./call_function.ts";
import type { Database } from "./database.ts";
import type { FunctionPaths } from "./functions.ts";

/** The two halves of the backend. Both use the session of `supabase.auth`. */
export interface CreatorFlow {
  /** Sign-in, tables, live changes. */
  supabase: SupabaseClient<Database>;
  /**
   * The functions, as the signed-in seller: `api.POST("/shipments/rates", { body })`. A call returns either `data` or
   * `error`, whose `code` says what happened. It rejects only if its `signal` is aborted, or a download breaks off. Files
   * need `parseAs: "blob"`.
   */
  api: Client<FunctionPaths>;
}

/** Address and settings of the client. */
export interface CreatorFlowOptions extends ApiOptions {
  /** `sb_publishable_...`; a secret key never belongs in a browser. */
  publishableKey: string;
  /**
   * Settings of `supabase.auth`, such as `storage` where there is no localStorage, and `flowType`.
   * @default {the session survives a reload, and is renewed in the background}
   */
  auth?: NonNullable<SupabaseClientOptions<"public">["auth"]>;
}

/** Address of the functions. */
export interface ApiOptions {
  /** Of the project, e.g. `https://<project>.supabase.co`, or the local stack's address. */
  url: string;
  /** For tests and other runtimes. @default {the runtime's} */
  fetch?: typeof globalThis.fetch;
}

/**
 * Creates the client; it connects with the first call. One for each page: two would renew one session.
 *
 * @example
 * const { supabase, api } = createCreatorFlow({ url, publishableKey });
 */
export function createCreatorFlow(options: CreatorFlowOptions): CreatorFlow {
  const { url, publishableKey, fetch, auth } = options;
  const supabase = createClient<Database>(url, publishableKey, {
    ...(auth && { auth }),
    ...(fetch && { global: { fetch } }),
  });
  return { supabase, api: createApi(supabase, options) };
}

/**
 * The functions, for a supabase-js client that the app has made itself, such as that of one request on a server.
 *
 * @param supabase Whose session the calls use.
 * @example
 * const supabase = createServerClient<Database>(url, publishableKey, { cookies }); // of @supabase/ssr
 * const api = createApi(supabase, { url });
 */
export function createApi(
  supabase: Pick<SupabaseClient<Database>, "auth">,
  options: ApiOptions,
): Client<FunctionPaths> {
  const { url, fetch = globalThis.fetch } = options;
  return createFetchClient<FunctionPaths>({
    baseUrl: `${url.replace(/\/+$/, "")}/functions/v1`,
    fetch: functionCaller(supabase, fetch),
  });
}
