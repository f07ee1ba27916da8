/** Calls TikTok Shop's Open API: signs, sends, times out, retries, reads the answer. */
import * as z from "zod/mini";
import type { TikTokConfig } from "../../config.ts";
import { sendOnce } from "../../http/send_once.ts";
import { inVendorSpan } from "../../logging/spans.ts";
import { retry, sleep } from "../../retry.ts";
import { Nothing } from "../../values/schemas.ts";
import { type Elements, readElements, type UnreadableElement } from "./elements.ts";
import { openEnvelope } from "./envelope.ts";
import { isRateLimited, isTransient, TikTokError } from "./errors.ts";
import {
  AuthorizedShop,
  AuthorizedShopList,
  FoundOrder,
  type Order,
  OrderDetail,
  OrderList,
  OrderSearch,
  type ShopWebhook,
  WebhookList,
} from "./schemas.ts";
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

export interface OrdersAnswer {
  /** By id. */
  orders: Map<string, Order>;
  unreadable: UnreadableElement[];
}

/** A page of Get Order List; each order is read again when it is ingested. */
export interface OrderPage {
  orders: FoundOrder[];
  unreadable: UnreadableElement[];
  /** `undefined` on the last page. */
  nextPageToken: string | undefined;
  /** Orders on all pages; `null` where TikTok does not say. */
  total: number | null;
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
   * One call, for endpoints that have no method here. A write whose outcome is unknown is never sent again:
   * it could buy a second label.
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

  /**
   * Get Order Detail. Orders that TikTok does not know or does not show to this seller are missing from the
   * result; an order that cannot be read does not spoil the others.
   * @param orderIds 1 to 50.
   * @throws {TikTokError}
   */
  async getOrders(shop: Required<ShopAccess>, orderIds: string[]): Promise<OrdersAnswer> {
    const path = "/order/202309/orders";
    const { orders } = await this.call(OrderList, shop, {
      method: "GET",
      path,
      query: { ids: orderIds.join(",") },
      repeatable: true,
    });
    const { read, unreadable } = readElements(OrderDetail, orders, path);
    return { orders: new Map(read.map((order) => [order.id, order])), unreadable };
  }

  /**
   * Get Order List, in ascending order of update time: orders with `from <= update_time < to`, in unix
   * seconds. An order whose id or update time cannot be read is in `unreadable`.
   * @param pageToken From the previous page; left out for the first.
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
  ): Promise<OrderPage> {
    const path = "/order/202309/orders/search";
    const { orders, next_page_token, total_count } = await this.call(OrderSearch, shop, {
      method: "POST",
      path,
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
    const { read, unreadable } = readElements(FoundOrder, orders, path);
    return {
      orders: read,
      unreadable,
      nextPageToken: next_page_token ?? undefined,
      total: total_count ?? null,
    };
  }

  /** Get Authorized Shops: all shops of the login that the token belongs to. @throws {TikTokError} */
  async getAuthorizedShops(accessToken: string): Promise<Elements<AuthorizedShop>> {
    const path = "/authorization/202309/shops";
    const call = { method: "GET", path, repeatable: true } as const;
    const { shops } = await this.call(AuthorizedShopList, { accessToken }, call);
    return readElements(AuthorizedShop, shops, path);
  }

  /** Get Shop Webhooks: the topics that TikTok sends for the shop, and where to. @throws {TikTokError} */
  async getWebhooks(shop: Required<ShopAccess>): Promise<ShopWebhook[]> {
    const { webhooks } = await this.call(WebhookList, shop, {
      method: "GET",
      path: "/event/202309/webhooks",
      repeatable: true,
    });
    return webhooks;
  }

  /** Update Shop Webhook: TikTok sends this topic of the shop to `address`. @throws {TikTokError} */
  async putWebhook(shop: Required<ShopAccess>, topic: string, address: string): Promise<void> {
    await this.call(Nothing, shop, {
      method: "PUT",
      path: "/event/202309/webhooks",
      body: { address, event_type: topic },
      repeatable: true,
    });
  }

  /** Delete Shop Webhook; succeeds without a webhook too. @throws {TikTokError} */
  async deleteWebhook(shop: Required<ShopAccess>, topic: string): Promise<void> {
    await this.call(Nothing, shop, {
      method: "DELETE",
      path: "/event/202309/webhooks",
      body: { event_type: topic },
      repeatable: true,
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
