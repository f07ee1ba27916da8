/**
 * Odd requests with valid credentials, to every route: none is a 5xx. The seed is another one in each run;
 * `deno task test:long` sends 200 to each route.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { type FunctionRoute, listRoutes } from "../support/function_routes.ts";
import { callShipments, FROM, type OrderRow, PARCEL, receiveOrder } from "../support/labels.ts";
import { mutate, ODD_VALUES, pick, type Random } from "../support/mutations.ts";
import { inParallel, newSeed } from "../support/fuzz.ts";
import { seededRandom } from "../support/random.ts";
import { sampleSize } from "../support/sample_size.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, pushTime } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const TO_EACH_ROUTE = sampleSize({ gate: 6, long: 200 });

/** A body of each route that reads one, before it is mutated. */
function samplesOf({ id }: OrderRow, { shopId }: ConnectedSeller): Record<string, object> {
  const label = { order_id: id, parcel: PARCEL, service: "cheapest", from: FROM };
  const tracker = { tracking_code: "9400", status: "delivered", shipment_id: "shp_1" };
  return {
    "POST /shipments/rates": { order_id: id, parcel: PARCEL, from: FROM, line_item_ids: ["1"] },
    "POST /shipments": label,
    "POST /shipments/batch": { labels: [label] },
    "POST /shipments/own": { order_id: id, carrier: "USPS", tracking_number: "9400100000000" },
    "POST /shipments/:id/tracking": { carrier: "USPS", tracking_number: "9400100000000" },
    "POST /tiktok-oauth/authorize": { region: "US" },
    "POST /tiktok-oauth/complete": { claim: "v1.x.y.z", confirm: true },
    "POST /billing/checkout": { plan: "starter" },
    "DELETE /account": { email: "not-mine@example.com" },
    "POST /event-worker/sync": { shop_id: shopId },
    "POST /event-worker/reread": { shop_id: shopId },
    "POST /event-worker/sync-subscriptions": { user_id: crypto.randomUUID() },
    // Refused before the catalog is read, which takes a second.
    "POST /database-tasks": {
      ...{ task_id: "1", description: "", requirements: [], expected_output: "policies" },
      context: { operation_type: "schema_design" },
    },
    "POST /tiktok-webhooks": {
      ...{ type: 1, tts_notification_id: "7", shop_id: shopId, timestamp: pushTime() },
      data: { order_id: "576461413038785752", order_status: "UNPAID" },
    },
    "POST /stripe-webhooks": {
      ...{ id: "evt_1", type: "customer.subscription.updated", livemode: false },
      data: { object: { id: "sub_1", customer: "cus_1" } },
    },
    "POST /carrier-webhooks": {
      ...{ id: "evt_1", description: "tracker.updated", mode: "test", result: tracker },
    },
  };
}

function credentialsOf(
  { env }: TestStack,
  { accessToken }: ConnectedSeller,
  name: string,
  body: Uint8Array<ArrayBuffer>,
): Record<string, string> {
  const app = { appKey: env.TIKTOK_APP_KEY, appSecret: env.TIKTOK_APP_SECRET };
  switch (name) {
    case "tiktok-webhooks":
      return { authorization: signWebhook(app, body) };
    case "stripe-webhooks": {
      const t = Math.floor(Date.now() / 1000);
      const hmac = createHmac("sha256", env.STRIPE_WEBHOOK_SECRET).update(`${t}.`).update(body);
      return { "stripe-signature": `t=${t},v1=${hmac.digest("hex")}` };
    }
    case "carrier-webhooks": {
      const hmac = createHmac("sha256", env.EASYPOST_WEBHOOK_SECRET.normalize("NFKD")).update(body);
      return { "x-hmac-signature": `hmac-sha256-hex=${hmac.digest("hex")}` };
    }
  }
  return {
    apikey: env.SUPABASE_SECRET_KEY,
    authorization: `Bearer ${accessToken}`,
    "idempotency-key": crypto.randomUUID(),
  };
}

/** A query with odd values under the names that routes read. */
function oddQuery(random: Random): string {
  const names = ["order_id", "from", "to", "cursor", "code", "state", "error"];
  const values = [...ODD_VALUES, '"2026-11-01"', '"2026-11-30"', '"a-code-of-tiktok"'];
  const query = new URLSearchParams();
  for (const name of names) {
    if (random() < 0.6) query.set(name, toText(pick(random, values)));
  }
  return `${query}${random() < 0.1 ? "&from=%ff%zz" : ""}`;
}

/** A text of JSON without its quotes; other values as they are written. */
function toText(json: string): string {
  try {
    const value = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}

/** The status, and what was sent. */
async function sendOddRequest(
  stack: TestStack,
  seller: ConnectedSeller,
  { function: name, method, path }: FunctionRoute,
  { sample, random }: { sample: object; random: Random },
): Promise<[status: number, sent: string]> {
  const [key = "x", value] = Object.entries(sample)[0] ?? [];
  const topic = { key: JSON.stringify(key), values: ['"x"', JSON.stringify(value) ?? "1"] };
  const hasBody = method !== "GET";
  const body = hasBody ? mutate(random, sample, topic).body : new Uint8Array();
  const id = random() < 0.5 ? crypto.randomUUID() : encodeURIComponent(
    toText(pick(random, ODD_VALUES)).toWellFormed().slice(0, 200).toWellFormed(),
  ) || "x";
  const url = `http://host/functions/v1${path.replace(/:\w+(\{[^}]*\})?/g, id)}?${
    oddQuery(random)
  }`;
  const request = new Request(url, {
    method,
    redirect: "manual",
    headers: credentialsOf(stack, seller, name, body),
    ...(hasBody && { body }),
  });
  const response = await stack.callFunction(request);
  await response.body?.cancel();
  const text = new TextDecoder().decode(body.subarray(0, 300));
  return [response.status, `${method} ${url.slice(0, 300)} ${JSON.stringify(text)}`];
}

test(`of ${TO_EACH_ROUTE} odd requests to each route none is a 5xx`, async (stack) => {
  const seed = newSeed();
  const random = seededRandom(seed).next;
  const seller = await connectSeller(stack);
  const samples = samplesOf(await receiveOrder(stack, seller), seller);
  const routes = await listRoutes(stack.env);
  const names = routes.map(({ method, path }) => `${method} ${path.replace(/\/$/, "")}`);
  for (const name of Object.keys(samples)) assert.ok(names.includes(name), `no route ${name}`);
  const pid = stack.functionHostPid();

  const work = routes.flatMap((route, n) =>
    Array.from({ length: TO_EACH_ROUTE }, () => ({ route, sample: samples[names[n] ?? ""] ?? {} }))
  );
  const passed = new Set<number>();
  await inParallel(work.length, async (index) => {
    const { route, sample } = work[index] as (typeof work)[number];
    const [status, sent] = await sendOddRequest(stack, seller, route, { sample, random });
    assert.ok(
      status < 500 && ![401, 403, 429].includes(status),
      `FUZZ_SEED=${seed} ${status} ${sent}`,
    );
    passed.add(status);
  });

  for (const status of [200, 303, 400, 404]) assert.ok(passed.has(status), `no ${status}`);
  assert.equal(stack.functionHostPid(), pid, "the function host ended");
});

/** A token of the seller with other claims, signed with the project's key. */
function tokenWith(stack: TestStack, { accessToken }: ConnectedSeller, claims: object): string {
  const [header, payload = ""] = accessToken.split(".");
  const former = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })),
  );
  const changed = new TextEncoder().encode(JSON.stringify({ ...former, ...claims }))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const signature = createHmac("sha256", stack.env.SUPABASE_JWT_SECRET)
    .update(`${header}.${changed}`).digest("base64url");
  return `${header}.${changed}.${signature}`;
}

test("a token from the future, and one that expires between two checks, are 401", async (stack) => {
  const seller = await connectSeller(stack);
  const now = Math.floor(Date.now() / 1000);
  // REST refuses the last one, which the function has let in.
  for (const claims of [{ iat: now + 3600 }, { exp: now - 1 }, { iat: now + 20 }]) {
    const authorization = `Bearer ${tokenWith(stack, seller, claims)}`;
    const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/tiktok-oauth/shops`, {
      headers: { authorization },
    });
    assert.equal(response.status, 401, JSON.stringify(claims));
    assert.match((await response.json()).code, /^(invalid_token|token_expired)$/);
  }
});

/** What calls a vendor, whose quota all sellers share, or reads many rows. */
const LIMITED_ROUTES = [
  "DELETE /account",
  "GET /account/export",
  "GET /account/orders.csv",
  "GET /account/shipments.csv",
  "GET /shipments/:id/label",
  "GET /shipments/carriers",
  "POST /billing/checkout",
  "POST /billing/portal",
  "POST /shipments",
  "POST /shipments/:id/tracking",
  "POST /shipments/:id/void",
  "POST /shipments/batch",
  "POST /shipments/own",
  "POST /shipments/rates",
  "POST /tiktok-oauth/authorize",
  "POST /tiktok-oauth/complete",
];

/** Reads of few rows, prices that are kept for a while, and what ends a connection, once. */
const UNLIMITED_ROUTES = [
  "DELETE /tiktok-oauth/shops/:id",
  "GET /billing/prices",
  "GET /shipments",
  "GET /shipments/:id{(?!batch$|own$|rates$)[^/]+}",
  "GET /shipments/batch/:id",
  "GET /tiktok-oauth/callback",
  "GET /tiktok-oauth/shops",
];

const SELLERS_FUNCTIONS = ["account", "billing", "shipments", "tiktok-oauth"];

test("every route that calls a vendor for a seller is limited, and has a row", async (stack) => {
  const { limited = [], unlimited = [] } = Object.groupBy(
    (await listRoutes(stack.env)).filter((route) => SELLERS_FUNCTIONS.includes(route.function)),
    ({ isLimited }) => isLimited ? "limited" : "unlimited",
  );
  const namesOf = (routes: FunctionRoute[]) =>
    routes.map(({ method, path }) => `${method} ${path}`).sort();
  assert.deepEqual(namesOf(unlimited), UNLIMITED_ROUTES);
  assert.deepEqual(namesOf(limited), LIMITED_ROUTES);
  const rows = await stack.sql`
    select route from private.request_limits where route <> 'analytics_events'`;
  assert.deepEqual(rows.map(({ route }) => route).sort(), LIMITED_ROUTES);
});

test("labels over the limit of requests are 429: none is bought, stored or requested from a vendor", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const label = { order_id: order.id, parcel: PARCEL, service: "cheapest", from: FROM };
  await stack.sql`
    update private.request_limits set requests = 1, period = '1 day' where route <> 'analytics_events'`;
  await stack.sql`
    insert into private.request_counts (user_id, route, window_start, requests)
    select ${seller.id}, route, date_bin(period, now(), '2000-01-01T00:00:00Z'), 1
    from private.request_limits
    on conflict (user_id, route) do update set window_start = excluded.window_start, requests = 1`;
  const calls = [
    ["", label],
    ["/batch", { labels: [label] }],
    ["/own", { order_id: order.id, carrier: "USPS", tracking_number: "9400100000000" }],
  ] as const;
  const vendorCalls = () => [stack.tiktok.calls.length, stack.easypost.calls.length];
  const before = vendorCalls();
  for (const [path, body] of calls) {
    const key = crypto.randomUUID();
    const { status, body: { code } } = await callShipments(stack, seller, path, { key, body });
    assert.deepEqual([status, code], [429, "too_many_requests"], path);
  }
  assert.deepEqual(vendorCalls(), before);
  const [stored] = await stack.sql`
    select (select count(*)::int from private.label_purchases) as purchases,
      (select count(*)::int from private.label_batches) as batches`;
  assert.deepEqual({ ...stored }, { purchases: 0, batches: 0 });
});

test("a call over the limit of its route is 429 and reaches no vendor", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  await stack.sql`
    update private.request_limits set requests = 2, period = '1 day'
    where route = 'POST /shipments/rates'`;
  const ratesOf = (caller: ConnectedSeller) =>
    callShipments(stack, caller, "/rates", {
      body: { order_id: order.id, parcel: PARCEL, from: FROM },
    });
  const answers = await Promise.all(Array.from({ length: 12 }, () => ratesOf(seller)));
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 200, ...Array(10).fill(429)]);
  const refused = answers.find(({ status }) => status === 429);
  assert.equal(refused?.body.code, "too_many_requests");
  assert.match(refused?.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  const quotes = await stack.sql`select distinct expires_at from private.label_rates`;
  assert.equal(quotes.length, 2, "the refused calls requested no rates");
  assert.equal((await ratesOf(other)).status, 404, "another seller has their own limit");
});

test("over the daily limit a seller's analytics events are 429, and nothing of the call is stored", async (stack) => {
  const { client, id } = await connectSeller(stack);
  await stack.sql`update private.request_limits set requests = 5 where route = 'analytics_events'`;
  const insert = (events: number) =>
    client.from("analytics_events")
      .insert(Array.from({ length: events }, () => ({ user_id: id, event_type: "page_viewed" })));
  assert.equal((await insert(4)).status, 201);
  const over = await insert(2);
  assert.deepEqual([over.status, over.error?.code, over.error?.message], [
    429,
    "PT429",
    "analytics_daily_limit",
  ]);
  assert.equal((await insert(101)).status, 413);
  const { count } = await client.from("analytics_events")
    .select("id", { count: "exact", head: true }).eq("event_type", "page_viewed");
  assert.equal(count, 4);
});
