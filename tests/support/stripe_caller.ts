/** A Stripe simulator on a port of its own, and Stripe's client for it; the test sets the time. */
import Stripe from "stripe";
import type { Subscription } from "../../local/simulators/stripe/objects.ts";
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

  /** Events wait in `pendingEvents`, unless the options say otherwise. */
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

  /** A call without Stripe's client. */
  fetch(method: string, path: string, form?: Record<string, string>, headers = {}) {
    return fetch(`${this.url}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: `Bearer ${KEY}`, ...headers },
      ...(form && { body: new URLSearchParams(form) }),
    });
  }

  /** A customer with a default card, unless `card` is null. */
  async customer(card: string | null = "pm_card_visa", fields: Stripe.CustomerCreateParams = {}) {
    return await this.client.customers.create({
      email: "seller@example.com",
      ...fields,
      ...(card !== null &&
        { payment_method: card, invoice_settings: { default_payment_method: card } }),
    });
  }

  /** A subscription to the starter plan, unless `fields` says otherwise. */
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

  /** The latest invoice of a subscription. */
  invoiceOf({ latest_invoice: id }: Stripe.Subscription | Subscription) {
    const invoice = this.simulator.state.get("invoices", String(id));
    if (invoice === undefined) throw new Error(`There is no invoice ${id}`);
    return invoice;
  }

  /** Removes the pending events, and returns their types. */
  takeTypes(): string[] {
    return this.simulator.pendingEvents.splice(0).map(({ type }) => type);
  }

  /** The number of objects by kind, to check that a refused call changes nothing. */
  counts(): Record<string, number> {
    const { state } = this.simulator;
    const kinds = [
      ...["customers", "subscriptions", "invoices", "paymentIntents", "charges"] as const,
      ...["checkoutSessions", "portalSessions", "events", "products", "prices"] as const,
    ];
    return Object.fromEntries(kinds.map((kind) => [kind, state.all(kind).length]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.settled();
    await this.#server.shutdown();
    this.simulator.close();
  }
}

/** The error of a call that fails. */
export async function errorOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error("The call did not fail");
}
