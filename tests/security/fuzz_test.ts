/**
 * Mutated webhooks: no signed body causes a 5xx, and no row holds anything that was not sent. The seed is
 * another one in each run; `deno task test:long` sends many more.
 */
import assert from "node:assert/strict";
import { describeMutation, inParallel, newSeed } from "../support/fuzz.ts";
import { readFunctionLog } from "../support/logs.ts";
import { seededRandom } from "../support/random.ts";
import { MAX_BODY_BYTES } from "../../shared/http/read_body.ts";
import { mapOrder } from "../../shared/tiktok/orders/map_order.ts";
import { OrderDetail } from "../../shared/tiktok/api/schemas.ts";
import { parseLine } from "../../shared/logging/lines.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { webhookTypeName } from "../../shared/tiktok/webhooks/topics.ts";
import {
  isUnchanged,
  mutate,
  type Mutation,
  pick,
  type Random,
  unchanged,
} from "../support/mutations.ts";
import {
  type ConnectedSeller,
  connectSeller,
  countEvents,
  letTimePass,
  runEventWorker,
  subscribe,
} from "../support/shop.ts";
import { sampleSize } from "../support/sample_size.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

const FIXTURES = new URL("../fixtures/tiktok/", import.meta.url);

const SIGNED = sampleSize({ gate: 250, long: 20_000 });
const UNSIGNED = sampleSize({ gate: 120, long: 2000 });
/** So many of the bodies, one in ten, are webhooks as TikTok sends them: these have to be accepted. */
const UNCHANGED_EVERY = 10;

type Sample = Record<string, unknown> & { type: number; data: Record<string, unknown> };

async function readSamples(): Promise<Sample[]> {
  const names = [];
  for await (const { name } of Deno.readDir(FIXTURES)) {
    if (/^\d+-webhook-/.test(name)) names.push(name);
  }
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(new URL(name, FIXTURES))) as Sample;
  return await Promise.all(names.sort().map(read));
}

/** The shops and orders that samples name before they are mutated. */
interface World {
  /** Shops with orders, and how many of ten samples name them. */
  shops: { shopId: string; orderIds: string[]; tenths: number }[];
  /** The only shop that a SELLER_DEAUTHORIZATION names: the others stay connected. */
  leaving: string;
}

function mutateSample(random: Random, samples: Sample[], world: World, index: number): Mutation {
  const sample = pick(random, samples);
  const draw = random() * 10;
  let tenths = 0;
  const shop = world.shops.find((entry) => (tenths += entry.tenths) > draw);
  const now = Math.floor(Date.now() / 1000);
  const change = index % UNCHANGED_EVERY === 0 ? unchanged : mutate.bind(undefined, random);
  const { order_id: orderId, ...data } = sample.data;
  return change({
    ...sample,
    // As TikTok's: the second, then a number; each body is an event of its own.
    tts_notification_id: String((BigInt(now) << 32n) | BigInt(index)),
    shop_id: sample.type === 6 ? world.leaving : shop?.shopId ?? "7499999999999999999",
    timestamp: now,
    data: {
      ...data,
      ...(orderId !== undefined && {
        order_id: shop === undefined || random() < 0.1 ? orderId : pick(random, shop.orderIds),
      }),
    },
  });
}

/** The body as text that has exactly its bytes; `undefined` if it is not UTF-8. */
function exactText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** A number as it was written. */
class Digits {
  constructor(readonly source: string) {}
}

type Reviver = (key: string, value: unknown, context: { source: string }) => unknown;

/** Parses an accepted body, which is JSON. */
function parseExactly(text: string, revive: Reviver): Record<string, unknown> {
  return JSON.parse(
    text.replace(/^\ufeff/, ""),
    revive as (key: string, value: unknown) => unknown,
  );
}

/** TikTok's ids are digits, and never 0. */
function isNotificationId(text: string): boolean {
  return /^[0-9]{1,32}$/.test(text) && !/^0+$/.test(text);
}

/** The part of a webhook that identifies its event: equal for every delivery. */
function meaningOf(text: string): string {
  const scalars: Reviver = (_key, value, { source }) => {
    if (typeof value === "number") {
      return value === 0
        ? "0"
        : /^-?\d+$/.test(source) || !isFinite(value)
        ? source
        : String(value);
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  };
  const body = parseExactly(text, scalars);
  const { timestamp, tts_notification_id: id, type, ...rest } = body;
  const hasId = typeof id === "string" && isNotificationId(id);
  // Nothing says whether two deauthorizations without an id are one event.
  return JSON.stringify({ ...rest, id, type, ...(!hasId && type === "6" && { timestamp }) });
}

/** An id with the digits that the body has; `null` if it is not one. */
function idOf(value: unknown): string | null {
  const text = value instanceof Digits ? value.source : value;
  return typeof text === "string" && /^[0-9]{1,32}$/.test(text) ? text : null;
}

function assertNothingInvented(row: Record<string, unknown>, what: string): void {
  const text = row.body as string;
  const unescaped = text.replace(
    /\\u00([0-7][0-9a-f])/gi,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
  for (const id of [row.shop_id, row.object_id]) {
    if (id === null) continue;
    assert.match(id as string, /^[0-9]{1,32}$/, what);
    assert.ok(unescaped.includes(id as string), `${id} is invented: ${what}`);
  }
  const body = parseExactly(
    text,
    (_key, value, { source }) => typeof value === "number" ? new Digits(source) : value,
  );
  assert.equal(row.event_type, webhookTypeName(Number((body.type as Digits).source)), what);
  assert.equal(row.shop_id, idOf(body.shop_id), what);
  const { data } = body;
  const orderId = data !== null && typeof data === "object" && Object.hasOwn(data, "order_id")
    ? idOf((data as Record<string, unknown>).order_id)
    : null;
  assert.equal(row.object_id, orderId, what);
  const id = idOf(body.tts_notification_id);
  const externalId = String(row.external_id);
  if (id === null || !isNotificationId(id)) {
    assert.match(externalId, /^derived:[0-9a-f]{64}$/, what);
    // Another body under the same id is an event of its own.
  } else assert.ok(externalId === id || externalId.startsWith(`${id}:`), what);
}

/** Every stored order belongs to the account of its shop, and equals the simulator's. */
async function assertOrdersEqualTikTok(stack: TestStack): Promise<void> {
  const rows = await stack.sql`
    select orders.*, shop.shop_id, shop.user_id as shop_user_id from public.orders
    join public.tiktok_shops as shop on shop.id = orders.tiktok_shop_id`;
  assert.ok(rows.length > 0);
  for (const row of rows) {
    const order = stack.tiktok.state.get("orders", row.tiktok_order_id);
    assert.equal(order?.shopId, row.shop_id);
    assert.equal(row.user_id, row.shop_user_id);
    const expected = mapOrder(OrderDetail.parse(order?.detail));
    const stored = (value: unknown) => value instanceof Date ? value.toISOString() : value;
    const actual = Object.fromEntries(
      Object.keys(expected).map((column) => [column, stored(row[column])]),
    );
    assert.deepEqual(actual, expected);
  }
}

/** Waits until every event was attempted and none is being processed; failed ones may be due again. */
async function waitUntilAttempted(stack: TestStack): Promise<void> {
  await until("every event was attempted", async () => {
    const open = await stack.sql`
      select from private.inbox_events
      where status = 'processing' or (status = 'pending' and attempts = 0) limit 1`;
    return open.length === 0;
  }, 60_000);
}

/** Refusals of webhooks: the log names lines that it left out by their code. */
const REFUSALS = ["invalid_webhook", "body_too_large", "invalid_signature"];

/** No line, written or left out, is about a failure on our side. */
async function assertQuietLogs(stack: TestStack): Promise<void> {
  const log = await readFunctionLog(stack);
  for (const line of log.split("\n").filter((line) => line !== "")) {
    const { message, status, lines = {} } = parseLine(line);
    if (message === "request failed") assert.ok(Number(status) < 500, line);
    for (const text of [String(message), ...Object.keys(lines as Record<string, number>)]) {
      assert.doesNotMatch(text, /background work failed|could not be settled/, line);
      const code = /^request failed: (.*)$/.exec(text)?.[1];
      assert.ok(code === undefined || REFUSALS.includes(code), line);
    }
  }
}

/** @returns its code. */
async function readProblem(response: Response, what: string): Promise<string> {
  assert.equal(response.headers.get("content-type"), "application/problem+json", what);
  const problem = await response.json();
  assert.equal(problem.status, response.status, what);
  assert.equal(problem.request_id, response.headers.get("x-request-id"), what);
  return problem.code;
}

/** Seller on the largest plan, seller on trial, and one whose shop is disconnected on the way. */
async function createWorld(stack: TestStack) {
  const large = await connectSeller(stack);
  const trial = await connectSeller(stack);
  const leaving = await connectSeller(stack);
  await subscribe(stack, large.id, "scale");
  const addOrders = ({ shopId }: ConnectedSeller, count: number) =>
    Array.from({ length: count }, () => stack.tiktok.addOrder({ shopId }).id);
  const world: World = {
    shops: [
      { shopId: large.shopId, orderIds: addOrders(large, 100), tenths: 4 },
      { shopId: trial.shopId, orderIds: addOrders(trial, 30), tenths: 1 },
    ],
    leaving: leaving.shopId,
  };
  return { world, trial };
}

/** Sends a signed body and checks the response. Returns the body's text if it was accepted. */
async function sendSigned(
  stack: TestStack,
  mutation: Mutation,
  what: string,
): Promise<string | undefined> {
  const { body } = mutation;
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const authorization = signWebhook(app, body);
  const url = "http://functions/functions/v1/tiktok-webhooks";
  const response = await stack.callFunction(
    new Request(url, { method: "POST", headers: { authorization }, body }),
  );
  if (response.status !== 200) {
    const tooLarge = body.length > MAX_BODY_BYTES;
    assert.equal(response.status, tooLarge ? 413 : 400, what);
    assert.ok(!isUnchanged(mutation), what);
    const code = await readProblem(response, what);
    assert.equal(code, tooLarge ? "body_too_large" : "invalid_webhook", what);
    return undefined;
  }
  assert.equal(await response.text(), "", what);
  const text = exactText(body);
  assert.ok(text !== undefined, what);
  return text;
}

/** Processes every event until only those are open that TikTok cannot answer. */
async function processEverything(stack: TestStack): Promise<void> {
  await runEventWorker(stack);
  await waitUntilAttempted(stack);
  // Orders that TikTok does not know fail again.
  await letTimePass(stack);
  await runEventWorker(stack);
  await waitUntilAttempted(stack);
}

/** Bodies stay as they were sent, until the result is disposed of; 000820_privacy_clock.test.sql tests what is removed. */
async function keepBodies({ sql }: TestStack): Promise<AsyncDisposable> {
  await sql`alter table private.webhook_events disable trigger reduce_settled_event`;
  return {
    async [Symbol.asyncDispose]() {
      await sql`alter table private.webhook_events enable trigger reduce_settled_event`;
    },
  };
}

/**
 * Every accepted body is stored once, as it was sent.
 * @param accepted Index of each body that was answered 200.
 */
async function assertStoredOnce(
  stack: TestStack,
  accepted: Map<string, number>,
  describeBody: (index: number) => string,
): Promise<void> {
  // Without the tasks that accepted events enqueue.
  const rows = await stack.sql`
    select * from private.webhook_events where source = 'tiktok' order by id`;
  const stored = new Set<string>();
  const meanings = new Set<string>();
  for (const row of rows) {
    const index = accepted.get(row.body);
    assert.ok(index !== undefined, `stored, but not accepted: ${row.body.slice(0, 400)}`);
    const what = describeBody(index);
    assert.ok(!stored.has(row.body), `stored twice: ${what}`);
    stored.add(row.body);
    meanings.add(meaningOf(row.body));
    assertNothingInvented(row, what);
    const settled = ["done", "ignored", "held", "dead"].includes(row.status);
    assert.ok(settled || (row.status === "pending" && row.last_error !== null), what);
  }
  for (const [text, index] of accepted) {
    if (stored.has(text)) continue;
    // Two mutations may be the same event: the second is a duplicate of the first.
    assert.ok(meanings.has(meaningOf(text)), `lost: ${describeBody(index)}`);
  }
}

async function assertOrdersStillArrive(stack: TestStack): Promise<void> {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  await until("the order is stored", async () => {
    const { data } = await seller.client.from("orders").select("tiktok_order_id");
    return data?.[0]?.tiktok_order_id === order.id;
  });
}

test(`of ${SIGNED} signed mutations none is a 5xx, none is lost, and nothing is invented`, async (stack) => {
  await using _bodies = await keepBodies(stack);
  const seed = newSeed();
  const random = seededRandom(seed).next;
  const { world, trial } = await createWorld(stack);
  const samples = await readSamples();
  const mutations = Array.from(
    { length: SIGNED },
    (_, index) => mutateSample(random, samples, world, index),
  );
  const describeBody = (index: number) =>
    describeMutation(seed, index, mutations[index] as Mutation);
  const pid = stack.functionHostPid();

  const accepted = new Map<string, number>();
  await inParallel(SIGNED, async (index) => {
    const text = await sendSigned(stack, mutations[index] as Mutation, describeBody(index));
    if (text !== undefined) accepted.set(text, index);
  });
  await processEverything(stack);

  await assertStoredOnce(stack, accepted, describeBody);
  assert.equal(stack.functionHostPid(), pid, "the function host ended");
  await assertQuietLogs(stack);
  await assertOrdersEqualTikTok(stack);
  const { data: ordersOfTrial } = await trial.client.from("orders").select("id");
  assert.ok(ordersOfTrial !== null && ordersOfTrial.length <= 10);
  await assertOrdersStillArrive(stack);
});

/** Headers that are not the signature of a body; `undefined` for none. */
function forgeriesOf({ env }: TestStack) {
  const app = { appKey: env.TIKTOK_APP_KEY, appSecret: env.TIKTOK_APP_SECRET };
  const sign = (body: Uint8Array, options = {}) => signWebhook({ ...app, ...options }, body);
  return [
    () => undefined,
    () => "",
    (body) => sign(body, { appSecret: "another secret" }),
    (body) => sign(body, { appKey: "another key" }),
    // The signature of another body: one byte longer, and an empty one.
    (body) => sign(new Uint8Array(body.length + 1)),
    (body) => sign(body.length === 0 ? new Uint8Array(1) : new Uint8Array()),
    (body) => sign(body).toUpperCase(),
    (body) => `Bearer ${sign(body)}`,
    (body) => sign(body).slice(0, -1),
    (body) => `${sign(body)}, ${sign(body)}`,
    () => `Bearer ${env.SUPABASE_SECRET_KEY}`,
    () => "\u00ff".repeat(64),
  ] as ((body: Uint8Array) => string | undefined)[];
}

test(`every one of ${UNSIGNED} mutations without TikTok's signature is 403, and nothing is stored`, async (stack) => {
  const seed = newSeed();
  const random = seededRandom(seed).next;
  const url = `${stack.env.SUPABASE_URL}/functions/v1/tiktok-webhooks`;
  const forgeries = forgeriesOf(stack);
  const world = { shops: [], leaving: "7490000000000000001" };
  const samples = await readSamples();
  const mutations = Array.from(
    { length: UNSIGNED },
    (_, index) => mutateSample(random, samples, world, index),
  );
  const pid = stack.functionHostPid();
  await inParallel(UNSIGNED, async (index) => {
    const mutation = mutations[index] as Mutation;
    const authorization = forgeries[index % forgeries.length]?.(mutation.body);
    const response = await fetch(url, {
      method: "POST",
      headers: authorization === undefined ? {} : { authorization },
      body: mutation.body,
    });
    const what = describeMutation(seed, index, mutation);
    // A body that is too large is refused before its signature is checked.
    const tooLarge = mutation.body.length > MAX_BODY_BYTES;
    assert.equal(response.status, tooLarge ? 413 : 403, what);
    const code = await readProblem(response, what);
    assert.equal(code, tooLarge ? "body_too_large" : "invalid_signature", what);
  });
  assert.equal(await countEvents(stack), 0);
  assert.equal(stack.functionHostPid(), pid);
  await assertQuietLogs(stack);
});
