/** Calls a simulator as our backend does: with Stripe's own client, over HTTP, with the clock of the test. */
import Stripe from "stripe";
import type { StripeSimulatorOptions } from "../../local/simulators/stripe/options.ts";
import { StripeSimulator } from "../../local/simulators/stripe/simulator.ts";

export const KEY = "sk_test_simulated0";
export const SECRET = "whsec_simulated";
export const NOW = 1_790_000_000_000;

export class Caller implements AsyncDisposable {
  readonly simulator: StripeSimulator;
  readonly client: Stripe;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  now = NOW;

  /** Without other wishes, events wait in `pendingEvents`. */
  constructor(options: Partial<StripeSimulatorOptions> = {}) {
    this.simulator = new StripeSimulator({
      secretKey: KEY,
      webhookSecret: SECRET,
      webhookUrl: "http://127.0.0.1:1/",
      autoSend: false,
      now: () => this.now,
      ...options,
    });
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.simulator.fetch(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
    this.client = this.clientWith({ key: options.secretKey ?? KEY });
  }

  clientWith({ key = KEY, ...config }: { key?: string } & Stripe.StripeConfig = {}): Stripe {
    return new Stripe(key, {
      host: "127.0.0.1",
      port: this.#server.addr.port,
      protocol: "http",
      httpClient: Stripe.createFetchHttpClient(),
      maxNetworkRetries: 0,
      telemetry: false,
      ...config,
    });
  }

  /** A call as it is on the wire. */
  fetch(method: string, path: string, form?: Record<string, string>, headers = {}) {
    return fetch(`${this.url}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: `Bearer ${KEY}`, ...headers },
      ...(form && { body: new URLSearchParams(form) }),
    });
  }

  /** A customer with a card, unless `card` is null. */
  async customer(card: string | null = "pm_card_visa", fields: Stripe.CustomerCreateParams = {}) {
    return await this.client.customers.create({
      email: "seller@example.com",
      ...fields,
      ...(card !== null &&
        { payment_method: card, invoice_settings: { default_payment_method: card } }),
    });
  }

  /** A subscription of the starter plan, unless `fields` says otherwise. */
  async subscription(
    { card = "pm_card_visa", ...fields }:
      & { card?: string | null }
      & Partial<Stripe.SubscriptionCreateParams> = {},
  ) {
    const customer = fields.customer ?? (await this.customer(card)).id;
    return await this.client.subscriptions.create({
      customer,
      items: [{ price: "price_starter" }],
      ...fields,
    });
  }

  /** Takes the types of what has happened since. */
  taken(): string[] {
    return this.simulator.pendingEvents.splice(0).map(({ type }) => type);
  }

  /** All that the simulator has, by kind: what a refused call leaves alone. */
  counts(): Record<string, number> {
    const { state } = this.simulator;
    const kinds = [
      ...["customers", "subscriptions", "invoices", "paymentIntents", "charges"] as const,
      ...["checkoutSessions", "events", "products", "prices"] as const,
    ];
    return Object.fromEntries(kinds.map((kind) => [kind, state.all(kind).length]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.settled();
    await this.#server.shutdown();
    this.simulator.close();
  }
}

/** What a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error("The call was not refused");
}
