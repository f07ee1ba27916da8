/**
 * Sends a request once. `fetch` automatically sends it again when the connection closes before a response
 * (denoland/deno issue 35610), which must not happen to a purchase or a token refresh.
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

async function toResponse(message: IncomingMessage): Promise<Response> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of message) chunks.push(new Uint8Array(chunk));
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return new Response(WITHOUT_BODY.has(status) ? null : new Blob(chunks), { status, headers });
}

/**
 * Returns the response with its whole body; redirects are not followed.
 * @throws {Error} as `fetch` does; the reason of `signal` if it has aborted.
 */
export function sendOnce(url: string, options: OnceOptions): Promise<Response> {
  const { method, headers = {}, body, signal } = options;
  const send = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error);
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    // No agent: a new connection, which cannot have been closed in the meantime.
    const request = send(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    request.on("error", fail);
    request.on("response", (message) => toResponse(message).then(resolve, fail));
    request.end(body);
  });
}
