/** Calls the TikTok simulator as the backend does, or wrongly, with a clock of the test. */
import { signApiRequest } from "../../shared/tiktok/api/signing.ts";
import type { TikTokSimulatorOptions } from "../../local/simulators/tiktok/options.ts";
import { TikTokSimulator } from "../../local/simulators/tiktok/simulator.ts";
import { assertNoProblems, openApiObserver, takeProblems } from "./tiktok_openapi/watch_calls.ts";

export const APP = { appKey: "key", appSecret: "secret" };
export const NOW = 1_790_000_000_000;

export interface Answer {
  status: number;
  code: number;
  message: string;
  data: Record<string, unknown> & { orders?: OrderDetail[] };
}

export interface CallOptions {
  method?: string;
  body?: string;
  /** @default {"application/json"} */
  contentType?: string;
  /** The body that is signed. @default {the body that is sent} */
  signedBody?: string;
  /** Changes the query after signing. */
  change?: Record<string, string>;
}

/** Its simulator has shops 1 and 2 of login `one`, and shop 3 of login `other`. */
export class Caller {
  readonly simulator: TikTokSimulator;
  now = NOW;

  constructor(options: Partial<TikTokSimulatorOptions> = {}) {
    this.simulator = new TikTokSimulator({
      ...APP,
      webhookUrl: "http://127.0.0.1:1/",
      autoSend: false,
      now: () => this.now,
      observer: openApiObserver,
      ...options,
    });
    this.simulator.addShop({ id: "1", openId: "one", cipher: "cipher1" });
    this.simulator.addShop({ id: "2", openId: "one", cipher: "cipher2" });
    this.simulator.addShop({ id: "3", openId: "other", cipher: "cipher3" });
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return await this.simulator.fetch(new Request(`http://tiktok${url}`, init));
  }

  async get(url: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.fetch(url, init);
    const answer: Answer = { status: response.status, ...await response.json() };
    // A wrong call is right in a test of its refusal; what the simulator accepts is not to be wrong.
    if (answer.code === 0) assertNoProblems();
    else takeProblems();
    return answer;
  }

  /** A token pair for a shop's login. */
  async connect(shopId: string): Promise<Record<string, unknown>> {
    const code = this.simulator.authorize(shopId);
    return (await this.exchange(code)).data;
  }

  exchange(code: string, parameters: Record<string, string> = {}): Promise<Answer> {
    const query = new URLSearchParams({
      app_key: APP.appKey,
      app_secret: APP.appSecret,
      auth_code: code,
      grant_type: "authorized_code",
      ...parameters,
    });
    return this.get(`/api/v2/token/get?${query}`);
  }

  refresh(token: unknown): Promise<Answer> {
    return this.get(this.refreshUrl(token));
  }

  refreshUrl(token: unknown): string {
    return `/api/v2/token/refresh?${new URLSearchParams({
      app_key: APP.appKey,
      app_secret: APP.appSecret,
      refresh_token: String(token),
      grant_type: "refresh_token",
    })}`;
  }

  /** Calls for one shop, with a token of its login. */
  async shop(shopId: string): Promise<ShopCaller> {
    const { access_token: token } = await this.connect(shopId);
    const cipher = this.simulator.state.get("shops", shopId)?.cipher ?? "";
    return new ShopCaller(this, token, cipher);
  }

  /** A signed call. */
  async call(
    path: string,
    token: unknown,
    parameters: Record<string, string>,
    { method = "GET", body, contentType = "application/json", signedBody = body, change = {} }:
      CallOptions = {},
  ): Promise<Answer> {
    const query = { app_key: APP.appKey, timestamp: String(this.now / 1000), ...parameters };
    const bytes = signedBody === undefined ? undefined : new TextEncoder().encode(signedBody);
    const sign = await signApiRequest(
      { path, query, ...(bytes && { body: bytes }) },
      APP.appSecret,
    );
    return await this.get(`${path}?${new URLSearchParams({ ...query, sign, ...change })}`, {
      method,
      headers: { "content-type": contentType, "x-tts-access-token": String(token) },
      ...(body !== undefined && { body }),
    });
  }
}

export class ShopCaller {
  readonly #caller: Caller;
  readonly #token: unknown;
  readonly #cipher: string;

  constructor(caller: Caller, token: unknown, cipher: string) {
    this.#caller = caller;
    this.#token = token;
    this.#cipher = cipher;
  }

  get(path: string, query: Record<string, string> = {}): Promise<Answer> {
    return this.#caller.call(path, this.#token, { shop_cipher: this.#cipher, ...query });
  }

  post(path: string, body: unknown = {}, query: Record<string, string> = {}): Promise<Answer> {
    return this.#caller.call(path, this.#token, { shop_cipher: this.#cipher, ...query }, {
      method: "POST",
      body: JSON.stringify(body),
    });
  }

  /** Get Order Detail for one order. */
  async order(id: string): Promise<OrderDetail> {
    const { data } = await this.get("/order/202309/orders", { ids: id });
    return data.orders?.[0] as OrderDetail;
  }
}

export type OrderDetail = Record<string, unknown> & {
  id: string;
  update_time: number;
  packages: { id: string }[];
  line_items: (Record<string, unknown> & { id: string })[];
};
