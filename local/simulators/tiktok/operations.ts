/** Operations on the simulated TikTok, without HTTP: for tests, the demo and `/control`. */
import { Faults } from "../faults.ts";
import { Authorizations } from "./authorizations.ts";
import { type AuthorizationAnswer, redirectUrl } from "./authorize_redirect.ts";
import { cancelledUnits, type CancelOptions } from "./cancelled_units.ts";
import { refusals } from "./envelope.ts";
import { Fulfillment } from "./fulfillment.ts";
import { randomDigits } from "./ids.ts";
import {
  deauthorizationNotification,
  expirationNotification,
  type Notification,
  orderNotification,
} from "./notifications.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import type { App } from "./open_api.ts";
import { advanceOrder, makeOrder, type NewOrder } from "./orders.ts";
import { Returns } from "./returns.ts";
import {
  type PackageStatus,
  type SimulatedLogin,
  type SimulatedOrder,
  type SimulatedShop,
  SimulatorState,
  subscriptionId,
} from "./state.ts";
import { subscriptionOf } from "./subscriptions.ts";
import type { TokenRequest } from "./tokens_api.ts";
import { sendShuffled, type ShuffledOptions, WebhookSender } from "./webhooks.ts";

export type NewShop = Partial<SimulatedShop> & { id: string };

export class TikTokOperations {
  readonly state: SimulatorState;
  readonly faults: Faults;
  readonly authorizations: Authorizations;
  readonly fulfillment: Fulfillment;
  readonly returns: Returns;
  readonly now: () => number;
  readonly app: App;
  /** See `TikTokSimulatorOptions`. */
  autoSend: boolean;
  /** Path of every admitted call of the Open API, in order. */
  readonly calls: string[] = [];
  /** Every call of the auth host, in order, refused ones too. */
  readonly tokenRequests: TokenRequest[] = [];
  /** The open_id of every granted refresh, in order. */
  readonly refreshes: string[] = [];
  readonly #sender: WebhookSender;
  readonly #random: () => number;
  readonly #options: TikTokSimulatorOptions;

  constructor(options: TikTokSimulatorOptions) {
    this.#options = options;
    this.now = options.now ?? Date.now;
    this.app = { appKey: options.appKey, appSecret: options.appSecret };
    this.#random = options.random ?? Math.random;
    this.state = new SimulatorState(options.journalPath);
    this.faults = new Faults(this.#random, this.now);
    this.fulfillment = new Fulfillment(this.state, this.now);
    this.autoSend = options.autoSend ?? true;
    this.fulfillment.onChange = (order) => {
      if (this.autoSend) void this.send(this.notificationOf(order));
    };
    this.authorizations = new Authorizations(this.state, this.now);
    this.returns = new Returns(this.state, () => this.#seconds);
    this.#sender = new WebhookSender({
      ...options,
      app: this.app,
      now: this.now,
      addressOf: ({ shopId, type }) =>
        subscriptionOf(this.state, shopId, type)?.address ?? options.webhookUrl,
    });
  }

  get #seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Adds a login, or changes the given fields of one. The default is a seller. */
  addLogin(login: Partial<SimulatedLogin> = {}): SimulatedLogin {
    return this.authorizations.addLogin(login);
  }

  /**
   * Adds a shop, and its login if that is new. Shops with the same `openId` share a login and its tokens;
   * set `sellerType` to CROSS_BORDER for a seller of several shops.
   */
  addShop(shop: NewShop): SimulatedShop {
    const login = this.state.get("logins", shop.openId ?? "");
    const region = shop.region ?? login?.region ?? "US";
    const added: SimulatedShop = {
      name: `Shop ${shop.id.slice(-4)}`,
      region,
      sellerType: "LOCAL",
      cipher: `${region === "US" ? "TTP" : "ROW"}_${crypto.randomUUID().replaceAll("-", "")}`,
      code: `${region}LC${shop.id.slice(-6)}`,
      openId: `open_${crypto.randomUUID().replaceAll("-", "")}`,
      ...shop,
    };
    if (login === undefined) this.addLogin({ openId: added.openId, name: added.name, region });
    this.state.put("shops", added.id, added);
    return added;
  }

  /** A person who is new at TikTok opens a shop; its id is TikTok's choice. */
  addSeller(name: string, region = "US"): SimulatedShop {
    return this.addShop({ id: this.newShopId(), name, region });
  }

  newShopId(): string {
    return `749${randomDigits(16)}`;
  }

  #shop(id: string): SimulatedShop {
    const shop = this.state.get("shops", id);
    if (shop === undefined) throw refusals.invalid("shop_id");
    return shop;
  }

  /** The shop closes. Its login and the tokens of that stay. */
  removeShop(id: string): void {
    const { state } = this;
    for (const kind of ["orders", "packages", "labels", "shipments", "subscriptions"] as const) {
      for (const [key, { shopId }] of state.entries(kind)) {
        if (shopId === id) state.delete(kind, key);
      }
    }
    state.delete("shops", id);
  }

  /** TikTok deactivates the shop, or the seller with every shop of the login; `false` activates it again. */
  setInactive(shopId: string, inactive: "shop" | "seller" | false): void {
    const { openId } = this.#shop(shopId);
    for (const shop of this.state.all("shops")) {
      if (shop.id !== shopId && !(inactive === "seller" && shop.openId === openId)) continue;
      this.state.put("shops", shop.id, { ...shop, inactive });
    }
  }

  /** TikTok forgets a subscription of the shop, as it does now and then, and sends this topic no more. */
  loseSubscription(shopId: string, eventType: string): void {
    const id = subscriptionId(this.#shop(shopId).id, eventType);
    const subscription = this.state.get("subscriptions", id);
    if (subscription === undefined) throw refusals.invalid("event_type");
    this.state.put("subscriptions", id, { ...subscription, lost: true });
  }

  /** The owner of the shop agrees. Returns a code for the token exchange. */
  authorize(shopId: string): string {
    return this.authorizations.createCode(this.#shop(shopId).openId);
  }

  /**
   * Redirect of a seller's browser after an answer. An answer without `state` is an installation from
   * Seller Center's app store.
   */
  answerAuthorization(answer: AuthorizationAnswer): URL {
    const { state, authorizations } = this;
    return redirectUrl(answer, { ...this.#options, state, authorizations });
  }

  /** The token pair that TikTok issued last for the login. */
  newestTokens(openId: string): { accessToken: string; refreshToken: string } | undefined {
    return this.authorizations.newestTokens(openId);
  }

  /** Expires all access tokens of the login; its refresh token still works. */
  expireAccessToken(openId: string): void {
    this.authorizations.expireAccessTokens(openId);
  }

  /** The owner withdraws the authorization for all shops of the login. Returns webhook 6, not sent yet. */
  deauthorize(shopId: string): Notification {
    this.authorizations.withdraw(this.#shop(shopId).openId);
    return deauthorizationNotification(shopId, this.now());
  }

  /** Webhook 7. @param expirationTime Unix seconds. */
  expirationNotice(shopId: string, expirationTime: number): Notification {
    return expirationNotification(shopId, expirationTime, this.now());
  }

  /** A buyer orders. Sends no webhook. */
  addOrder(order: NewOrder): SimulatedOrder {
    const added = this.fulfillment.packages.update(makeOrder(order, this.#seconds));
    this.state.put("orders", added.id, added);
    return added;
  }

  /** An order changes. Sends no webhook. */
  changeOrder(id: string, status: string, detail?: Record<string, unknown>): SimulatedOrder {
    const order = this.state.get("orders", id);
    if (order === undefined) throw refusals.invalid("order_id");
    const advanced = advanceOrder(order, status, this.#seconds, detail);
    const changed = this.fulfillment.packages.update(advanced);
    this.state.put("orders", id, changed);
    return changed;
  }

  /** Units are cancelled while their order goes on. Sends no webhook. */
  cancelUnits(id: string, lineItemIds: string[], options?: CancelOptions): SimulatedOrder {
    const order = this.state.get("orders", id);
    if (order === undefined) throw refusals.invalid("order_id");
    return this.changeOrder(id, order.detail.status, cancelledUnits(order, lineItemIds, options));
  }

  /**
   * TikTok combines orders of one buyer: in the US by a group, elsewhere by one package. Returns them as they
   * are then. Sends no webhook.
   */
  combineOrders(ids: string[]): SimulatedOrder[] {
    const find = () => ids.flatMap((id) => this.state.get("orders", id) ?? []);
    const [first, ...others] = find();
    if (first === undefined) throw refusals.invalid("order_id");
    if (this.#shop(first.shopId).region !== "US") {
      this.fulfillment.packages.combine([first, ...others]);
      return find();
    }
    const detail = { auto_combine_group_id: `7${first.id}`, split_or_combine_tag: "COMBINED" };
    return find().map((order) => this.changeOrder(order.id, order.detail.status, detail));
  }

  /** A carrier moves a package, and with it its order. Sends no webhook. */
  changePackage(id: string, status: PackageStatus): SimulatedOrder {
    const found = this.state.get("packages", id);
    const order = found && this.fulfillment.movePackage(found, status);
    if (order === undefined) throw refusals.invalid("package_id");
    return order;
  }

  /** Webhook 1 with the order's present state. */
  notificationOf(order: SimulatedOrder): Notification {
    return orderNotification(order, this.now());
  }

  /** Sends a webhook. Returns the HTTP status; 0 for no answer within 3 s, or if its subscription is lost. */
  send(notification: Notification): Promise<number> {
    const { shopId, type } = notification;
    if (subscriptionOf(this.state, shopId, type)?.lost) return Promise.resolve(0);
    return this.#sender.send(notification);
  }

  /**
   * Sends the orders' webhooks in random order, `concurrency` at a time, then `duplicates` of them again,
   * as late retries. Returns every HTTP status.
   */
  async sendShuffled(orders: SimulatedOrder[], options: ShuffledOptions = {}): Promise<number[]> {
    const notifications = orders.map((order) => this.notificationOf(order));
    const send = (notification: Notification) => this.send(notification);
    return await sendShuffled(notifications, send, this.#random, options);
  }

  close(): void {
    this.faults.close();
    this.#sender.close();
    this.state.close();
  }
}
