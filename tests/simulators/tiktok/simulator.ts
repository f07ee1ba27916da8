/**
 * TikTok Shop as our backend meets it: the auth host, the Open API and the webhooks, in memory, over
 * real HTTP. It refuses what TikTok refuses. `/control` tells it what to do: see control.ts.
 */
import { Hono } from "hono";
import { controlRoutes } from "./control.ts";
import { refusals, success, TikTokRefusal } from "./envelope.ts";
import { Faults } from "./faults.ts";
import { admit, shopOf } from "./gate.ts";
import { advanceOrder, makeOrder, type NewOrder } from "./order_factory.ts";
import { type SimulatedOrder, type SimulatedShop, SimulatorState } from "./state.ts";
import { tokenRoutes } from "./tokens.ts";
import { type Notification, notificationId, WebhookSender } from "./webhooks.ts";

export interface TikTokSimulatorOptions {
  appKey: string;
  appSecret: string;
  /** Where webhooks go. */
  webhookUrl: string;
  /** File that keeps its state between runs. */
  journalPath?: string;
  /** See `WebhookSenderOptions`. */
  retryDelaysMs?: number[];
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For shuffles, and for faults with a probability. @default {Math.random} */
  random?: () => number;
}

export class TikTokSimulator {
  readonly state: SimulatorState;
  readonly faults: Faults;
  readonly now: () => number;
  /** Path of every call of the Open API that was admitted, in order. */
  readonly calls: string[] = [];
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #sender: WebhookSender;
  readonly #random: () => number;

  constructor(options: TikTokSimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.state = new SimulatorState(options.journalPath);
    this.#random = options.random ?? Math.random;
    this.faults = new Faults(this.#random);
    this.#sender = new WebhookSender({ ...options, url: options.webhookUrl, now: this.now });
    const gate = { ...options, state: this.state, now: this.now };

    const app = new Hono();
    app.onError((error) => {
      if (error instanceof TikTokRefusal) return error.toResponse();
      throw error;
    });
    app.notFound(() => refusals.invalidPath().toResponse());
    app.route("/", tokenRoutes(gate));
    app.route("/control", controlRoutes(this));
    app.use(async (c, next) => {
      const spoiled = await this.faults.apply(c.req.raw);
      if (spoiled) return spoiled;
      return await next();
    });
    app.get("/authorization/202309/shops", async (c) => {
      const call = await admit(c.req.raw, gate);
      this.calls.push(c.req.path);
      if (call.query.has("shop_cipher")) throw refusals.unexpected("shop_cipher");
      const shops = this.state.all("shops").filter((shop) => shop.openId === call.openId);
      return success({
        shops: shops.map(({ id, name, region, sellerType, cipher, code }) => (
          { id, name, region, seller_type: sellerType, cipher, code }
        )),
      });
    });
    app.get("/order/202309/orders", async (c) => {
      const call = await admit(c.req.raw, gate);
      this.calls.push(c.req.path);
      const shop = shopOf(call, this.state);
      const ids = call.query.get("ids")?.split(",") ?? [];
      if (ids.length === 0) throw refusals.missing("query.ids");
      if (ids.length > 50) throw refusals.invalid("query.ids");
      const orders = ids.map((id) => this.state.get("orders", id));
      return success({
        orders: orders.filter((order) => order?.shopId === shop.id).map((order) => order?.detail),
      });
    });
    app.post("/order/202309/orders/search", async (c) => {
      const call = await admit(c.req.raw, gate);
      this.calls.push(c.req.path);
      return success(this.#search(shopOf(call, this.state), call.query, call.body));
    });
    this.fetch = app.fetch;
  }

  #search(shop: SimulatedShop, query: URLSearchParams, body: Uint8Array): unknown {
    const pageSize = Number(query.get("page_size") ?? refuse(refusals.missing("query.page_size")));
    if (!(pageSize >= 1 && pageSize <= 100)) throw refusals.invalid("query.page_size");
    const field = query.get("sort_field") === "update_time" ? "update_time" : "create_time";
    const direction = query.get("sort_order") === "ASC" ? 1 : -1;
    const filter = body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
    const inRange = (time: number, from?: number, to?: number) =>
      time >= (from ?? 0) && time < (to ?? Infinity);
    const found = this.state.all("orders").filter(({ shopId, detail }) =>
      shopId === shop.id &&
      inRange(detail.update_time, filter.update_time_ge, filter.update_time_lt) &&
      inRange(detail.create_time, filter.create_time_ge, filter.create_time_lt) &&
      (filter.order_status === undefined || detail.status === filter.order_status)
    ).sort((a, b) => direction * (a.detail[field] - b.detail[field]) || (a.id < b.id ? -1 : 1));
    const start = Number(atob(query.get("page_token") ?? "") || 0);
    const end = start + pageSize;
    return {
      orders: found.slice(start, end).map((order) => order.detail),
      total_count: found.length,
      next_page_token: end < found.length ? btoa(String(end)) : "",
    };
  }

  /** Adds a shop; shops of one `openId` share a login and its tokens. */
  addShop(shop: Partial<SimulatedShop> & { id: string }): SimulatedShop {
    const added: SimulatedShop = {
      name: `Shop ${shop.id.slice(-4)}`,
      region: "US",
      sellerType: "LOCAL",
      cipher: `TTP_${crypto.randomUUID().replaceAll("-", "")}`,
      code: `USLC${shop.id.slice(-6)}`,
      openId: `open_${crypto.randomUUID().replaceAll("-", "")}`,
      ...shop,
    };
    this.state.put("shops", added.id, added);
    return added;
  }

  /** The owner of the shop agrees: a code for the token exchange, good for 30 minutes and one use. */
  authorize(shopId: string): string {
    const shop = this.state.get("shops", shopId);
    if (shop === undefined) throw refusals.invalid("shop_id");
    const code = `TTP_${crypto.getRandomValues(new Uint8Array(48)).toHex()}`;
    this.state.put("codes", code, { openId: shop.openId, expiresAt: this.now() + 30 * 60_000 });
    return code;
  }

  /** A buyer orders. No webhook is sent yet. */
  addOrder(order: NewOrder): SimulatedOrder {
    const added = makeOrder(order, Math.floor(this.now() / 1000));
    this.state.put("orders", added.id, added);
    return added;
  }

  /** An order gets another state. No webhook is sent yet. */
  changeOrder(id: string, status: string, detail?: Record<string, unknown>): SimulatedOrder {
    const order = this.state.get("orders", id);
    if (order === undefined) throw refusals.invalid("order_id");
    const changed = advanceOrder(order, status, Math.floor(this.now() / 1000), detail);
    this.state.put("orders", id, changed);
    return changed;
  }

  /** The type 1 notification of an order's present state; send it as often as you like. */
  notificationOf(order: SimulatedOrder): Notification {
    return {
      type: 1,
      id: notificationId(this.now()),
      shopId: order.shopId,
      data: {
        is_on_hold_order: order.detail.is_on_hold_order === true,
        order_id: order.id,
        // The webhook's word for it; the Order API says CANCELLED.
        order_status: order.detail.status === "CANCELLED" ? "CANCEL" : order.detail.status,
        update_time: order.detail.update_time,
      },
    };
  }

  /** Sends a webhook. Returns the HTTP status, 0 for no answer within 3 s. */
  send(notification: Notification): Promise<number> {
    return this.#sender.send(notification);
  }

  /**
   * Sends the orders' webhooks in any order, `concurrency` at a time; when all were sent, `duplicates` of
   * them once more, as late retries. Returns every HTTP status.
   */
  async sendShuffled(
    orders: SimulatedOrder[],
    { duplicates = 0, concurrency = 10 }: { duplicates?: number; concurrency?: number } = {},
  ): Promise<number[]> {
    const first = this.#shuffle(orders.map((order) => this.notificationOf(order)));
    const again = Array.from({ length: duplicates }, (_, i) => first[i % first.length]);
    const queue = [...first, ...this.#shuffle(again)].filter((entry) => entry !== undefined);
    const answers: number[] = [];
    const sender = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        answers.push(await this.send(next));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, sender));
    return answers;
  }

  #shuffle<T>(items: T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  }

  close(): void {
    this.faults.close();
    this.#sender.close();
    this.state.close();
  }
}

function refuse(refusal: TikTokRefusal): never {
  throw refusal;
}
