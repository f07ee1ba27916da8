/** The one typed client of the database. No function makes its own. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { SupabaseConfig } from "../config.ts";
import { workContext } from "../logging/context.ts";
import { traceparent } from "../logging/spans.ts";
import type { Database } from "./types.ts";

export type DatabaseClient = SupabaseClient<Database>;

/**
 * Shorter than the leases of workers: a call without a response must not occupy a worker forever. A signal
 * of the call can shorten it.
 */
const TIMEOUT_MS = 30_000;

/** SQL reads both from `request.headers`: an event that is stored keeps them. */
function nameCall(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  const { request_id } = workContext().fields;
  if (request_id != null) headers.set("x-request-id", request_id);
  const parent = traceparent();
  if (parent !== undefined) headers.set("traceparent", parent);
  return headers;
}

/** A redirect would carry the secret key to another host. */
const fetchInTime: typeof fetch = (input, init = {}) => {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, headers: nameCall(init.headers), signal, redirect: "error" });
};

/** Acts as the backend (`service_role`): passes RLS, may do what the migrations grant it. */
export function createServiceClient(config: SupabaseConfig): DatabaseClient {
  return createClient<Database>(config.url, config.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: fetchInTime },
  });
}

/** Acts as the user whose access token is given: sees and does what RLS lets that user. */
export function createUserClient(config: SupabaseConfig, accessToken: string): DatabaseClient {
  return createClient<Database>(config.url, config.publishableKey, {
    accessToken: () => Promise.resolve(accessToken),
    global: { fetch: fetchInTime },
  });
}
