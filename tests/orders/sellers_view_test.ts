/** Runs the examples of docs/sellers-view.md: each code block is imported, and its exports are called. */
import assert from "node:assert/strict";
import type { SupabaseClient } from "@supabase/supabase-js";
import { loadExamples } from "../support/doc_examples.ts";
import { openClient } from "../support/live.ts";
import { announceOrder } from "../support/orders.ts";
import {
  type ConnectedSeller,
  connectSeller,
  postWebhook,
  pushTime,
  settledEvents,
  settleTasks,
  subscribe,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { test } from "../support/shared_stack.ts";

const PAGE = new URL("../../docs/sellers-view.md", import.meta.url);

type Row = Record<string, unknown>;

interface OrderRow {
  id: string;
  tiktok_order_id: string;
  created_at: string;
  total_amount: string;
}

/** Exports of the page's blocks. */
interface Examples {
  downloadOrders(supabase: SupabaseClient, from: string, to: string): Promise<Blob | null>;
  signIn(
    url: string,
    publishableKey: string,
    email: string,
    password: string,
  ): Promise<SupabaseClient>;
  readClaim(address: string): string | null;
  connectShops(
    supabase: SupabaseClient,
    claim: string,
    askSeller: (names: string[]) => Promise<boolean>,
  ): Promise<boolean>;
  showMoney(amount: string, currency: string, locale?: string): string;
  listOrders(
    supabase: SupabaseClient,
    filter?: Record<string, string | string[]>,
    page?: number,
    pageSize?: number,
  ): Promise<{ orders: (OrderRow & Row)[]; total: number }>;
  listOlderOrders(
    supabase: SupabaseClient,
    last?: OrderRow,
    pageSize?: number,
  ): Promise<OrderRow[]>;
  getOrder(supabase: SupabaseClient, id: string): Promise<Row | null>;
  listOrdersToShip(supabase: SupabaseClient): Promise<Row[]>;
  getUsage(supabase: SupabaseClient): Promise<Row>;
  listHeldOrders(supabase: SupabaseClient, page?: number, pageSize?: number): Promise<Row>;
  listShops(supabase: SupabaseClient): Promise<Row[]>;
  watchOrders(
    supabase: SupabaseClient,
    userId: string,
    onOrder: (orderId: string) => void,
    onConnected: () => void,
  ): Promise<unknown>;
  watchRows(
    supabase: SupabaseClient,
    onRow: (table: string, row: Row) => void,
    onConnected: () => void,
  ): Promise<unknown>;
}

/** Names of the exports; a test below calls each. */
const KNOWN = [
  "signIn",
  "readClaim",
  "connectShops",
  "showMoney",
  "listOrders",
  "listOlderOrders",
  "getOrder",
  "listOrdersToShip",
  "getUsage",
  "listHeldOrders",
  "listShops",
  "downloadOrders",
  "watchOrders",
  "watchRows",
];

const { blocks, examples } = await loadExamples<Examples>(PAGE);

/** A database time is a text with microseconds, e.g. 2026-03-01T10:00:00.123456+00:00. */
function hourOf(order: OrderRow): number {
  return new Date(order.created_at).getUTCHours();
}

interface Scene {
  /** Growth, two shops, 26 orders: three an hour from midnight of 1 March. */
  ada: ConnectedSeller;
  /** As the page signs in. */
  supabase: SupabaseClient;
  /** Ids of Ada's orders, newest first. */
  newestFirst: string[];
  /** On trial: 10 orders are stored and 2 are held. */
  bob: ConnectedSeller;
}

/** As the page connects a shop: not before the seller has seen its name and agreed. */
async function connectSecondShop(
  stack: TestStack,
  supabase: SupabaseClient,
  openId: string,
): Promise<void> {
  const back = stack.tiktok.answerAuthorization({ openId, decision: "agree" });
  const { headers, body } = await fetch(back, { redirect: "manual" });
  await body?.cancel();
  const claim = examples.readClaim(headers.get("location") ?? "") ?? "";
  const asked: string[][] = [];
  const connect = (answer: boolean) =>
    examples.connectShops(supabase, claim, (names) => {
      asked.push(names);
      return Promise.resolve(answer);
    });
  assert.equal(await connect(false), false);
  assert.equal((await examples.listShops(supabase)).length, 1);
  assert.equal(await connect(true), true);
  assert.deepEqual(asked, [["Second (GB)"], ["Second (GB)"]]);
}

async function setScene(stack: TestStack): Promise<Scene> {
  const ada = await connectSeller(stack);
  await subscribe(stack, ada.id, "growth");
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = stack.env;
  const supabase = await examples.signIn(
    SUPABASE_URL,
    SUPABASE_PUBLISHABLE_KEY,
    ada.email,
    "a-password",
  );
  await supabase.auth.stopAutoRefresh();
  const second = stack.tiktok.addShop({ id: "7480000000000009999", name: "Second", region: "GB" });
  await connectSecondShop(stack, supabase, second.openId);
  await settleTasks(stack);
  const bob = await connectSeller(stack);
  const orders = Array.from({ length: 26 }, (_, n) =>
    stack.tiktok.addOrder({
      shopId: n < 20 ? ada.shopId : second.id,
      status: n % 2 === 0 ? "AWAITING_SHIPMENT" : "IN_TRANSIT",
      price: "19.51",
    }));
  const more = Array.from({ length: 12 }, () => stack.tiktok.addOrder({ shopId: bob.shopId }));
  await stack.tiktok.sendShuffled([...orders, ...more], { concurrency: 8 });
  await settledEvents(stack);
  await stack.sql`
    update public.orders set created_at =
      '2026-03-01 00:00:00.123456+00'::timestamptz + (place / 3) * interval '1 hour'
    from (select id, row_number() over (order by tiktok_order_id) - 1 as place
      from public.orders where user_id = ${ada.id}) as placed
    where orders.id = placed.id`;
  const rows = await stack.sql`
    select id from public.orders where user_id = ${ada.id} order by created_at desc, id desc`;
  return { ada, bob, supabase, newestFirst: rows.map((row) => row.id) };
}

async function checkPaging({ supabase, newestFirst }: Scene): Promise<void> {
  const seen: string[] = [];
  for (const [page, size] of [10, 10, 6].entries()) {
    const { orders, total } = await examples.listOrders(supabase, {}, page);
    assert.equal(total, 26);
    assert.equal(orders.length, size);
    seen.push(...orders.map((order) => order.id));
  }
  assert.deepEqual(seen, newestFirst, "three pages by range");

  const older: string[] = [];
  let last: OrderRow | undefined;
  // Pages of 7 end within the three orders of one moment.
  for (const size of [7, 7, 7, 5, 0]) {
    const orders = await examples.listOlderOrders(supabase, last, 7);
    assert.equal(orders.length, size);
    older.push(...orders.map((order) => order.id));
    last = orders.at(-1) ?? last;
  }
  assert.deepEqual(older, newestFirst, "pages by the last order");
}

async function checkFilters({ supabase, ada }: Scene): Promise<void> {
  const list = (filter: Record<string, string | string[]>) =>
    examples.listOrders(supabase, filter, 0, 100);
  const { orders: all } = await list({});
  assert.equal(all[0]?.total_amount, "24.50");
  assert.equal((await list({ statuses: ["in_transit"] })).total, 13);
  assert.equal((await list({ statuses: ["in_transit", "awaiting_shipment"] })).total, 26);
  assert.equal((await list({ statuses: ["cancelled"] })).total, 0);

  const shops = await examples.listShops(supabase);
  assert.deepEqual(
    new Set(shops.map((shop) => shop.shop_id)),
    new Set([ada.shopId, "7480000000000009999"]),
  );
  const totals = shops.map(async ({ id, shop_id, shop_name }) => {
    const { orders, total } = await list({ shop: String(id) });
    const names = new Set(orders.map((order) => (order.tiktok_shops as Row).shop_name));
    assert.deepEqual(names, new Set([shop_name]));
    return [shop_id, total];
  });
  assert.deepEqual(Object.fromEntries(await Promise.all(totals)), {
    [ada.shopId]: 20,
    "7480000000000009999": 6,
  });

  const days = await list({
    since: "2026-03-01T02:00:00.123456Z",
    before: "2026-03-01T04:00:00.123456Z",
  });
  assert.deepEqual(days.orders.map(hourOf), [3, 3, 3, 2, 2, 2]);

  const wanted = all[4] as OrderRow;
  const found = await list({ search: wanted.tiktok_order_id });
  assert.deepEqual(found.orders.map((order) => order.id), [wanted.id]);
  const byEnd = await list({ search: wanted.tiktok_order_id.slice(-7) });
  assert.deepEqual(byEnd.orders.map((order) => order.id), [wanted.id]);
  assert.equal((await list({ search: "5764" })).total, 26);
  assert.equal((await list({ search: "%5764" })).total, 26, "the search text is not a pattern");
  const middle = wanted.tiktok_order_id.slice(1, -1);
  assert.equal((await list({ search: middle })).total, 0, "neither the beginning nor the end");
}

async function checkOneOrder(stack: TestStack, { ada, bob, supabase }: Scene): Promise<void> {
  const order = stack.tiktok.addOrder({ shopId: ada.shopId, price: "19.51" });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  stack.tiktok.changeOrder(order.id, "IN_TRANSIT");
  for (const [type, data] of [[1, {}], [12, { return_id: "9", return_status: "PENDING" }]]) {
    const body = `{"type":${type},"tts_notification_id":"8${type}","shop_id":"${ada.shopId}",` +
      `"timestamp":${pushTime()},"data":${JSON.stringify({ order_id: order.id, ...data as Row })}}`;
    const response = await postWebhook(stack, body);
    assert.equal(response.status, 200);
    // The timeline has them in the order in which they are processed.
    await settledEvents(stack);
    await response.body?.cancel();
    await settledEvents(stack);
  }
  const [row] = await stack.sql`
    select id from public.orders where tiktok_order_id = ${order.id}`;
  for (const tracking of ["first", "second"]) {
    await stack.sql`
      insert into public.shipments (order_id, carrier, service_type, tracking_number)
      values (${row?.id}, 'USPS', 'Priority', ${tracking})`;
  }
  const shown = await examples.getOrder(supabase, row?.id);
  assert.equal(shown?.tiktok_order_id, order.id);
  assert.deepEqual(
    [shown?.order_status, shown?.payment_status, shown?.total_amount, shown?.shipping_cost],
    ["in_transit", "paid", "24.50", "4.99"],
  );
  assert.deepEqual(
    (shown?.shipments as Row[]).map((shipment) => shipment.tracking_number),
    ["first", "second"],
  );
  assert.deepEqual([shown?.order_kind, shown?.fulfillment_type], ["sale", "FULFILLMENT_BY_SELLER"]);
  const urgent = await examples.listOrdersToShip(supabase);
  const shipBy = urgent.map((entry) => Date.parse(entry.ship_by as string));
  assert.ok(shipBy.length > 0 && shipBy.every((time) => time > 0));
  assert.deepEqual(shipBy, shipBy.toSorted((a, b) => a - b));
  const timeline = shown?.order_events as { event_type: string; changes: Row }[];
  assert.deepEqual(timeline.map((entry) => entry.event_type), [
    "ORDER_STATUS_CHANGE",
    "ORDER_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
  ]);
  assert.deepEqual(timeline.map((entry) => entry.changes.order_status ?? null), [
    { from: null, to: "awaiting_shipment" },
    { from: "awaiting_shipment", to: "in_transit" },
    null,
  ]);
  assert.deepEqual(timeline[2]?.changes, { return_id: "9", return_status: "PENDING" });
  assert.equal(
    await examples.getOrder(bob.client, row?.id),
    null,
    "another seller does not find it",
  );
}

async function checkUsage(stack: TestStack, { ada, bob, supabase }: Scene): Promise<void> {
  const { month_ends_at, ...waiting } = await examples.getUsage(bob.client);
  assert.deepEqual(waiting, {
    plan: "trial",
    text: "10 of 10 orders this month",
    notice: "2 orders wait for your plan",
    used: 10,
    limit: 10,
    held: 2,
  });
  const now = new Date();
  const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  assert.equal(Date.parse(String(month_ends_at)), nextMonth);
  assert.equal((await examples.listOrders(bob.client)).total, 10, "held orders are not listed");
  const { total, orders } = await examples.listHeldOrders(bob.client, 1, 1);
  assert.deepEqual([total, (orders as Row[]).map((order) => order.place)], [2, [2]]);
  const { plan, used, limit, notice } = await examples.getUsage(supabase);
  assert.deepEqual([plan, used, limit, notice], ["growth", 27, 500, null]);

  await stack.sql`
    update public.tiktok_shops
    set connection_status = 'needs_reauth', status_reason = 'token_refused', access_token = null,
      refresh_token = null
    where shop_id = ${ada.shopId}`;
  const shops = await examples.listShops(supabase);
  assert.deepEqual(
    Object.fromEntries(shops.map((shop) => [shop.shop_id, shop.connection_status])),
    { [ada.shopId]: "needs_reauth", "7480000000000009999": "active" },
  );
}

/** The columns in the page's table under "Where `select *` is refused". */
async function checkColumns({ supabase }: Scene): Promise<void> {
  const page = await Deno.readTextFile(PAGE);
  const tables = [...page.matchAll(/^\| `(tiktok_shops|subscriptions)` +\| `([^`]+)`/gm)];
  assert.equal(tables.length, 2);
  for (const [, table = "", columns = ""] of tables) {
    const refused = await supabase.from(table).select("*");
    assert.equal(refused.error?.code, "42501", `select * of ${table}`);
    const { data, error } = await supabase.from(table).select(columns);
    assert.equal(error, null);
    assert.ok(data?.length, `${table} has rows`);
  }
  for (const table of ["orders", "shipments", "order_events", "plans", "users"]) {
    const { data, error } = await supabase.from(table).select("*");
    assert.equal(error, null, table);
    assert.ok(data?.length, `${table} has rows`);
  }
}

Deno.test("this test knows every block of the seller's page", () => {
  assert.deepEqual(blocks.flat().toSorted(), KNOWN.toSorted());
  for (const names of blocks) assert.ok(names.length > 0, "a block exports its example");
});

Deno.test("money on the seller's page is exact, to the largest amount that is stored", () => {
  assert.equal(examples.showMoney("24.50", "USD"), "$24.50");
  assert.equal(examples.showMoney("999999999999.99", "USD"), "$999,999,999,999.99");
  assert.equal(examples.showMoney("100000000.00", "VND", "en-US"), "₫100,000,000");
});

/** With the byte order mark, which a decoded text would lack. */
async function checkDownload({ supabase }: Scene): Promise<void> {
  const file = await examples.downloadOrders(supabase, "2026-01-01", "2026-12-31");
  const bytes = new Uint8Array(await (file as Blob).arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
}

test("the seller's page lists, filters and shows the seller's own rows only", async (stack) => {
  const scene = await setScene(stack);
  await checkPaging(scene);
  await checkFilters(scene);
  await checkOneOrder(stack, scene);
  await checkUsage(stack, scene);
  await checkColumns(scene);
  await checkDownload(scene);
  await scene.supabase.auth.signOut();
  await assert.rejects(
    examples.listOrders(scene.supabase),
    { code: "42501" },
    "signed out, the page lists nothing",
  );
});

test(
  "the seller's page joins the seller's private topic, and receives changes of an order and its parcel",
  async (stack) => {
    const seller = await connectSeller(stack);
    const supabase = openClient(stack, seller.accessToken);
    const heard: string[] = [];
    let connected = 0;
    await examples.watchOrders(
      supabase,
      seller.id,
      (orderId) => heard.push(orderId),
      () => connected++,
    );
    await until("the channel is joined", () => Promise.resolve(connected > 0));
    const order = stack.tiktok.addOrder({ shopId: seller.shopId });
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
    await settledEvents(stack);
    const [row] = await stack.sql`select id from public.orders`;
    await stack.sql`update public.orders set order_status = 'in_transit'`;
    await stack.sql`
    insert into public.shipments (order_id, carrier, service_type)
    values (${row?.id}, 'USPS', 'Priority')`;
    await stack.sql`update public.shipments set status = 'delivered'`;
    await until("four messages have come", () => Promise.resolve(heard.length >= 4));
    assert.deepEqual(heard, Array(4).fill(row?.id));
  },
);

test("the seller's page receives the rows of its own orders and shipments", async (stack) => {
  const [seller, other] = [await connectSeller(stack), await connectSeller(stack)];
  const supabase = openClient(stack, seller.accessToken);
  const seen: string[] = [];
  let connected = 0;
  await examples.watchRows(
    supabase,
    (table, row) => seen.push(`${table} ${row.id} ${row.order_status ?? row.status}`),
    () => connected++,
  );
  await until("changes are on their way", () => Promise.resolve(connected > 0));
  for (const { shopId } of [other, seller]) await announceOrder(stack, { shopId });
  await settledEvents(stack);
  const [order] = await stack.sql`select id from public.orders where user_id = ${seller.id}`;
  const [shipment] = await stack.sql`
    insert into public.shipments (order_id, carrier, service_type)
    values (${order?.id}, 'USPS', 'Priority') returning id, status`;
  const last = `shipments ${shipment?.id} ${shipment?.status}`;
  await until("the shipment has come", () => Promise.resolve(seen.includes(last)));
  assert.equal(seen[0]?.startsWith(`orders ${order?.id} `), true, seen[0]);
  assert.ok(seen.every((entry) => entry === last || entry.startsWith(`orders ${order?.id} `)));
});
