/** Calls TikTok Shop's Open API: signs, sends, times out, retries what may be retried, reads the answer. */
import * as z from "zod";
import type { TikTokConfig } from "../../config.ts";
import { sendOnce } from "../../http/send_once.ts";
import { openEnvelope } from "./envelope.ts";
import { mayPass, TikTokError, wasTurnedAway } from "./errors.ts";
import {
  type AuthorizedShop,
  AuthorizedShopList,
  type FoundOrders,
  type Order,
  OrderList,
  OrderSearch,
} from "./schemas.ts";
import { signApiRequest } from "./signing.ts";

/** The connection that a call acts for. */
export interface ShopAccess {
  accessToken: string;
  /** Left out where the call is about the login and not about one shop: TikTok refuses it there. */
  shopCipher?: string;
}

export interface TikTokClientOptions {
  /** For each attempt. @default {10000} */
  timeoutMs?: number;
  /** Milliseconds since 1970. TikTok refuses a clock that is 30 s fast. @default {Date.now} */
  now?: () => number;
  /** Resolves after so many milliseconds. @default {setTimeout} */
  wait?: (ms: number) => Promise<void>;
}

export interface TikTokCall {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Of the API, without host and query; signed as it is. */
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Whether doing it twice is the same as doing it once; reads, above all. */
  repeatable: boolean;
}

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
/** A longer wait is for those to plan who can do something else meanwhile. */
const MAX_WAIT_MS = 5000;

const Nothing = z.unknown().transform(() => undefined);

export class TikTokClient {
  readonly #config: TikTokConfig;
  readonly #options: Required<TikTokClientOptions>;

  constructor(config: TikTokConfig, options: TikTokClientOptions = {}) {
    this.#config = config;
    this.#options = {
      timeoutMs: 10_000,
      now: Date.now,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      ...options,
    };
  }

  /**
   * One call, for endpoints that have no method here. A write whose outcome is not known is never sent
   * again: what is bought twice is paid twice.
   * @throws {TikTokError}
   */
  async call<T extends z.ZodType>(
    schema: T,
    shop: ShopAccess,
    call: TikTokCall,
  ): Promise<z.infer<T>> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#send(schema, shop, call);
      } catch (error) {
        if (!(error instanceof TikTokError) || attempt >= MAX_ATTEMPTS) throw error;
        if (!(call.repeatable ? mayPass(error) : wasTurnedAway(error))) throw error;
        const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
        const wait = Math.max(backoff, (error.retryAfterSeconds ?? 0) * 1000);
        if (wait > MAX_WAIT_MS) throw error;
        await this.#options.wait(wait);
      }
    }
  }

  /**
   * Get Order Detail. Orders that TikTok does not know or does not show to this seller are not in the
   * result.
   * @param orderIds 1 to 50.
   * @throws {TikTokError}
   */
  async getOrders(shop: Required<ShopAccess>, orderIds: string[]): Promise<Map<string, Order>> {
    const { orders } = await this.call(OrderList, shop, {
      method: "GET",
      path: "/order/202309/orders",
      query: { ids: orderIds.join(",") },
      repeatable: true,
    });
    return new Map(orders.map((order) => [order.id, order]));
  }

  /**
   * Get Order List, in ascending order of update time: orders with `from <= update_time < to`, in unix
   * seconds.
   * @param pageToken Of the page before; leave out for the first.
   * @throws {TikTokError}
   */
  async searchOrders(
    shop: Required<ShopAccess>,
    { from, to, pageSize, pageToken }: {
      from: number;
      to: number;
      /** 1 to 100. */
      pageSize: number;
      pageToken?: string | undefined;
    },
  ): Promise<FoundOrders> {
    return await this.call(OrderSearch, shop, {
      method: "POST",
      path: "/order/202309/orders/search",
      query: {
        page_size: String(pageSize),
        sort_field: "update_time",
        sort_order: "ASC",
        // An empty parameter is not sent: TikTok's own tools leave it out of the signature.
        ...(pageToken && { page_token: pageToken }),
      },
      body: { update_time_ge: from, update_time_lt: to },
      repeatable: true,
    });
  }

  /** Get Authorized Shops: all shops of the login that the token belongs to. @throws {TikTokError} */
  async getAuthorizedShops(accessToken: string): Promise<AuthorizedShop[]> {
    const { shops } = await this.call(AuthorizedShopList, { accessToken }, {
      method: "GET",
      path: "/authorization/202309/shops",
      repeatable: true,
    });
    return shops;
  }

  /** Update Shop Webhook: from now on TikTok sends this topic of the shop there. @throws {TikTokError} */
  async putWebhook(shop: Required<ShopAccess>, topic: string, address: string): Promise<void> {
    await this.call(Nothing, shop, {
      method: "PUT",
      path: "/event/202309/webhooks",
      body: { address, event_type: topic },
      repeatable: true,
    });
  }

  /** Delete Shop Webhook; also succeeds where there was none. @throws {TikTokError} */
  async deleteWebhook(shop: Required<ShopAccess>, topic: string): Promise<void> {
    await this.call(Nothing, shop, {
      method: "DELETE",
      path: "/event/202309/webhooks",
      body: { event_type: topic },
      repeatable: true,
    });
  }

  async #send<T extends z.ZodType>(
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
    query.sign = await signApiRequest(
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
      // A redirect would carry the token to another host.
      response =
        await (call.repeatable ? fetch(url, { ...init, redirect: "error" }) : sendOnce(url, init));
      text = await response.text();
    } catch (error) {
      // fetch's own message quotes the URL, which holds the signature.
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      const what = timedOut ? `did not answer within ${timeoutMs} ms` : "could not be reached";
      throw new TikTokError(`TikTok ${what} (${path})`);
    }
    return openEnvelope(schema, { what: path, response, text, now: now() });
  }
}
