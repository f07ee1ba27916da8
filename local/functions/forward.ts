/** Passes requests on to the function host. */

/**
 * Takes the query to the host: Deno's span of a request has its whole URL, and TikTok's redirect has its code
 * in the query.
 */
const QUERY = "x-creatorflow-query";

/** The header with the id that the platform's gateway gives each request: the function and the caller see it. */
export const REQUEST_ID = "sb-request-id";

const PREFIX = /^\/functions\/v1/;

/** Shorter bodies are read whole: passing a stream on takes longer than the function. */
const WHOLE_BYTES = 65_536;

/** Answer while no host runs. */
export function unavailable(): Response {
  const answer = { code: "starting", message: "The functions are starting. Try again soon." };
  return Response.json(answer, { status: 503, headers: { "retry-after": "1" } });
}

/** Answer where the host ended before it answered. */
function hostEnded(): Response {
  const message = "The functions ended during this request. It may have taken effect or not.";
  return Response.json({ code: "worker_ended", message }, { status: 502 });
}

async function bodyOf(request: Request): Promise<BodyInit | null> {
  const length = request.headers.get("content-length");
  if (request.body === null || length === null || Number(length) > WHOLE_BYTES) return request.body;
  return await request.bytes();
}

/** Functions see their paths without the gateway's prefix, as on the platform. */
export async function forward(request: Request, port: number): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const url = `http://127.0.0.1:${port}${pathname.replace(PREFIX, "")}`;
  const id = crypto.randomUUID();
  const headers = new Headers(request.headers);
  headers.set(REQUEST_ID, id);
  headers.delete(QUERY);
  if (search !== "") headers.set(QUERY, search);
  try {
    // Not `new Request(url, request)`: it would take over a signal that ends with the response.
    const body = await bodyOf(request);
    const answer = await fetch(url, { method: request.method, headers, body, redirect: "manual" });
    const named = new Response(answer.body, answer);
    named.headers.set(REQUEST_ID, id);
    return named;
  } catch {
    return hostEnded();
  }
}

/** The request as it was before `forward`. */
export function readForwarded(request: Request): Request {
  const search = request.headers.get(QUERY);
  if (search === null) return request;
  const { url, method, body } = request;
  const headers = new Headers(request.headers);
  headers.delete(QUERY);
  return new Request(url + search, { method, headers, body });
}
