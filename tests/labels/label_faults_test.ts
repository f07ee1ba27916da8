/**
 * What the carrier answers to a purchase is lost, cut short, late, or in words that nobody knows. The
 * seller hears what is certain and what is not; however often it is asked for again, one label is bought.
 */
import assert from "node:assert/strict";
import { supabaseConfigOf, workerConfigOf } from "../../local/stack/running_stack.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { createServiceClient } from "../../shared/database/client.ts";
import { Problem } from "../../shared/http/problem.ts";
import { buyLabel } from "../../shared/shipping/buy_label.ts";
import { EasyPostClient } from "../../shared/shipping/providers/easypost/client.ts";
import {
  createLabelDependencies,
  type LabelDependencies,
} from "../../shared/shipping/dependencies.ts";
import type { LabelRequest } from "../../shared/shipping/purchases.ts";
import { TikTokClient } from "../../shared/tiktok/api/client.ts";
import { EasyPostSimulator } from "../../local/simulators/easypost/simulator.ts";
import type { Fault } from "../../local/simulators/faults.ts";
import {
  agePurchases,
  type Answer,
  buy,
  callShipments,
  FROM,
  healthOf,
  labelsSold,
  type OrderRow,
  PARCEL,
  takenLines,
  workEvents,
  workLater,
} from "../support/labels.ts";
import { type Meddler, type Meddling, startMeddler } from "../support/meddler.ts";
import { type ConnectedSeller, connectSeller, subscribe } from "../support/shop.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

type ProviderName = "easypost" | "tiktok_shipping";

const PROVIDERS = ["easypost", "tiktok_shipping"] as const;

const KEY = "EZTKlabelfaults";

/** The call that spends money, and those that look it up and come before it. */
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

let meddler: Meddler;
let stack: TestStack;
let seller: ConnectedSeller;
/** Orders that nobody asked a label for. */
const waiting: Record<ProviderName, OrderRow[]> = { easypost: [], tiktok_shipping: [] };

const step = testOnOneStack("the carrier's answers go wrong", async () => {
  const own = new AsyncDisposableStack();
  meddler = own.use(await startMeddler());
  const started = own.use(
    await startTestStack({
      environment: {
        EASYPOST_API_KEY: KEY,
        EASYPOST_API_URL: `${meddler.url}/easypost/v2`,
        TIKTOK_API_URL: `${meddler.url}/tiktok`,
      },
    }),
  );
  // Where the functions are given another EasyPost, the stack starts none.
  const easypost = new EasyPostSimulator({
    apiKey: KEY,
    webhookSecret: started.env.EASYPOST_WEBHOOK_SECRET,
    webhookUrl: `${started.env.SUPABASE_URL}/functions/v1/carrier-webhooks`,
    publicUrl: `${meddler.url}/easypost`,
  });
  own.defer(() => easypost.close());
  stack = Object.assign(started, { easypost });
  Object.assign(meddler.carriers, { easypost: easypost.fetch, tiktok: stack.tiktok.fetch });
  seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  await receiveOrders();
  return own;
}, () => {
  clearFaults();
  assert.equal(meddler.waiting(), 0, "a meddling met no call");
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

function meddle(provider: ProviderName, how: Meddling["how"]): void {
  meddler.meddle({ ...CALLS[provider].buy, how });
}

/** More than the steps use. */
const ORDERS_OF_EACH = 40;

async function receiveOrders(): Promise<void> {
  const { shopId } = seller;
  const placed = PROVIDERS.flatMap((provider) =>
    Array.from({ length: ORDERS_OF_EACH }, () => {
      const shippingType = provider === "easypost" ? "SELLER" as const : "TIKTOK" as const;
      return stack.tiktok.addOrder({ shopId, shippingType });
    })
  );
  await stack.tiktok.sendShuffled(placed);
  const rows = await until("the orders are in", async () => {
    const rows = await stack.sql`select id, tiktok_order_id, shipping_type from public.orders`;
    return rows.length === placed.length && rows;
  });
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

async function look(shipmentId: string): Promise<Answer> {
  return await callShipments(stack, seller, `/${shipmentId}`, { method: "GET" });
}

async function stateOf(order: OrderRow): Promise<Record<string, unknown>> {
  const rows = await stack.sql`
    select state, reason from private.label_purchases where order_id = ${order.id}`;
  assert.equal(rows.length, 1);
  return { ...rows[0] };
}

/** What the purchase has come to: one shipment that lacks nothing, and TikTok told once. */
async function assertOneShipment(order: OrderRow, what: string): Promise<void> {
  const rows = await stack.sql`
    select shipments.*, purchase.state from public.shipments
    join private.label_purchases as purchase on purchase.id = shipments.id
    where shipments.order_id = ${order.id}`;
  assert.equal(rows.length, 1, what);
  const [row] = rows;
  assert.equal(row?.state, "purchased", what);
  assert.equal(row?.status, "purchased", what);
  for (const column of ["tracking_number", "label_url", "tiktok_told_at"]) {
    assert.notEqual(row?.[column], null, `${what}: ${column}`);
  }
  const told = stack.tiktok.fulfillment.shipped.filter(({ orderId }) => orderId === order.tiktokId);
  assert.equal(told.length, row?.provider === "easypost" ? 1 : 0, what);
  assert.equal(await takenLines(stack, order.id), 1, what);
}

interface Doubt {
  what: string;
  spoil: (provider: ProviderName) => void;
  /** Whether the label is bought all the same. */
  bought: boolean;
  provider?: ProviderName;
}

const fault = (kind: Fault["kind"]) => (provider: ProviderName) =>
  addFault(provider, "buy", { kind, count: 1 });

/** The carrier sold the label, and nobody heard so. */
const UNHEARD: Doubt[] = [
  { what: "a page instead of JSON", spoil: fault("not_json"), bought: true },
  { what: "half of the answer", spoil: fault("truncated"), bought: true },
  { what: "504, and bought", spoil: fault("lost"), bought: true },
  { what: "500, and bought", spoil: diesAfterwards, bought: true },
  {
    what: "the connection closed after the purchase",
    spoil: (provider) => meddle(provider, "unanswered"),
    bought: true,
  },
  {
    what: "503 of a proxy, and bought",
    spoil: (provider) => meddle(provider, () => page(503)),
    bought: true,
  },
  ...(["SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"] as const).map((code) => ({
    what: code,
    spoil: () => void stack.easypost.behaviour.doubtfulBuys.push(code),
    bought: true,
    provider: "easypost" as const,
  })),
];

const NOT_DONE: Doubt[] = [
  { what: "500, nothing bought", spoil: fault("internal"), bought: false },
  {
    what: "the connection closed before the purchase",
    spoil: (provider) => meddle(provider, "unheard"),
    bought: false,
  },
  {
    what: "503 of a proxy, nothing bought",
    spoil: (provider) => {
      addFault(provider, "buy", { kind: "rate_limit", count: 1 });
      meddle(provider, () => page(503));
    },
    bought: false,
  },
];

function page(status: number) {
  // Longer than our client waits before it asks again by itself.
  const headers = { "content-type": "text/html", "retry-after": "60" };
  return { status, headers, body: "<html>Sorry</html>" };
}

function diesAfterwards(provider: ProviderName): void {
  const { faults } = provider === "easypost" ? stack.easypost : stack.tiktok;
  const { method, path } = CALLS[provider].buy;
  faults.observe = (call) => {
    if (call.phase === "arrived" || call.method !== method || !path.test(call.path)) return;
    delete faults.observe;
    throw new Error("It dies");
  };
}

/** All of `doubts` that this provider may have. */
function* casesOf(doubts: Doubt[]): Generator<[ProviderName, Doubt]> {
  for (const provider of PROVIDERS) {
    for (const doubt of doubts) {
      if (doubt.provider === undefined || doubt.provider === provider) yield [provider, doubt];
    }
  }
}

interface Bought {
  order: OrderRow;
  key: string;
  what: string;
}

/** Asks again: it is the same label, and the only one that was sold. */
async function assertSold({ order, key, what }: Bought, soldBefore: number): Promise<void> {
  const again = await buy(stack, seller, order.id, { key });
  assert.deepEqual([again.status, again.body.state], [200, "purchased"], what);
  assert.equal(labelsSold(stack), soldBefore + 1, what);
}

/** However long it is left to the worker, each has one label and one shipment. */
async function assertOneEach(all: Bought[]): Promise<void> {
  const sold = labelsSold(stack);
  await agePurchases(stack);
  // TikTok may not have listened while its answers went wrong.
  await workLater(stack);
  for (const { order, key, what } of all) {
    const { status, body } = await buy(stack, seller, order.id, { key });
    assert.deepEqual([status, body.state], [200, "purchased"], what);
    await assertOneShipment(order, what);
  }
  assert.equal(labelsSold(stack), sold);
}

step(
  "a purchase whose answer is lost or unreadable is found at the carrier and adopted at once",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(UNHEARD)) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = labelsSold(stack);
      spoil(provider);
      const { status, body } = await buy(stack, seller, order.id, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.state, "purchased", what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

/** Words that nobody knows, characters and days that Postgres has no room for, and more than was asked. */
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

step("what nobody knows in the answer, or in the lookup after it, spoils nothing", async () => {
  const all: Bought[] = [];
  for (const provider of PROVIDERS) {
    for (const call of ["buy", "lookUp"] as const) {
      const what = `${provider}, ${call}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = labelsSold(stack);
      if (call === "lookUp") addFault(provider, "buy", { kind: "lost", count: 1 });
      meddler.meddle({
        ...CALLS[provider][call],
        how: (answer) => ({
          ...answer,
          body: JSON.stringify(ODD[provider](JSON.parse(answer.body))),
        }),
      });
      const { status, body } = await buy(stack, seller, order.id, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.status, "purchased", what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
  }
  await assertOneEach(all);
});

step(
  "as long as nobody knows, the seller is told so, and the units are kept for that purchase",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(UNHEARD.slice(4, 6))) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = labelsSold(stack);
      spoil(provider);
      // Longer than anybody waits: no second attempt of the client's own.
      addFault(provider, "lookUp", { kind: "rate_limit", retryAfterSeconds: 60, count: 2 });
      const { status, body, headers } = await buy(stack, seller, order.id, { key });
      assert.equal(status, 504, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "outcome_unknown", what);
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.ok(Number(headers.get("retry-after")) > 0, what);
      assert.equal(labelsSold(stack), sold + 1, what);

      const unknown = await look(body.shipment_id);
      assert.equal(unknown.status, 200, what);
      assert.equal(unknown.body.state, "unknown", what);
      assert.equal(unknown.body.tracking_number, null, what);
      const [line] = unknown.body.line_item_ids;
      const [other, named] = await Promise.all([
        buy(stack, seller, order.id),
        buy(stack, seller, order.id, { line_item_ids: [line] }),
      ]);
      assert.deepEqual([other.status, other.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual([named.status, named.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual(await healthOf(stack, "labels_unknown"), { value: 1, status: "warning" });
      // The carrier cannot be read even now.
      const still = await buy(stack, seller, order.id, { key });
      assert.deepEqual([still.status, still.body.shipment_id], [504, body.shipment_id], what);
      assert.equal(labelsSold(stack), sold + 1, what);
      await workEvents(stack);
      assert.deepEqual(await healthOf(stack, "labels_unknown"), { value: 0, status: "healthy" });
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
      assert.equal((await look(body.shipment_id)).body.state, "purchased", what);
    }
    await assertOneEach(all);
  },
);

step(
  "what was not bought fails after two minutes, frees its units, and is bought by the same key",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(NOT_DONE)) {
      const what = `${provider}, ${name}`;
      const order = newOrder(provider);
      const key = crypto.randomUUID();
      const sold = labelsSold(stack);
      spoil(provider);
      const first = await buy(stack, seller, order.id, { key });
      assert.deepEqual([first.status, first.body.code], [504, "outcome_unknown"], what);
      // It may still be on its way to the carrier.
      for (let n = 0; n < 2; n++) {
        const again = await buy(stack, seller, order.id, { key });
        assert.deepEqual([again.status, again.body.code], [504, "outcome_unknown"], what);
      }
      await workEvents(stack);
      assert.deepEqual(await stateOf(order), { state: "unknown", reason: "outcome_unknown" }, what);
      assert.equal(await takenLines(stack, order.id), 1, what);

      await agePurchases(stack);
      await workLater(stack);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: "not_bought" }, what);
      assert.equal(await takenLines(stack, order.id), 0, what);
      assert.equal((await look(first.body.shipment_id)).body.state, "failed", what);
      assert.equal(labelsSold(stack), sold, what);

      const bought = await buy(stack, seller, order.id, { key });
      assert.deepEqual([bought.status, bought.body.id], [201, first.body.shipment_id], what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

step(
  "where the carrier surely sold nothing, the answer says so, and the same key buys at once",
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
        meddle(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      // TikTok's turns away are asked again, twice.
      ["tiktok_shipping", "429 without Retry-After", (provider) => {
        busy(7, 3)(provider);
        for (let n = 0; n < 3; n++) meddle(provider, withoutWait);
      }, [503, "carrier_busy", "10"]],
      ["easypost", "no funds", () => stack.easypost.accounts.balance = "0.00", [
        402,
        "funds_missing",
        null,
      ]],
      ["easypost", "refused", (provider) => {
        meddle(provider, (answer) => ({
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
      const sold = labelsSold(stack);
      spoil(provider);
      const { status, body, headers } = await buy(stack, seller, order.id, { key });
      assert.deepEqual([status, body.code, headers.get("retry-after")], expected, what);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: body.code }, what);
      assert.equal(await takenLines(stack, order.id), 0, what);
      assert.equal(labelsSold(stack), sold, what);
      stack.easypost.accounts.balance = "1000.00";
      const bought = await buy(stack, seller, order.id, { key });
      assert.equal(bought.status, 201, what);
      await assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await assertOneEach(all);
  },
);

step(
  "what goes wrong before the purchase buys nothing, and the same key buys at once",
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
      const sold = labelsSold(stack);
      if (call === "order") stack.tiktok.faults.add({ ...READ_ORDER, ...spoiled });
      else addFault(provider, call, spoiled);
      const first = await buy(stack, seller, order.id, { key });
      assert.deepEqual([first.status, first.body.code], [status, code], what);
      assert.deepEqual(await stateOf(order), { state: "failed", reason: code }, what);
      assert.equal(await takenLines(stack, order.id), 0, what);
      if (call === "prepare") {
        const body = { order_id: order.id, parcel: PARCEL, from: FROM };
        const rates = await callShipments(stack, seller, "/rates", { body });
        assert.deepEqual([rates.status, rates.body.code], [status, code], what);
      }
      assert.equal(labelsSold(stack), sold, what);
      clearFaults();
      assert.equal((await buy(stack, seller, order.id, { key })).status, 201, what);
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
    ["easypost", "before TikTok is told", READ_ORDER],
  ];
  for (const [provider, what, last] of cases) {
    const order = newOrder(provider);
    const key = crypto.randomUUID();
    const sold = labelsSold(stack);
    const refreshes = stack.tiktok.refreshes.length;
    // Nobody refreshes twice within a minute.
    await stack.sql`update private.tiktok_logins set last_refreshed_at = now() - interval '1 day'`;
    stack.tiktok.faults.observe = ({ method, path, phase }) => {
      if (phase === "arrived" || method !== last.method || !last.path.test(path)) return;
      delete stack.tiktok.faults.observe;
      stack.tiktok.expireAccessToken(openId);
    };
    assert.equal((await buy(stack, seller, order.id, { key })).status, 201, what);
    await workEvents(stack);
    assert.equal(stack.tiktok.refreshes.length, refreshes + 1, what);
    await assertSold({ order, key, what }, sold);
    all.push({ order, key, what });
  }
  await assertOneEach(all);
});

interface InProcess {
  dependencies: LabelDependencies;
  wanted: (order: OrderRow, key: string) => Parameters<typeof buyLabel>[1];
}

/** The same code, database and carriers, with the patience of a test. */
async function impatient(): Promise<InProcess> {
  const { env } = stack;
  const { tiktok: config } = await workerConfigOf(env);
  const easypost = { apiKey: KEY, apiUrl: env.EASYPOST_API_URL };
  return {
    dependencies: createLabelDependencies({
      database: createServiceClient(supabaseConfigOf(env)),
      config,
      keys: await parseKeyRing(env.ENCRYPTION_KEYS),
      tiktok: new TikTokClient(config, { timeoutMs: 200 }),
      easypost: new EasyPostClient(easypost, { timeoutMs: 200, buyTimeoutMs: 200 }),
    }),
    wanted: (order, key) => ({
      userId: seller.id,
      idempotencyKey: key,
      hash: key,
      request: {
        order_id: order.id,
        parcel: PARCEL,
        service: "cheapest",
        label_format: "PDF",
        sender: FROM,
      } as unknown as LabelRequest,
    }),
  };
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof Problem, String(error));
  return error;
}

step(
  "a carrier that says nothing for too long is looked up: adopted, or in doubt and settled later",
  async () => {
    const { dependencies, wanted } = await impatient();
    for (const provider of PROVIDERS) {
      const adopted = newOrder(provider);
      const key = crypto.randomUUID();
      let sold = labelsSold(stack);
      addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
      const { created, shipment } = await buyLabel(dependencies, wanted(adopted, key));
      assert.deepEqual([created, shipment.state], [true, "purchased"], provider);
      await workEvents(stack);
      assert.equal(labelsSold(stack), sold + 1, provider);
      await assertOneShipment(adopted, provider);

      // The lookup says nothing, either.
      const doubtful = newOrder(provider);
      sold = labelsSold(stack);
      addFault(provider, "buy", { kind: "late", delayMs: 5000, count: 1 });
      addFault(provider, "lookUp", { kind: "hang", delayMs: 5000, count: 1 });
      const doubt = await problemOf(buyLabel(dependencies, wanted(doubtful, key + "2")));
      assert.deepEqual([doubt.status, doubt.code], [504, "outcome_unknown"], provider);
      const unknown = await look(doubt.members.shipment_id as string);
      assert.equal(unknown.body.state, "unknown", provider);
      await workEvents(stack);
      const settled = await buyLabel(dependencies, wanted(doubtful, key + "2"));
      assert.deepEqual([settled.created, settled.shipment.state], [false, "purchased"], provider);
      await workEvents(stack);
      assert.equal(labelsSold(stack), sold + 1, provider);
      await assertOneShipment(doubtful, provider);

      // The carrier works it only when it was given up: whoever asks again finds that label.
      const late = newOrder(provider);
      sold = labelsSold(stack);
      addFault(provider, "buy", { kind: "delay", delayMs: 60_000, count: 1 });
      const given = await problemOf(buyLabel(dependencies, wanted(late, key + "3")));
      assert.deepEqual([given.status, given.code], [504, "outcome_unknown"], provider);
      await agePurchases(stack);
      await workEvents(stack);
      assert.deepEqual(await stateOf(late), { state: "failed", reason: "not_bought" }, provider);
      clearFaults();
      await until("the carrier has worked it", () => Promise.resolve(labelsSold(stack) > sold));
      const found = await buyLabel(dependencies, wanted(late, key + "3"));
      assert.deepEqual([found.created, found.shipment.state], [true, "purchased"], provider);
      await workEvents(stack);
      assert.equal(labelsSold(stack), sold + 1, provider);
      await assertOneShipment(late, provider);
      clearFaults();
    }
  },
);
