/** The TikTok simulator refuses calls as TikTok does, with TikTok's codes. */
import assert from "node:assert/strict";
import { APP, Caller, NOW } from "../../../tests/support/tiktok_caller.ts";
import { TikTokSimulator } from "./simulator.ts";

const ORDERS = "/order/202309/orders/search";
const RETURNS = "/return_refund/202309/returns/search";
const CANCELLATIONS = "/return_refund/202309/cancellations/search";

Deno.test("calls are checked in TikTok's order: app key, clock, signature, token, cipher", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  const path = "/order/202309/orders";
  const good = { ids: "5", shop_cipher: "cipher1" };
  const second = (offset: number) => ({ ...good, timestamp: String(NOW / 1000 + offset) });

  assert.equal((await caller.call(path, token, good)).code, 0);
  const appKey = await caller.call(path, token, good, { change: { app_key: "x", sign: "x" } });
  assert.deepEqual([appKey.code, appKey.status], [36009004, 400]);
  assert.match(appKey.message, /app_key/);
  assert.match((await caller.call(path, token, second(-301))).message, /timestamp/);
  assert.match((await caller.call(path, token, second(31))).message, /timestamp/);
  assert.equal((await caller.call(path, token, second(30))).code, 0);
  assert.equal((await caller.call(path, token, second(-300))).code, 0);
  const sign = await caller.call(path, "no token", good, { change: { sign: "0".repeat(64) } });
  assert.deepEqual([sign.code, sign.status], [106001, 401]);
  assert.equal((await caller.call(path, token, good, { change: { ids: "6" } })).code, 106001);
  const asForm = await caller.call(`${path}/search`, token, good, {
    method: "POST",
    body: "{}",
    contentType: "application/x-www-form-urlencoded",
  });
  assert.deepEqual([asForm.code, asForm.status], [36009022, 400]);
  assert.match((await caller.call(path, "no token", good)).message, /x-tts-access-token/);
  assert.equal((await caller.call(path, token, { ids: "5" })).code, 106013);
  assert.equal((await caller.call(path, token, { ...good, shop_cipher: "cipher3" })).code, 101000);
  assert.equal((await caller.call("/order/202309/nothing", token, good)).code, 36009009);
  const put = await caller.call(path, token, good, { method: "PUT", body: "{}" });
  assert.deepEqual([put.code, put.status], [36009010, 405]);
  caller.now += 7 * 86400_000;
  const expired = await caller.call(path, token, good);
  assert.deepEqual([expired.code, expired.status], [105002, 401]);
  // The calls with a missing or wrong cipher were admitted, the other refused calls were not.
  assert.equal(caller.simulator.calls.length, 5);
});

Deno.test("all shops of a login are listed, without a cipher only", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  const path = "/authorization/202309/shops";
  const answer = await caller.call(path, token, {});
  assert.deepEqual((answer.data.shops as { id: string }[]).map((shop) => shop.id), ["1", "2"]);
  const refused = await caller.call(path, token, { shop_cipher: "cipher1" });
  assert.equal(refused.code, 36009004);
  assert.match(refused.message, /unexpected identifier/);
});

Deno.test("orders of another seller are refused and not found, and the search pages by update time", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  for (let n = 1; n <= 5; n++) {
    caller.simulator.addOrder({ shopId: "1", orderId: `10${n}`, updateTime: 1000 + n });
  }
  caller.simulator.addOrder({ shopId: "3", orderId: "300" });
  const detail = (ids: string) =>
    caller.call("/order/202309/orders", token, { ids, shop_cipher: "cipher1" });
  const found = await detail("101,999");
  assert.deepEqual(found.data.orders?.map((order) => order.id), ["101"]);
  // One order of another seller spoils the answer for the others.
  const foreign = await detail("101,300");
  assert.deepEqual([foreign.code, foreign.status, foreign.data], [21008111, 200, null]);

  const search = (page: Record<string, string>) =>
    caller.call("/order/202309/orders/search", token, {
      shop_cipher: "cipher1",
      page_size: "2",
      sort_field: "update_time",
      sort_order: "ASC",
      ...page,
    }, { method: "POST", body: '{"update_time_ge":1002,"update_time_lt":1005}' });
  const first = await search({});
  assert.deepEqual(first.data.orders?.map((order) => order.id), ["102", "103"]);
  assert.equal(first.data.total_count, 3);
  const last = await search({ page_token: String(first.data.next_page_token) });
  assert.deepEqual(last.data.orders?.map((order) => order.id), ["104"]);
  assert.equal(last.data.next_page_token, "");
  assert.equal((await search({ page_size: "101" })).code, 36009004);
});

Deno.test("the journal keeps the state, and skips a line that a kill has cut", async () => {
  const path = await Deno.makeTempFile();
  const options = { ...APP, webhookUrl: "http://127.0.0.1:1/", journalPath: path };
  const before = new TikTokSimulator(options);
  before.addShop({ id: "1" });
  before.addOrder({ shopId: "1", orderId: "101" });
  before.changeOrder("101", "DELIVERED");
  before.close();
  await Deno.writeTextFile(path, '["orders","102",{"id":', { append: true });

  const after = new TikTokSimulator(options);
  assert.equal(after.state.get("orders", "101")?.detail.status, "DELIVERED");
  assert.equal(after.state.all("orders").length, 1);
  after.addOrder({ shopId: "1", orderId: "103" });
  after.close();

  const last = new TikTokSimulator(options);
  assert.deepEqual(last.state.all("orders").map((order) => order.id), ["101", "103"]);
  last.close();
  await Deno.remove(path);
});

Deno.test("calls for an inactive shop or seller are refused, calls for the login's other shops are not", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  caller.simulator.addOrder({ shopId: "1", orderId: "101" });
  const orders = (cipher: string) =>
    caller.call("/order/202309/orders", token, { ids: "101", shop_cipher: cipher });

  caller.simulator.setInactive("1", "shop");
  const refused = await orders("cipher1");
  assert.deepEqual([refused.code, refused.status, refused.data], [36009043, 401, null]);
  const put = await caller.call("/event/202309/webhooks", token, { shop_cipher: "cipher1" }, {
    method: "PUT",
    body: '{"address":"https://example.com/","event_type":"ORDER_STATUS_CHANGE"}',
  });
  assert.equal(put.code, 36009043);
  assert.deepEqual(caller.simulator.state.all("subscriptions"), []);
  assert.equal((await orders("cipher2")).code, 0);

  caller.simulator.setInactive("1", "seller");
  const both = await Promise.all(["cipher1", "cipher2"].map(orders));
  assert.deepEqual(both.map(({ code, status }) => [code, status]), [
    [36009044, 401],
    [36009044, 401],
  ]);

  caller.simulator.setInactive("1", false);
  assert.equal((await orders("cipher1")).data.orders?.length, 1);
});

Deno.test("a call outside the login's scopes is refused and has no effect", async () => {
  const caller = new Caller();
  caller.simulator.addLogin({ openId: "one", scopes: ["seller.authorization.info"] });
  caller.simulator.addLogin({ openId: "other", scopes: ["seller.order.info"] });
  const { access_token: one } = await caller.connect("1");
  const { access_token: other } = await caller.connect("3");
  const good = { ids: "5", shop_cipher: "cipher1" };

  const refused = [
    await caller.call("/order/202309/orders", one, good),
    await caller.call("/order/202309/orders/search", one, { ...good, page_size: "1" }, {
      method: "POST",
      body: "{}",
    }),
    await caller.call("/authorization/202309/shops", other, {}),
    await caller.call("/event/202309/webhooks", other, { shop_cipher: "cipher3" }),
    await caller.call("/event/202309/webhooks", other, { shop_cipher: "cipher3" }, {
      method: "PUT",
      body: '{"address":"https://example.com/","event_type":"ORDER_STATUS_CHANGE"}',
    }),
  ];
  assert.deepEqual(refused.map(({ code }) => code), Array(5).fill(105005));
  assert.deepEqual(refused.map(({ data }) => data), Array(5).fill(null));
  assert.deepEqual(caller.simulator.calls, []);
  assert.deepEqual(caller.simulator.state.all("subscriptions"), []);

  assert.equal((await caller.call("/authorization/202309/shops", one, {})).code, 0);
  const orders = await caller.call("/order/202309/orders", other, {
    ids: "5",
    shop_cipher: "cipher3",
  });
  assert.equal(orders.code, 0);
});

Deno.test("a search refuses wrong pages and orders, unknown parameters, and filters that are not simulated", async () => {
  const caller = new Caller();
  caller.simulator.addOrder({ shopId: "1", orderId: "101" });
  const shop = await caller.shop("1");
  const refused: [path: string, query: Record<string, string>, body: object, names: RegExp][] = [
    [ORDERS, {}, {}, /query\.page_size is missing/],
    [ORDERS, { page_size: "0" }, {}, /query\.page_size/],
    [ORDERS, { page_size: "1.5" }, {}, /query\.page_size/],
    [ORDERS, { page_size: "1", sort_field: "id" }, {}, /query\.sort_field/],
    [ORDERS, { page_size: "1", sort_order: "asc" }, {}, /query\.sort_order/],
    [ORDERS, { page_size: "1", page_token: "-1" }, {}, /query\.page_token/],
    [ORDERS, { page_size: "1", page: "2" }, {}, /unexpected identifier: page$/],
    [ORDERS, { page_size: "1" }, { update_time_ge: "1" }, /body\.update_time_ge/],
    [ORDERS, { page_size: "1" }, { order_status: "UNPAID" }, /body\.order_status/],
    [ORDERS, { page_size: "1" }, [], /body is invalid/],
    [RETURNS, { page_size: "9" }, {}, /query\.page_size/],
    [RETURNS, { sort_field: "id" }, {}, /query\.sort_field/],
    [RETURNS, {}, { return_ids: "1" }, /body\.return_ids/],
    [CANCELLATIONS, { page_size: "51" }, {}, /query\.page_size/],
    [CANCELLATIONS, {}, { update_time_ge: 1 }, /body\.update_time_ge/],
  ];
  for (const [path, query, body, names] of refused) {
    const answer = await shop.post(path, body, query);
    assert.deepEqual([answer.code, answer.status], [36009004, 400], `${path} ${names}`);
    assert.match(answer.message, names);
  }
  const other = await shop.get("/order/202309/orders", { ids: "101", fields: "id" });
  assert.match(other.message, /unexpected identifier: fields/);
  assert.equal((await shop.post(ORDERS, {}, { page_size: "1" })).data.total_count, 1);
  assert.equal((await shop.post(RETURNS, {})).code, 0);
  assert.equal((await shop.post(CANCELLATIONS, {})).code, 0);
});
