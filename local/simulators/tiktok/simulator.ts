/**
 * TikTok Shop as our backend meets it: the page on which sellers agree, the auth host, the Open API and
 * the webhooks, in memory, over real HTTP. It refuses what TikTok refuses. `/control` tells it what to
 * do: see control.ts.
 */
import { Consent } from "./consent.ts";
import { sendShuffled, type ShuffledOptions } from "./deliveries.ts";
import { refusals } from "./envelope.ts";
import { subscribedAddress } from "./events_api.ts";
import { Faults } from "../faults.ts";
import { Fulfillment } from "./fulfillment.ts";
import { deauthorizationNotice, expirationNotice, orderNotification } from "./notifications.ts";
import type { TikTokSimulatorOptions } from "./options.ts";
import { advanceOrder, makeOrder, type NewOrder } from "./order_factory.ts";
import { PackageDesk } from "./package_desk.ts";
import type { PackageStatus } from "./package_types.ts";
import { type AuthorizationAnswer, redirectBack } from "./redirect.ts";
import { simulatorRoutes } from "./routes.ts";
import { makeShop, type NewShop } from "./shop_factory.ts";
import {
  type SimulatedLogin,
  type SimulatedOrder,
  type SimulatedShop,
  SimulatorState,
} from "./state.ts";
import type { TokenRequest } from "./tokens.ts";
import { type Notification, WebhookSender } from "./webhooks.ts";

export type { TikTokSimulatorOptions };

export class TikTokSimulator {
  readonly state: SimulatorState;
  readonly faults: Faults;
  /** What labels cost and what was shipped, and its knobs. */
  readonly fulfillment: Fulfillment;
  readonly now: () => number;
  /** Path of every call of the Open API that was admitted, in order. */
  readonly calls: string[] = [];
  /** Every call of the auth host, in order, refused ones too. */
  readonly tokenRequests: TokenRequest[] = [];
  /** The open_id of every refresh that was granted, in order. */
  readonly refreshes: string[] = [];
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #consent: Consent;
  readonly #desk: PackageDesk;
  readonly #sender: WebhookSender;
  readonly #random: () => number;
  readonly #options: TikTokSimulatorOptions;

  constructor(options: TikTokSimulatorOptions) {
    this.#options = options;
    this.now = options.now ?? Date.now;
    this.state = new SimulatorState(options.journalPath);
    this.#random = options.random ?? Math.random;
    this.faults = new Faults(this.#random);
    this.fulfillment = new Fulfillment(this.state);
    this.#desk = new PackageDesk(this.state, this.fulfillment, this.now);
    this.#consent = new Consent(this.state, this.now);
    // A journal may hold shops whose logins it does not name.
    for (const shop of this.state.all("shops")) this.#ensureLogin(shop);
    this.#sender = new WebhookSender({
      ...options,
      now: this.now,
      urlOf: (notification) => subscribedAddress(this.state, notification) ?? options.webhookUrl,
    });
    this.fetch = simulatorRoutes(this, options, this.#consent, this.#desk).fetch;
  }

  /** Adds a login, or changes the given fields of one: a seller, unless `userType` says otherwise. */
  addLogin(login: Partial<SimulatedLogin> = {}): SimulatedLogin {
    return this.#consent.addLogin(login);
  }

  #ensureLogin({ openId, name, region }: SimulatedShop): void {
    if (!this.state.get("logins", openId)) this.addLogin({ openId, name, region });
  }

  /**
   * Adds a shop; shops of one `openId` share a login and its tokens, and a login that is not there yet is
   * made. A seller of several shops is CROSS_BORDER: say so in `sellerType`.
   */
  addShop(shop: NewShop): SimulatedShop {
    const added = makeShop(shop, this.state.get("logins", shop.openId ?? ""));
    this.#ensureLogin(added);
    this.state.put("shops", added.id, added);
    return added;
  }

  #shop(id: string): SimulatedShop {
    const shop = this.state.get("shops", id);
    if (shop === undefined) throw refusals.invalid("shop_id");
    return shop;
  }

  /** TikTok refuses calls for an inactive shop. */
  setInactive(shopId: string, inactive: boolean): void {
    this.state.put("shops", shopId, { ...this.#shop(shopId), inactive });
  }

  /** The owner of the shop agrees: a code for the token exchange, good for 30 minutes and one use. */
  authorize(shopId: string): string {
    return this.#consent.newCode(this.#shop(shopId).openId);
  }

  /**
   * Where TikTok sends the browser of someone who agreed or refused. Without `state` it is as if the app
   * was installed from Seller Center's app store.
   */
  answerAuthorization(answer: AuthorizationAnswer): URL {
    return redirectBack(answer, { ...this.#options, state: this.state, consent: this.#consent });
  }

  /** The tokens that the app should hold by now. */
  newestTokens(openId: string): { accessToken: string; refreshToken: string } | undefined {
    return this.#consent.newestTokens(openId);
  }

  /** All access tokens of the login have expired; its refresh token still works. */
  expireAccessToken(openId: string): void {
    this.#consent.expireAccessTokens(openId);
  }

  /** The owner of the shop withdraws consent, for all shops of the login. Send what it returns. */
  deauthorize(shopId: string): Notification {
    this.#consent.withdraw(this.#shop(shopId).openId);
    return deauthorizationNotice(shopId, this.now());
  }

  /** The type 7 notification. @param expirationTime Unix seconds. */
  expirationNotice(shopId: string, expirationTime: number): Notification {
    return expirationNotice(shopId, expirationTime, this.now());
  }

  /** A buyer orders. No webhook is sent yet. */
  addOrder(order: NewOrder): SimulatedOrder {
    const added = this.#desk.settle(makeOrder(order, Math.floor(this.now() / 1000)));
    this.state.put("orders", added.id, added);
    return added;
  }

  /** An order gets another state. No webhook is sent yet. */
  changeOrder(id: string, status: string, detail?: Record<string, unknown>): SimulatedOrder {
    const order = this.state.get("orders", id);
    if (order === undefined) throw refusals.invalid("order_id");
    const seconds = Math.floor(this.now() / 1000);
    const changed = this.#desk.settle(advanceOrder(order, status, seconds, detail));
    this.state.put("orders", id, changed);
    return changed;
  }

  /** A carrier moves a package, and with it its order. No webhook is sent yet. */
  changePackage(id: string, status: PackageStatus): SimulatedOrder {
    const found = this.state.get("packages", id);
    const order = found && this.#desk.advance(found, status);
    if (order === undefined) throw refusals.invalid("package_id");
    return order;
  }

  /** The type 1 notification of an order's present state; send it as often as you like. */
  notificationOf(order: SimulatedOrder): Notification {
    return orderNotification(order, this.now());
  }

  /** Sends a webhook. Returns the HTTP status, 0 for no answer within 3 s. */
  send(notification: Notification): Promise<number> {
    return this.#sender.send(notification);
  }

  /**
   * Sends the orders' webhooks in any order, `concurrency` at a time; when all were sent, `duplicates` of
   * them once more, as late retries. Returns every HTTP status.
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
