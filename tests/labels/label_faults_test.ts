/**
 * The carrier's answer to a purchase is lost, cut short, late or unknown. The seller learns what is certain
 * and what is not; however often the request is repeated, one label is bought.
 */
import assert from "node:assert/strict";
import { environmentOf, supabaseConfigOf } from "../../local/stack/running_stack.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { readTikTokConfig } from "../../shared/config.ts";
import { buyLabel } from "../../shared/shipping/buy_label.ts";
import { EasyPostClient } from "../../shared/shipping/providers/easypost/client.ts";
import {
  createLabelDependencies,
  type LabelDependencies,
} from "../../shared/shipping/dependencies.ts";
import { EasyPostProvider } from "../../shared/shipping/providers/easypost/provider.ts";
import { TikTokShippingProvider } from "../../shared/shipping/providers/tiktok/provider.ts";
import type { RequestedLabel } from "../../shared/shipping/purchases.ts";
import { readLabelConfig } from "../../shared/shipping/label_config.ts";
import { Parcel } from "../../shared/shipping/parcel.ts";
import { TikTokClient } from "../../shared/tiktok/api/client.ts";
import { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";
import type { Fault } from "../../local/simulators/faults.ts";
import { DOUBTFUL_CODES } from "../../local/simulators/tiktok/fulfillment_refusals.ts";
import {
  agePurchases,
  type Answer,
  callShipments,
  countLabelledLines,
  countLabelsBought,
  FROM,
  healthOf,
  lineItemIdsOf,
  type OrderRow,
  PARCEL,
  processDueEvents,
  processLaterEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import {
  type InterceptingProxy,
  type Interception,
  startInterceptingProxy,
} from "../support/intercepting_proxy.ts";
import { syncOrders, unitsOf } from "../support/orders.ts";
import { labelErrorOf } from "../support/purchases.ts";
import { type ConnectedSeller, connectSeller, subscribe } from "../support/shop.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

type ProviderName = "easypost" | "tiktok_shipping";

const PROVIDERS = ["easypost", "tiktok_shipping"] as const;

const KEY = "EZTKlabelfaults";

/** The call that spends money, the one that looks the purchase up, and the one before. */
const CALLS = {
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

const READ_ORDER = { method: "GET", path: /\/order\/202309\/orders$/ };

let proxy: InterceptingProxy;
let stack: TestStack;
let seller: ConnectedSeller;
/** Orders without a label. */
const waiting: Record<ProviderName, OrderRow[]> = { easypost: [], tiktok_shipping: [] };

const step = testOnOneStack("faults of the carrier's answers", async () => {
  await using own = new AsyncDisposableStack();
  proxy = own.use(await startInterceptingProxy());
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
  stack = Object.assign(started, { easypost });
  Object.assign(proxy.carriers, { easypost: easypost.fetch, tiktok: stack.tiktok.fetch });
  seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  await receiveOrders();
  return own.move();
}, () => {
  clearFaults();
  assert.equal(proxy.pending(), 0, "an interception met no call");
});

function clearFaults(): void {
  for (const { faults } of [stack.easypost, stack.tiktok]) {
    faults.clear();
    faults.close();
    delete faults.observe;
  }
}

function addFault(provider: ProviderName, call: keyof typeof CALLS.easypost, fault: Fault): void {
  const { faults } = provider === "easypost" ? stack.easypost : stack.tiktok;
  faults.add({ ...CALLS[provider][call], ...fault });
}

function interceptPurchase(provider: ProviderName, effect: Interception["effect"]): void {
  proxy.intercept({ ...CALLS[provider].buy, effect });
}

/** More than the steps use. */
const ORDERS_OF_EACH = 40;

async function receiveOrders(): Promise<void> {
  const { shopId } = seller;
  for (let n = 0; n < ORDERS_OF_EACH; n++) {
    stack.tiktok.addOrder({ shopId, shippingType: "SELLER" });
    stack.tiktok.addOrder({ shopId, shippingType: "TIKTOK" });
  }
  await syncOrders(stack, shopId);
  const rows = await stack.sql`select id, tiktok_order_id, shipping_type from public.orders`;
  assert.equal(rows.length, 2 * ORDERS_OF_EACH);
  for (const { id, tiktok_order_id, shipping_type } of rows) {
    const provider = shipping_type === "SELLER" ? "easypost" : "tiktok_shipping";
    waiting[provider].push({ id, tiktokId: tiktok_order_id });
  }
}

function newOrder(provider: ProviderName): OrderRow {
  const order = waiting[provider].pop();
  assert.ok(order, "too few orders");
  return order;
}

async function readShipment(shipmentId: string): Promise<Answer> {
  return await callShipments(stack, seller, `/${shipmentId}`, { method: "GET" });
}

async function stateOf(order: OrderRow): Promise<Record<string, unknown>> {
  const rows = await stack.sql`
    select state, reason from private.label_purchases where order_id = ${order.id}`;
  assert.equal(rows.length, 1);
  return { ...rows[0] };
}

/** Asserts one complete shipment, of which TikTok was notified once. */
async function assertOneShipment(order: OrderRow, what: string): Promise<void> {
  const rows = await stack.sql`
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
  const notified = stack.tiktok.fulfillment.shipped.filter(({ orderId }) =>
    orderId === order.tiktokId
  );
  assert.equal(notified.length, row?.provider === "easypost" ? 1 : 0, what);
  assert.equal(await countLabelledLines(stack, order.id), 1, what);
}

interface LostAnswer {
  what: string;
  spoil: (provider: ProviderName) => void;
  provider?: ProviderName;
}

const fault = (kind: Fault["kind"]) => (provider: ProviderName) =>
  addFault(provider, "buy", { kind, count: 1 });

/** The carrier sells the label, and its answer does not arrive. */
const BOUGHT: LostAnswer[] = [
  { what: "a page instead of JSON", spoil: fault("not_json") },
  { what: "half of the answer", spoil: fault("truncated") },
  { what: "504, and bought", spoil: fault("lost") },
  { what: "500, and bought", spoil: failAfterPurchase },
  {
    what: "the connection closed after the purchase",
    spoil: (provider) => interceptPurchase(provider, "lose_answer"),
  },
  {
    what: "503 of a proxy, and bought",
    spoil: (provider) => interceptPurchase(provider, () => page(503)),
  },
  ...(["SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"] as const).map((code) => ({
    what: code,
    spoil: () => void stack.easypost.behaviour.doubtfulBuys.push(code),
    provider: "easypost" as const,
  })),
  ...DOUBTFUL_CODES.map((code) => ({
    what: `${code}, and bought`,
    spoil: () => void stack.tiktok.fulfillment.doubtfulBuys.push(code),
    provider: "tiktok_shipping" as const,
  })),
];

const NOT_BOUGHT: LostAnswer[] = [
  { what: "500, nothing bought", spoil: fault("internal") },
  {
    what: "the connection closed before the purchase",
    spoil: (provider) => interceptPurchase(provider, "lose_call"),
  },
  {
    what: "503 of a proxy, nothing bought",
    spoil: (provider) => {
      addFault(provider, "buy", { kind: "rate_limit", count: 1 });
      interceptPurchase(provider, () => page(503));
    },
  },
];

function page(status: number) {
  // Longer than our client waits before its own second attempt.
  const headers = { "content-type": "text/html", "retry-after": "60" };
  return { status, headers, body: "<html>Sorry</html>" };
}

function failAfterPurchase(provider: ProviderName): void {
  const { faults } = provider === "easypost" ? stack.easypost : stack.tiktok;
  const { method, path } = CALLS[provider].buy;
  faults.observe = (call) => {
    if (call.phase === "arrived" || call.method !== method || !path.test(call.path)) return;
    delete faults.observe;
    throw new Error("The simulator fails");
  };
}

/** Every fault of each provider that may have it. */
function* casesOf(faults: LostAnswer[]): Generator<[ProviderName, LostAnswer]> {
  for (const provider of PROVIDERS) {
    for (const one of faults) {
      if (one.provider === undefined || one.provider === provider) yield [provider, one];
    }
  }
}

interface Bought {
  order: OrderRow;
  key: string;
  what: string;
}

/** Repeats the request: it returns the same label, and the only one that was sold. */
async function assertSold({ order, key, what }: Bought, soldBefore: number): Promise<void> {
  const again = await requestLabel(stack, seller, order.id, { key });
  assert.deepEqual([again.status, again.body.state], [200, "purchased"], what);
  assert.equal(countLabelsBought(stack), soldBefore + 1, what);
}

/** Asserts that the worker adds nothing: each has one label and one shipment. */
async function assertOneEach(all: Bought[]): Promise<void> {
  const sold = countLabelsBought(stack);
  await agePurchases(stack);
  // Notifying TikTok may have failed while its answers were spoiled.
  await processLaterEvents(stack);
  for (const { order, key, what } of all) {
    const { status, body } = await requestLabel(stack, seller, order.id, { key });
    assert.deepEqual([status, body.state], [200, "purchased"], what);
    await assertOneShipment(order, what);
  }
  assert.equal(countLabelsBought(stack), sold);
}

step(
  "a purchase whose answer is lost or unreadable is found at the carrier and adopted at once",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(BOUGHT)) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      spoil(provider);
      const { status, body } = await requestLabel(stack, seller, order.id, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.state, "purchased", what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

/** Unknown values and fields, and characters and dates that Postgres cannot store. */
const ODD: Record<ProviderName, (json: Record<string, unknown>) => unknown> = {
  easypost: ({ tracker, selected_rate, ...shipment }) => ({
    ...shipment,
    status: "teleported",
    tracker: {
      ...tracker as object,
      status: "teleported",
      status_detail: "beamed",
      est_delivery_date: "+275760-09-13T00:00:00Z",
    },
    selected_rate: { ...selected_rate as object, service: "Ground\0\ud800" },
    refund_status: { pondered: true },
    novelty: {},
  }),
  tiktok_shipping: ({ data, ...envelope }) => ({
    ...envelope,
    data: {
      ...data as object,
      package_status: "TELEPORTED",
      shipping_provider_name: "Pigeon\0\ud800",
      shipping_service_info: {
        shipping_provider_name: "Pigeon\0\ud800",
        name: "Pigeon\0",
        latest_delivery_days: 3_000_000,
      },
      novelty: {},
    },
  }),
};

step("unknown values in the answer, or in the lookup after it, do no harm", async () => {
  const all: Bought[] = [];
  for (const provider of PROVIDERS) {
    for (const call of ["buy", "lookUp"] as const) {
      const what = `${provider}, ${call}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      if (call === "lookUp") addFault(provider, "buy", { kind: "lost", count: 1 });
      proxy.intercept({
        ...CALLS[provider][call],
        effect: (answer) => ({
          ...answer,
          body: JSON.stringify(ODD[provider](JSON.parse(answer.body))),
        }),
      });
      const { status, body } = await requestLabel(stack, seller, order.id, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.status, "purchased", what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
  }
  await assertOneEach(all);
});

step(
  "while the outcome is unknown, the seller learns so, and the units stay with that purchase",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(BOUGHT.slice(4, 6))) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      spoil(provider);
      // Longer than the client waits: it makes no second attempt.
      addFault(provider, "lookUp", { kind: "rate_limit", retryAfterSeconds: 60, count: 2 });
      const { status, body, headers } = await requestLabel(stack, seller, order.id, { key });
      assert.equal(status, 504, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "outcome_unknown", what);
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.ok(Number(headers.get("retry-after")) > 0, what);
      assert.equal(countLabelsBought(stack), sold + 1, what);

      const unknown = await readShipment(body.shipment_id);
      assert.equal(unknown.status, 200, what);
      assert.equal(unknown.body.state, "unknown", what);
      assert.equal(unknown.body.tracking_number, null, what);
      const [line] = unknown.body.line_item_ids;
      const [other, named] = await Promise.all([
        requestLabel(stack, seller, order.id),
        requestLabel(stack, seller, order.id, { line_item_ids: [line] }),
      ]);
      assert.deepEqual([other.status, other.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual([named.status, named.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual(await healthOf(stack, "labels_unknown"), { value: 1, status: "warning" });
      // The carrier still cannot be read.
      const still = await requestLabel(stack, seller, order.id, { key });
      assert.deepEqual([still.status, still.body.shipment_id], [504, body.shipment_id], what);
      assert.equal(countLabelsBought(stack), sold + 1, what);
      await processDueEvents(stack);
      assert.deepEqual(await healthOf(stack, "labels_unknown"), { value: 0, status: "healthy" });
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
      assert.equal((await readShipment(body.shipment_id)).body.state, "purchased", what);
    }
    await assertOneEach(all);
  },
);

step(
  "a purchase that bought nothing fails after two minutes, and the same key buys the label",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(NOT_BOUGHT)) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      spoil(provider);
      const first = await requestLabel(stack, seller, order.id, { key });
      assert.deepEqual([first.status, first.body.code], [504, "outcome_unknown"], what);
      // The call may still be on its way to the carrier.
      for (let n = 0; n < 2; n++) {
        const again = await requestLabel(stack, seller, order.id, { key });
        assert.deepEqual([again.status, again.body.code], [504, "outcome_unknown"], what);
      }
      await processDueEvents(stack);
      assert.deepEqual(await stateOf(order), { state: "unknown", reason: "outcome_unknown" }, what);
      assert.equal(await countLabelledLines(stack, order.id), 1, what);

      await agePurchases(stack);
      await processLaterEvents(stack);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: "not_bought" }, what);
      assert.equal(await countLabelledLines(stack, order.id), 0, what);
      assert.equal((await readShipment(first.body.shipment_id)).body.state, "failed", what);
      assert.equal(countLabelsBought(stack), sold, what);

      const bought = await requestLabel(stack, seller, order.id, { key });
      assert.deepEqual([bought.status, bought.body.id], [201, first.body.shipment_id], what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

step(
  "where the carrier certainly sold nothing, the answer says so, and the same key buys at once",
  async () => {
    const all: Bought[] = [];
    const withoutWait = ({ headers: { "retry-after": _, ...headers }, ...answer }: {
      headers: Record<string, string>;
      status: number;
      body: string;
    }) => ({ ...answer, headers });
    const busy = (retryAfterSeconds: number, count: number) => (provider: ProviderName) =>
      addFault(provider, "buy", { kind: "rate_limit", retryAfterSeconds, count });
    const cases: [ProviderName, string, (provider: ProviderName) => void, unknown[]][] = [
      ["easypost", "429", busy(7, 1), [503, "carrier_busy", "7"]],
      ["tiktok_shipping", "429", busy(7, 1), [503, "carrier_busy", "7"]],
      ["easypost", "429 without Retry-After", (provider) => {
        busy(7, 1)(provider);
        interceptPurchase(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      // Calls that TikTok rate-limits are sent again, twice.
      ["tiktok_shipping", "429 without Retry-After", (provider) => {
        busy(7, 3)(provider);
        for (let n = 0; n < 3; n++) interceptPurchase(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      ["easypost", "no funds", () => stack.easypost.accounts.balance = "0.00", [
        402,
        "funds_missing",
        null,
      ]],
      ["easypost", "refused", (provider) => {
        interceptPurchase(provider, (answer) => ({
          ...answer,
          status: 422,
          body: '{"error":{"code":"SHIPMENT.POSTAGE.FAILURE","message":"No.","errors":[]}}',
        }));
        addFault(provider, "buy", { kind: "internal", count: 1 });
      }, [422, "carrier_refused", null]],
    ];
    for (const [provider, name, spoil, expected] of cases) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      spoil(provider);
      const { status, body, headers } = await requestLabel(stack, seller, order.id, { key });
      assert.deepEqual([status, body.code, headers.get("retry-after")], expected, what);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: body.code }, what);
      assert.equal(await countLabelledLines(stack, order.id), 0, what);
      assert.equal(countLabelsBought(stack), sold, what);
      stack.easypost.accounts.balance = "1000.00";
      const bought = await requestLabel(stack, seller, order.id, { key });
      assert.equal(bought.status, 201, what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

step(
  "a failure before the purchase buys nothing, and the same key buys at once",
  async () => {
    const all: Bought[] = [];
    const wait = { retryAfterSeconds: 60 };
    const cases: [ProviderName, "order" | "prepare", Fault, number, string][] = [
      ["easypost", "prepare", { kind: "internal" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "html" }, 503, "carrier_busy"],
      ["easypost", "prepare", { kind: "rate_limit", ...wait }, 503, "carrier_busy"],
      ["easypost", "prepare", { kind: "lost" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "not_json" }, 502, "carrier_unavailable"],
      ["easypost", "prepare", { kind: "truncated" }, 502, "carrier_unavailable"],
      ["tiktok_shipping", "prepare", { kind: "rate_limit", ...wait }, 503, "carrier_busy"],
      ["tiktok_shipping", "prepare", { kind: "not_json" }, 502, "tiktok_unavailable"],
      ["tiktok_shipping", "prepare", { kind: "truncated" }, 502, "tiktok_unavailable"],
      ["easypost", "order", { kind: "truncated" }, 502, "tiktok_unavailable"],
      ["tiktok_shipping", "order", { kind: "not_json" }, 502, "tiktok_unavailable"],
    ];
    for (const [provider, call, spoiled, status, code] of cases) {
      const what = `${provider}, ${call}, ${spoiled.kind}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = countLabelsBought(stack);
      if (call === "order") stack.tiktok.faults.add({ ...READ_ORDER, ...spoiled });
      else addFault(provider, call, spoiled);
      const first = await requestLabel(stack, seller, order.id, { key });
      assert.deepEqual([first.status, first.body.code], [status, code], what);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: code }, what);
      assert.equal(await countLabelledLines(stack, order.id), 0, what);
      if (call === "prepare") {
        const body = { order_id: order.id, parcel: PARCEL, from: FROM };
        const rates = await callShipments(stack, seller, "/rates", { body });
        assert.deepEqual([rates.status, rates.body.code], [status, code], what);
      }
      assert.equal(countLabelsBought(stack), sold, what);
      clearFaults();
      assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 201, what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

step("a token that expires in the middle is refreshed once, and the label bought", async () => {
  const all: Bought[] = [];
  const { openId = "" } = stack.tiktok.state.get("shops", seller.shopId) ?? {};
  const cases: [ProviderName, string, { method: string; path: RegExp }][] = [
    ["tiktok_shipping", "before the services", READ_ORDER],
    ["tiktok_shipping", "before the purchase", CALLS.tiktok_shipping.prepare],
    ["tiktok_shipping", "before the label is drawn", CALLS.tiktok_shipping.buy],
    ["easypost", "before TikTok is notified", READ_ORDER],
  ];
  for (const [provider, what, last] of cases) {
    const order = newOrder(provider);
    const key = crypto.randomUUID();
    const sold = countLabelsBought(stack);
    const refreshes = stack.tiktok.refreshes.length;
    // A login is refreshed at most once a minute.
    await stack.sql`update private.tiktok_logins set last_refreshed_at = now() - interval '1 day'`;
    stack.tiktok.faults.observe = ({ method, path, phase }) => {
      if (phase === "arrived" || method !== last.method || !last.path.test(path)) return;
      delete stack.tiktok.faults.observe;
      stack.tiktok.expireAccessToken(openId);
    };
    assert.equal((await requestLabel(stack, seller, order.id, { key })).status, 201, what);
    await processDueEvents(stack);
    assert.equal(stack.tiktok.refreshes.length, refreshes + 1, what);
    await assertSold({ order, key, what }, sold);
    all.push({ order, key, what });
  }
  await assertOneEach(all);
});

/** The same code, database and carriers, with the timeouts of a test. */
function labelsWithShortTimeouts(): LabelDependencies {
  const env = environmentOf(stack.env);
  const database = createServiceClient(supabaseConfigOf(stack.env));
  const dependencies = createLabelDependencies(database, readLabelConfig(env));
  const tiktok = new TikTokClient(readTikTokConfig(env), { timeoutMs: 200 });
  const config = { apiKey: KEY, apiUrl: stack.env.EASYPOST_API_URL };
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

function labelFor({ id }: OrderRow): RequestedLabel {
  return {
    userId: seller.id,
    idempotencyKey: id,
    hash: id,
    request: {
      order_id: id,
      parcel: Parcel.parse(PARCEL),
      service: "cheapest",
      label_format: "PDF",
      sender: FROM,
    },
  };
}

/** Asserts that the purchase ends with an unknown outcome; returns the id of its shipment. */
async function buyWithUnknownOutcome(
  dependencies: LabelDependencies,
  order: OrderRow,
): Promise<string> {
  const { code, shipmentId = "" } = await labelErrorOf(buyLabel(dependencies, labelFor(order)));
  assert.equal(code, "outcome_unknown");
  return shipmentId;
}

step(
  "a label that is sold after another was bought is shown, to be voided, and TikTok keeps the other's number",
  async () => {
    const order = newOrder("easypost");
    const sold = countLabelsBought(stack);
    addFault("easypost", "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    const lateId = await buyWithUnknownOutcome(labelsWithShortTimeouts(), order);
    await agePurchases(stack);
    await processDueEvents(stack);
    assert.deepEqual(await stateOf(order), { state: "failed", reason: "not_bought" });
    const other = await requestLabel(stack, seller, order.id);
    assert.equal(other.status, 201);
    await processDueEvents(stack);
    clearFaults();
    await until(
      "the carrier has sold both labels",
      () => Promise.resolve(countLabelsBought(stack) === sold + 2),
    );
    const late = stack.easypost.state.findShipment(lateId)?.purchase;
    await stack.easypost.advanceTracker(late?.trackingCode ?? "", "pre_transit");
    await processDueEvents(stack);

    const { body } = await readShipment(lateId);
    assert.deepEqual([body.state, body.status, body.advice, body.advice_reason], [
      ...["purchased", "purchased", "void_advised", "labelled_twice"],
    ]);
    const told = () =>
      stack.tiktok.fulfillment.shipped.filter(({ orderId }) => orderId === order.tiktokId)
        .map(({ trackingNumber }) => trackingNumber);
    assert.deepEqual(told(), [other.body.tracking_number]);
    // The carrier refuses the refund: the other label's number stays even so.
    stack.easypost.behaviour.refundStatus = "rejected";
    await callShipments(stack, seller, `/${lateId}/void`);
    stack.easypost.behaviour.refundStatus = "submitted";
    await processDueEvents(stack);
    assert.deepEqual(told(), [other.body.tracking_number]);
  },
);

step(
  "a label that is sold late takes the units of the other one over, if that one is voided",
  async () => {
    const order = await receiveOrder(stack, seller, { quantity: 2 });
    const sold = countLabelsBought(stack);
    addFault("easypost", "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    const lateId = await buyWithUnknownOutcome(labelsWithShortTimeouts(), order);
    await agePurchases(stack);
    await processDueEvents(stack);
    const other = await requestLabel(stack, seller, order.id);
    await processDueEvents(stack);
    clearFaults();
    await until(
      "the carrier has sold both labels",
      () => Promise.resolve(countLabelsBought(stack) === sold + 2),
    );
    const late = stack.easypost.state.findShipment(lateId)?.purchase?.trackingCode;
    await stack.easypost.advanceTracker(late ?? "", "pre_transit");
    await processDueEvents(stack);
    assert.equal((await readShipment(lateId)).body.advice_reason, "labelled_twice");

    // The seller has packed the late one.
    stack.easypost.behaviour.refundStatus = "refunded";
    const voided = await callShipments(stack, seller, `/${other.body.id}/void`);
    stack.easypost.behaviour.refundStatus = "submitted";
    assert.deepEqual([voided.status, voided.body.state], [200, "voided"]);
    await processDueEvents(stack);
    const { body } = await readShipment(lateId);
    assert.deepEqual([body.advice, body.advice_reason, body.tiktok_error], [null, null, null]);
    assert.notEqual(body.tiktok_notified_at, null);
    assert.deepEqual(unitsOf(stack, order.tiktokId).map(({ tracking_number }) => tracking_number), [
      ...[late, late],
    ]);
    const third = await requestLabel(stack, seller, order.id);
    assert.deepEqual([third.status, third.body.code], [422, "already_shipped"]);
    assert.equal(countLabelsBought(stack), sold + 2);
  },
);

step(
  "a label that is sold late gives its number only to the units that have no other label",
  async () => {
    const order = await receiveOrder(stack, seller, { quantity: 2 });
    const [first] = lineItemIdsOf(stack, order.tiktokId);
    const sold = countLabelsBought(stack);
    addFault("easypost", "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    const lateId = await buyWithUnknownOutcome(labelsWithShortTimeouts(), order);
    await agePurchases(stack);
    await processDueEvents(stack);
    const other = await requestLabel(stack, seller, order.id, { line_item_ids: [first] });
    assert.equal(other.status, 201, other.body.detail);
    await processDueEvents(stack);
    clearFaults();
    await until(
      "the carrier has sold both labels",
      () => Promise.resolve(countLabelsBought(stack) === sold + 2),
    );
    const late = stack.easypost.state.findShipment(lateId)?.purchase?.trackingCode;
    await stack.easypost.advanceTracker(late ?? "", "pre_transit");
    await processDueEvents(stack);

    assert.deepEqual(unitsOf(stack, order.tiktokId).map(({ tracking_number }) => tracking_number), [
      other.body.tracking_number,
      late,
    ]);
    assert.notEqual((await readShipment(lateId)).body.tiktok_notified_at, null);
  },
);

for (const provider of PROVIDERS) {
  step(`${provider}: a purchase whose answer is late is looked up and adopted`, async () => {
    const order = newOrder(provider);
    const sold = countLabelsBought(stack);
    addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
    const { created, shipment } = await buyLabel(labelsWithShortTimeouts(), labelFor(order));
    assert.deepEqual([created, shipment.state], [true, "purchased"]);
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + 1);
    await assertOneShipment(order, provider);
  });

  step(`${provider}: a late purchase whose lookup is late too is settled later`, async () => {
    const dependencies = labelsWithShortTimeouts();
    const order = newOrder(provider);
    const sold = countLabelsBought(stack);
    addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
    addFault(provider, "lookUp", { kind: "hang", delayMs: 5000, count: 1 });
    const shipmentId = await buyWithUnknownOutcome(dependencies, order);
    assert.equal((await readShipment(shipmentId)).body.state, "unknown");
    await processDueEvents(stack);
    const settled = await buyLabel(dependencies, labelFor(order));
    assert.deepEqual([settled.created, settled.shipment.state], [false, "purchased"]);
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + 1);
    await assertOneShipment(order, provider);
  });

  step(`${provider}: a label that is sold after its purchase failed is found again`, async () => {
    const dependencies = labelsWithShortTimeouts();
    const order = newOrder(provider);
    const sold = countLabelsBought(stack);
    addFault(provider, "buy", { kind: "delay", delayMs: 60_000, count: 1 });
    await buyWithUnknownOutcome(dependencies, order);
    await agePurchases(stack);
    await processDueEvents(stack);
    assert.deepEqual(await stateOf(order), { state: "failed", reason: "not_bought" });
    clearFaults();
    await until(
      "the carrier has sold the label",
      () => Promise.resolve(countLabelsBought(stack) > sold),
    );
    const found = await buyLabel(dependencies, labelFor(order));
    assert.deepEqual([found.created, found.shipment.state], [true, "purchased"]);
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + 1);
    await assertOneShipment(order, provider);
  });
}
