/** Sends every call to Supabase, to the database's API and to Auth. */
import { workContext } from "../logging/context.ts";
import { traceparent } from "../logging/spans.ts";

/** Shorter than the leases of workers: a call without a response must not occupy a worker forever. */
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

/**
 * A call with a signal of its own ends by that one only, so it has one timer. A redirect would carry the secret
 * key to another host.
 */
export const fetchSupabase: typeof fetch = (input, init = {}) => {
  const signal = init.signal ?? AbortSignal.timeout(TIMEOUT_MS);
  return fetch(input, { ...init, headers: nameCall(init.headers), signal, redirect: "error" });
};
