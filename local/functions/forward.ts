/** Passes requests on to the function host. */

/**
 * Takes the query to the host: Deno's span of a request has its whole URL, and TikTok's redirect has its code
 * in the query.
 */
const QUERY = "x-creatorflow-query";

const PREFIX = /^\/functions\/v1/;

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

/** Functions see their paths without the gateway's prefix, as on the platform. */
export async function forward(request: Request, port: number): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const url = `http://127.0.0.1:${port}${pathname.replace(PREFIX, "")}`;
  const headers = new Headers(request.headers);
  headers.set(QUERY, search);
  try {
    // Not `new Request(url, request)`: it would take over a signal that ends with the response.
    return await fetch(url, {
      method: request.method,
      headers,
      body: request.body,
      redirect: "manual",
    });
  } catch {
    return hostEnded();
  }
}

/** The request as it was before `forward`. */
export function readForwarded({ url, method, headers, body }: Request): Request {
  const original = new Headers(headers);
  original.delete(QUERY);
  return new Request(url + (headers.get(QUERY) ?? ""), { method, headers: original, body });
}
