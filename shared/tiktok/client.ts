/** Calls TikTok Shop's Open API: signs, sends, times out, and reads the envelope. */
import * as z from "zod";
import type { TikTokConfig } from "../config.ts";
import { parseJson } from "./json.ts";
import { type AuthorizedShop, AuthorizedShopList, type Order, OrderList } from "./schemas.ts";
import { signApiRequest } from "./signing.ts";

/** TikTok answered with an error, or not at all. The message holds no token and no URL. */
export class TikTokError extends Error {
  override name = "TikTokError";
  /** TikTok's own code, e.g. 105002 (access token expired); 0 when there was no envelope. */
  readonly code: number;
  /** What TikTok asked us to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, code = 0, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export type { AuthorizedShop };

/** The connection that a call acts for. */
export interface ShopAccess {
  accessToken: string;
  /** Left out where the call is about the login and not about one shop: TikTok refuses it there. */
  shopCipher?: string;
}

export interface TikTokClientOptions {
  /** @default {10000} */
  timeoutMs?: number;
  /** Milliseconds since 1970. TikTok refuses a clock that is 30 s fast. @default {Date.now} */
  now?: () => number;
}

const Envelope = z.looseObject({
  code: z.int(),
  message: z.string().catch(""),
  request_id: z.string().catch(""),
  data: z.unknown().optional(),
});

/** `Retry-After` as seconds; TikTok may send seconds or a date. */
function retryAfter(response: Response, now: number): number | undefined {
  const value = response.headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds > 0 ? Math.ceil(Math.min(seconds, 3600)) : undefined;
}

export class TikTokClient {
  readonly #config: TikTokConfig;
  readonly #timeoutMs: number;
  readonly #now: () => number;

  constructor(
    config: TikTokConfig,
    { timeoutMs = 10_000, now = Date.now }: TikTokClientOptions = {},
  ) {
    this.#config = config;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /**
   * Get Order Detail. Orders that TikTok does not know or does not show to this seller are not in the
   * result.
   * @param orderIds 1 to 50.
   * @throws {TikTokError}
   */
  async getOrders(
    shop: Required<ShopAccess>,
    orderIds: string[],
  ): Promise<Map<string, Order>> {
    const data = await this.#get(shop, "/order/202309/orders", { ids: orderIds.join(",") });
    const { success, data: list, error } = OrderList.safeParse(data);
    if (!success) {
      throw new TikTokError(`TikTok's orders are not readable: ${z.prettifyError(error)}`);
    }
    return new Map(list.orders.map((order) => [order.id, order]));
  }

  /** Get Authorized Shops: all shops of the login that the token belongs to. @throws {TikTokError} */
  async getAuthorizedShops(accessToken: string): Promise<AuthorizedShop[]> {
    const data = await this.#get({ accessToken }, "/authorization/202309/shops", {});
    const { success, data: list, error } = AuthorizedShopList.safeParse(data);
    if (!success) {
      throw new TikTokError(`TikTok's shops are not readable: ${z.prettifyError(error)}`);
    }
    return list.shops;
  }

  async #get(shop: ShopAccess, path: string, parameters: Record<string, string>): Promise<unknown> {
    const query: Record<string, string> = {
      ...parameters,
      app_key: this.#config.appKey,
      ...(shop.shopCipher !== undefined && { shop_cipher: shop.shopCipher }),
      timestamp: String(Math.floor(this.#now() / 1000)),
    };
    query.sign = await signApiRequest({ path, query }, this.#config.appSecret);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#config.apiUrl}${path}?${new URLSearchParams(query)}`, {
        headers: { "content-type": "application/json", "x-tts-access-token": shop.accessToken },
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await response.text();
    } catch (error) {
      // fetch's own message quotes the URL, which holds the signature.
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      const what = timedOut
        ? `did not answer within ${this.#timeoutMs} ms`
        : "could not be reached";
      throw new TikTokError(`TikTok ${what} (${path})`);
    }
    return this.#open(path, response, text);
  }

  /** Success is `code` 0; the HTTP status is not consistent. */
  #open(path: string, response: Response, text: string): unknown {
    const wait = retryAfter(response, this.#now());
    let json: unknown;
    try {
      json = parseJson(text);
    } catch {
      // Judged below: what is not JSON is no envelope.
    }
    const { success, data: envelope } = Envelope.safeParse(json);
    if (!success) {
      throw new TikTokError(`TikTok answered HTTP ${response.status} (${path})`, 0, wait);
    }
    if (envelope.code !== 0) {
      const { code, message, request_id } = envelope;
      throw new TikTokError(`TikTok ${code}: ${message} (${path}, ${request_id})`, code, wait);
    }
    return envelope.data;
  }
}
