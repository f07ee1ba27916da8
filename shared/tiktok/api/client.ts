/** Calls TikTok Shop's Open API: signs, sends, times out, retries, reads the answer. One file here for each API. */
import type * as z from "zod/mini";
import type { TikTokConfig } from "../../config.ts";
import { sendOnce } from "../../http/send_once.ts";
import { inVendorSpan } from "../../logging/spans.ts";
import { retry, sleep } from "../../retry.ts";
import { openEnvelope } from "./envelope.ts";
import { isRateLimited, isTransient, TikTokError } from "./errors.ts";
import { signApiRequest } from "./signing.ts";

/** The connection that a call acts for. */
export interface ShopAccess {
  accessToken: string;
  /** Left out in calls about the login instead of one shop: TikTok refuses it there. */
  shopCipher?: string;
}

export interface TikTokClientOptions {
  /** For each attempt. @default {10000} */
  timeoutMs?: number;
  /** Milliseconds since 1970. TikTok refuses a clock that is 30 s fast. @default {Date.now} */
  now?: () => number;
  /** Waits between attempts. @default {sleep} */
  wait?: (ms: number) => Promise<void>;
}

export interface TikTokCall {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Without host and query; signed unchanged. */
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Whether two calls have the same effect as one, as reads have. */
  repeatable: boolean;
}

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
/** A longer wait is thrown to the caller, who puts the event back for later. */
const MAX_WAIT_MS = 5000;

export class TikTokClient {
  readonly #config: TikTokConfig;
  readonly #options: Required<TikTokClientOptions>;

  constructor(config: TikTokConfig, options: TikTokClientOptions = {}) {
    this.#config = config;
    this.#options = {
      timeoutMs: 10_000,
      now: Date.now,
      wait: sleep,
      ...options,
    };
  }

  /**
   * A write whose outcome is unknown is never sent again: it could buy a second label.
   * @param schema Of the answer's data.
   * @throws {TikTokError}
   */
  async call<T extends z.ZodMiniType>(
    schema: T,
    shop: ShopAccess,
    call: TikTokCall,
  ): Promise<z.infer<T>> {
    const waitMs = (error: unknown, attempt: number) => {
      if (!(error instanceof TikTokError) || attempt >= MAX_ATTEMPTS) return undefined;
      if (!(call.repeatable ? isTransient(error) : isRateLimited(error))) return undefined;
      const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
      const ms = Math.max(backoff, (error.retryAfterSeconds ?? 0) * 1000);
      return ms > MAX_WAIT_MS ? undefined : ms;
    };
    return await retry(() => this.#send(schema, shop, call), {
      waitMs,
      wait: this.#options.wait,
    });
  }

  async #send<T extends z.ZodMiniType>(
    schema: T,
    shop: ShopAccess,
    call: TikTokCall,
  ): Promise<z.infer<T>> {
    const { method, path } = call;
    const { timeoutMs, now } = this.#options;
    const query: Record<string, string> = {
      ...call.query,
      app_key: this.#config.appKey,
      ...(shop.shopCipher !== undefined && { shop_cipher: shop.shopCipher }),
      timestamp: String(Math.floor(now() / 1000)),
    };
    // These bytes are signed and sent: another serialisation would have another signature.
    const body = call.body === undefined
      ? undefined
      : new TextEncoder().encode(JSON.stringify(call.body));
    query.sign = signApiRequest(
      { path, query, ...(body && { body }) },
      this.#config.appSecret,
    );
    let response: Response;
    let text: string;
    try {
      const url = `${this.#config.apiUrl}${path}?${new URLSearchParams(query)}`;
      const init = {
        method,
        headers: { "content-type": "application/json", "x-tts-access-token": shop.accessToken },
        ...(body && { body }),
        signal: AbortSignal.timeout(timeoutMs),
      };
      // A redirect would carry the token to another host: `openEnvelope` refuses it.
      [response, text] = await inVendorSpan("TikTok", call, async () => {
        const answer = await (call.repeatable
          ? fetch(url, { ...init, redirect: "manual" })
          : sendOnce(url, init));
        return [answer, await answer.text()];
      });
    } catch (error) {
      // fetch's own message quotes the URL, which holds the signature.
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      const what = timedOut ? `did not answer within ${timeoutMs} ms` : "could not be reached";
      throw new TikTokError(`TikTok ${what} (${path})`);
    }
    return openEnvelope(schema, { what: path, response, text, now: now() });
  }
}
