/** A stack whose carriers are called through a proxy, with faults of their answers to purchases. */
import assert from "node:assert/strict";
import { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";
import type { Fault } from "../../local/simulators/faults.ts";
import { environmentOf, supabaseConfigOf } from "../../local/stack/running_stack.ts";
import { readTikTokConfig } from "../../shared/config.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import {
  createLabelDependencies,
  type LabelDependencies,
} from "../../shared/shipping/dependencies.ts";
import { readLabelConfig } from "../../shared/shipping/label_config.ts";
import { EasyPostClient } from "../../shared/shipping/providers/easypost/client.ts";
import { EasyPostProvider } from "../../shared/shipping/providers/easypost/provider.ts";
import { TikTokShippingProvider } from "../../shared/shipping/providers/tiktok/provider.ts";
import { TikTokClient } from "../../shared/tiktok/api/client.ts";
import {
  type InterceptingProxy,
  type Interception,
  startInterceptingProxy,
} from "./intercepting_proxy.ts";
import {
  agePurchases,
  type Answer,
  type CallOptions,
  callShipments,
  countLabelledLines,
  countLabelsBought,
  type OrderRow,
  processLaterEvents,
  requestLabel,
} from "./labels.ts";
import { syncOrders } from "./orders.ts";
import { type ConnectedSeller, connectSeller, subscribe } from "./shop.ts";
import { startTestStack, type TestStack } from "./stack.ts";

export type ProviderName = "easypost" | "tiktok_shipping";

export const PROVIDERS = ["easypost", "tiktok_shipping"] as const;

const KEY = "EZTKlabelfaults";

/** The call that spends money, the one that looks the purchase up, and the one before. */
export const CALLS = {
  easypost: {
    buy: { method: "POST", path: /\/buy$/ },
    lookUp: { method: "GET", path: /\/shipments\/shp_\w+$/ },
    prepare: { method: "POST", path: /\/v2\/shipments$/ },
  },
  tiktok_shipping: {
    buy: { method: "POST", path: /\/202309\/packages$/ },
    lookUp: { method: "GET", path: /\/202309\/packages\/\d+$/ },
    prepare: { method: "POST", path: /\/shipping_services\/query$/ },
  },
} as const;

export const READ_ORDER = { method: "GET", path: /\/order\/202309\/orders$/ };

/** A request for a label that succeeded in the end. */
export interface Bought {
  order: OrderRow;
  key: string;
  what: string;
}

/** More of each provider than the stories of one file use. */
const ORDERS_OF_EACH = 20;

interface Parts {
  stack: TestStack;
  seller: ConnectedSeller;
  proxy: InterceptingProxy;
  /** Orders without a label. */
  waiting: Record<ProviderName, OrderRow[]>;
}

export class SpoiledCarriers implements AsyncDisposable {
  readonly stack: TestStack;
  readonly seller: ConnectedSeller;
  readonly proxy: InterceptingProxy;
  readonly #waiting: Record<ProviderName, OrderRow[]>;
  readonly #resources: AsyncDisposableStack;

  constructor({ stack, seller, proxy, waiting }: Parts, resources: AsyncDisposableStack) {
    this.stack = stack;
    this.seller = seller;
    this.proxy = proxy;
    this.#waiting = waiting;
    this.#resources = resources;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  newOrder(provider: ProviderName): OrderRow {
    return this.#waiting[provider].pop() ?? assert.fail("too few orders");
  }

  /** Ends a step: no fault is left for the next one. */
  endStep(): void {
    this.clearFaults();
    assert.equal(this.proxy.pending(), 0, "an interception met no call");
  }

  clearFaults(): void {
    for (const { faults } of [this.stack.easypost, this.stack.tiktok]) {
      faults.clear();
      faults.close();
      delete faults.observe;
    }
  }

  addFault(provider: ProviderName, call: keyof typeof CALLS.easypost, fault: Fault): void {
    this.#faultsOf(provider).add({ ...CALLS[provider][call], ...fault });
  }

  interceptPurchase(provider: ProviderName, effect: Interception["effect"]): void {
    this.proxy.intercept({ ...CALLS[provider].buy, effect });
  }

  /** The carrier sells the label, then answers its own 500. */
  failAfterPurchase(provider: ProviderName): void {
    const faults = this.#faultsOf(provider);
    const { method, path } = CALLS[provider].buy;
    faults.observe = (call) => {
      if (call.phase === "arrived" || call.method !== method || !path.test(call.path)) return;
      delete faults.observe;
      throw new Error("The simulator fails");
    };
  }

  #faultsOf(provider: ProviderName) {
    return (provider === "easypost" ? this.stack.easypost : this.stack.tiktok).faults;
  }

  requestLabel(order: OrderRow, label?: Parameters<typeof requestLabel>[3]): Promise<Answer> {
    return requestLabel(this.stack, this.seller, order.id, label);
  }

  callShipments(path: string, options?: CallOptions): Promise<Answer> {
    return callShipments(this.stack, this.seller, path, options);
  }

  readShipment(shipmentId: string): Promise<Answer> {
    return this.callShipments(`/${shipmentId}`, { method: "GET" });
  }

  async stateOf(order: OrderRow): Promise<Record<string, unknown>> {
    const rows = await this.stack.sql`
      select state, reason from private.label_purchases where order_id = ${order.id}`;
    assert.equal(rows.length, 1);
    return { ...rows[0] };
  }

  labelsBought(): number {
    return countLabelsBought(this.stack);
  }

  labelledLines(order: OrderRow): Promise<number> {
    return countLabelledLines(this.stack, order.id);
  }

  /** Asserts one complete shipment, of which TikTok was notified once. */
  async assertOneShipment(order: OrderRow, what: string): Promise<void> {
    const rows = await this.stack.sql`
      select shipments.*, purchase.state from public.shipments
      join private.label_purchases as purchase on purchase.id = shipments.id
      where shipments.order_id = ${order.id}`;
    assert.equal(rows.length, 1, what);
    const [row] = rows;
    assert.equal(row?.state, "purchased", what);
    assert.equal(row?.status, "purchased", what);
    for (const column of ["tracking_number", "label_url", "tiktok_notified_at"]) {
      assert.notEqual(row?.[column], null, `${what}: ${column}`);
    }
    const notified = this.stack.tiktok.fulfillment.shipped.filter(({ orderId }) =>
      orderId === order.tiktokId
    );
    assert.equal(notified.length, row?.provider === "easypost" ? 1 : 0, what);
    assert.equal(await this.labelledLines(order), 1, what);
  }

  /** Repeats the request: it returns the same label, and the only one that was sold. */
  async assertSold({ order, key, what }: Bought, soldBefore: number): Promise<void> {
    const again = await this.requestLabel(order, { key });
    assert.deepEqual([again.status, again.body.state], [200, "purchased"], what);
    assert.equal(this.labelsBought(), soldBefore + 1, what);
  }

  /** Asserts that the worker adds nothing: each has one label and one shipment. */
  async assertOneEach(all: Bought[]): Promise<void> {
    const sold = this.labelsBought();
    await agePurchases(this.stack);
    // Notifying TikTok may have failed while its answers were spoiled.
    await processLaterEvents(this.stack);
    for (const { order, key, what } of all) {
      const { status, body } = await this.requestLabel(order, { key });
      assert.deepEqual([status, body.state], [200, "purchased"], what);
      await this.assertOneShipment(order, what);
    }
    assert.equal(this.labelsBought(), sold);
  }

  /** The same code, database and carriers, with the timeouts of a test. */
  withShortTimeouts(): LabelDependencies {
    const env = environmentOf(this.stack.env);
    const database = createServiceClient(supabaseConfigOf(this.stack.env));
    const dependencies = createLabelDependencies(database, readLabelConfig(env));
    const tiktok = new TikTokClient(readTikTokConfig(env), { timeoutMs: 200 });
    const config = { apiKey: KEY, apiUrl: this.stack.env.EASYPOST_API_URL };
    const easypost = new EasyPostClient(config, { timeoutMs: 200, buyTimeoutMs: 200 });
    return {
      ...dependencies,
      tiktok,
      providers: {
        easypost: new EasyPostProvider(easypost),
        tiktok_shipping: new TikTokShippingProvider({ ...dependencies, tiktok }),
      },
    };
  }
}

async function receiveOrders(stack: TestStack, shopId: string): Promise<Parts["waiting"]> {
  for (let n = 0; n < ORDERS_OF_EACH; n++) {
    stack.tiktok.addOrder({ shopId, shippingType: "SELLER" });
    stack.tiktok.addOrder({ shopId, shippingType: "TIKTOK" });
  }
  await syncOrders(stack, shopId);
  const rows = await stack.sql`
    select id, tiktok_order_id as "tiktokId", shipping_type from public.orders`;
  assert.equal(rows.length, 2 * ORDERS_OF_EACH);
  const { SELLER = [], TIKTOK = [] } = Object.groupBy(
    rows as unknown as (OrderRow & { shipping_type: "SELLER" | "TIKTOK" })[],
    ({ shipping_type }) => shipping_type,
  );
  return { easypost: SELLER, tiktok_shipping: TIKTOK };
}

/** Starts the stack, whose seller has orders that wait for labels. */
export async function startSpoiledCarriers(): Promise<SpoiledCarriers> {
  await using own = new AsyncDisposableStack();
  const proxy = own.use(await startInterceptingProxy());
  const started = own.use(
    await startTestStack({
      environment: {
        EASYPOST_API_KEY: KEY,
        EASYPOST_API_URL: `${proxy.url}/easypost/v2`,
        TIKTOK_API_URL: `${proxy.url}/tiktok`,
      },
    }),
  );
  // With another EasyPost in the environment the stack starts no simulator.
  const easypost = new EasyPostSimulator({
    apiKey: KEY,
    webhookSecret: started.env.EASYPOST_WEBHOOK_SECRET,
    webhookUrl: `${started.env.SUPABASE_URL}/functions/v1/carrier-webhooks`,
    publicUrl: `${proxy.url}/easypost`,
  });
  own.defer(() => easypost.close());
  const stack = Object.assign(started, { easypost });
  Object.assign(proxy.carriers, { easypost: easypost.fetch, tiktok: stack.tiktok.fetch });
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const waiting = await receiveOrders(stack, seller.shopId);
  return new SpoiledCarriers({ stack, seller, proxy, waiting }, own.move());
}
