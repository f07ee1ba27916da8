/**
 * Sends a request once. A purchase or a token refresh must not be sent again without our knowledge, and
 * must end when its signal aborts. No one client of Deno does both in all versions, see `fetchSendsOnce`.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { IncomingMessage } from "node:http";

export interface OnceOptions {
  method: string;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
}

/** Statuses whose `Response` cannot have a body. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Whether this runtime's `fetch` sends once. The hosted runtime's does (Deno 2.1), and there `node:http`
 * never settles if the peer closes early or stalls. In later versions `fetch` sends again if the connection
 * closes before a response (denoland/deno issue 35610), and `node:http` is right.
 * @param version `2.9.5`, or `supabase-edge-runtime-1.67.4 (compatible with Deno v2.1.4)`.
 */
export function fetchSendsOnce(version: string): boolean {
  const found = /(?:^|compatible with Deno v)(\d+)\.(\d+)\.\d/.exec(version);
  if (found === null) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major === 2 && minor <= 1;
}

function toResponse(status: number, headers: Headers, body: Blob): Response {
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers });
}

async function sendByFetch(url: string, options: OnceOptions): Promise<Response> {
  const { method, body, signal } = options;
  // Identity: both clients return the bytes that the peer sent.
  const headers = { "accept-encoding": "identity", ...options.headers };
  const init = { method, headers, body: body ?? null, signal, redirect: "manual" } as const;
  const response = await fetch(url, init);
  return toResponse(response.status, response.headers, await response.blob());
}

async function readMessage(message: IncomingMessage): Promise<Response> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of message) chunks.push(new Uint8Array(chunk));
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return toResponse(message.statusCode ?? 0, headers, new Blob(chunks));
}

function sendByNode(url: string, options: OnceOptions): Promise<Response> {
  const { method, headers = {}, body, signal } = options;
  const send = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    // No agent: a new connection, which cannot have been closed in the meantime.
    const request = send(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    request.on("error", reject);
    request.on("response", (message) => readMessage(message).then(resolve, reject));
    request.end(body);
  });
}

/**
 * Returns the response with its whole body; redirects are not followed.
 * @throws {Error} as `fetch` does; the reason of `signal` if it has aborted.
 */
export async function sendOnce(url: string, options: OnceOptions): Promise<Response> {
  const { signal } = options;
  signal.throwIfAborted();
  const send = fetchSendsOnce(Deno.version.deno) ? sendByFetch : sendByNode;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([send(url, options), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
