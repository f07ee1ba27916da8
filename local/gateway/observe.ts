/** What a person at the terminal sees of a request: no query, no body, and no text of others. */
import { parseTikTokWebhook } from "../../shared/tiktok/webhooks/parse_webhook.ts";
import type { Fetch } from "./gateway.ts";

/** Sees the answer of a function; the result goes to the caller. */
export type FunctionObserver = (request: Request, answer: Response) => Promise<Response>;

export interface AnsweredRequest {
  method: string;
  /** Without its query; a part that may be a key or an address is `…`. */
  path: string;
  status: number;
  ms: number;
  /** As in the log lines; requests of other paths than REST, Auth and functions have none. */
  requestId: string | undefined;
  /** Code of a refusal. */
  code: string | undefined;
  /** Type and ids of a webhook that was accepted. */
  webhook: WebhookFacts | undefined;
  /** Whether a function, or a scheduled job, has sent it. */
  isOurs: boolean;
}

export interface WebhookFacts {
  type: string;
  orderId?: string;
  shopId?: string;
}

/** Applies an observer to the functions. */
export function observeFunctions(functions: Fetch, observer: FunctionObserver | undefined): Fetch {
  if (observer === undefined) return functions;
  return async (request) => await observer(request, await functions(request));
}

/** A word, a version, a number or a UUID: never a key, a token or an address. */
const PLAIN_PART =
  /^(?:[a-z]{1,30}(?:[_-][a-z]{1,30}){0,5}(?:\.[a-z]{2,4})?|v\d|\d{1,20}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** @param pathname Of a URL. */
export function shownPathOf(pathname: string): string {
  const parts = pathname.split("/").slice(0, 10);
  return parts.map((part) => part === "" || PLAIN_PART.test(part) ? part : "…").join("/");
}

const CODE = /^\w{1,60}$/;

/** The code in an error of a function, REST, Auth or the gateway. */
async function readCode(response: Response): Promise<string | undefined> {
  if (response.status < 400 || !/json/.test(response.headers.get("content-type") ?? "")) return;
  try {
    const { code, error_code } = await response.clone().json();
    const found = String(error_code ?? code ?? "");
    return CODE.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

const TYPE = /^[\w.]{1,80}$/;
/** Stripe's ids and tracking numbers are personal: only TikTok's ids are shown, as in the log lines. */
const READERS: Record<string, (text: string) => WebhookFacts> = {
  "tiktok-webhooks": (text) => {
    const { topic, orderId, shopId } = parseTikTokWebhook(text);
    return { type: topic, ...(orderId && { orderId }), ...(shopId && { shopId }) };
  },
  "stripe-webhooks": (text) => ({ type: (JSON.parse(text) as { type: string }).type }),
  "carrier-webhooks": (text) => ({
    type: (JSON.parse(text) as { description: string }).description,
  }),
};

function describeWebhook(name: string, text: string): WebhookFacts | undefined {
  try {
    const facts = READERS[name]?.(text);
    return facts && TYPE.test(facts.type) ? facts : undefined;
  } catch {
    return undefined;
  }
}

/** Functions name their request and span in each call of REST and Auth (shared/database/client.ts). */
function isOurs({ url, headers }: Request): boolean {
  const agent = headers.get("user-agent") ?? "";
  if (/^pg_net\//.test(agent)) return true;
  const { pathname } = new URL(url);
  if (pathname === "/functions/v1/event-worker/wake") return true;
  if (!/^\/(?:rest|auth)\/v1\//.test(pathname)) return false;
  return headers.has("x-request-id") || headers.has("traceparent") ||
    (/^Deno\//.test(agent) && /^sb_secret_/.test(headers.get("apikey") ?? ""));
}

interface Copied {
  request: Request;
  /** What the function read. */
  text: Promise<string>;
}

/** The body can be read once: the function gets one branch of it. */
function copyBody(request: Request): Copied {
  const { url, method, headers, body } = request;
  if (body === null) return { request, text: Promise.resolve("") };
  const [own, passed] = body.tee();
  return {
    request: new Request(url, { method, headers, body: passed }),
    text: new Response(own).text().catch(() => ""),
  };
}

/**
 * Calls `observer` after each answer, and delays none.
 * @param observer @default {requests are not observed}
 */
export function observeAnswers(
  fetch: Fetch,
  observer: ((answered: AnsweredRequest) => void) | undefined,
): Fetch {
  if (observer === undefined) return fetch;

  async function describe(
    request: Request,
    response: Response,
    ms: number,
    text: Promise<string>,
  ): Promise<AnsweredRequest> {
    const { pathname } = new URL(request.url);
    const name = /^\/functions\/v1\/(\w+-webhooks)$/.exec(pathname)?.[1];
    const { headers, status } = response;
    return {
      method: request.method,
      path: shownPathOf(pathname),
      ...{ status, ms },
      requestId: headers.get("x-request-id") ?? headers.get("sb-request-id") ?? undefined,
      code: await readCode(response),
      // Its signature is right: the vendor has written it.
      webhook: name && status === 200 ? describeWebhook(name, await text) : undefined,
      isOurs: isOurs(request),
    };
  }

  return async (request) => {
    const startedAt = performance.now();
    const isWebhook = /-webhooks$/.test(URL.parse(request.url)?.pathname ?? "");
    const copied = isWebhook ? copyBody(request) : { request, text: Promise.resolve("") };
    const response = await fetch(copied.request);
    // A websocket's answer is not a body that ends.
    if (response.status === 101) return response;
    const ms = performance.now() - startedAt;
    describe(request, response, ms, copied.text).then(observer, () => {});
    return response;
  };
}
