/** The TikTok simulator refuses what TikTok refuses, with TikTok's codes. */
import assert from "node:assert/strict";
import { signApiRequest } from "../shared/tiktok/signing.ts";
import { TikTokSimulator } from "./simulators/tiktok/simulator.ts";

const APP = { appKey: "key", appSecret: "secret" };
const NOW = 1_790_000_000_000;

interface Answer {
  status: number;
  code: number;
  message: string;
  data: Record<string, unknown> & { orders?: { id: string }[] };
}

class Caller {
  readonly simulator: TikTokSimulator;
  now = NOW;

  constructor() {
    this.simulator = new TikTokSimulator({
      ...APP,
      webhookUrl: "http://127.0.0.1:1/",
      now: () => this.now,
    });
    this.simulator.addShop({ id: "1", openId: "one", cipher: "cipher1" });
    this.simulator.addShop({ id: "2", openId: "one", cipher: "cipher2" });
    this.simulator.addShop({ id: "3", openId: "other", cipher: "cipher3" });
  }

  async get(url: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.simulator.fetch(new Request(`http://tiktok${url}`, init));
    return { status: response.status, ...await response.json() };
  }

  /** A token pair for a shop's login. */
  async connect(shopId: string): Promise<Record<string, unknown>> {
    const code = this.simulator.authorize(shopId);
    return (await this.exchange(code)).data;
  }

  exchange(code: string, parameters: Record<string, string> = {}): Promise<Answer> {
    const query = new URLSearchParams({
      app_key: APP.appKey,
      app_secret: APP.appSecret,
      auth_code: code,
      grant_type: "authorized_code",
      ...parameters,
    });
    return this.get(`/api/v2/token/get?${query}`);
  }

  /** A signed call; `change` spoils the query after it was signed. */
  async call(
    path: string,
    token: unknown,
    parameters: Record<string, string>,
    { method = "GET", body, change = {} }: {
      method?: string;
      body?: string;
      change?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const query = { app_key: APP.appKey, timestamp: String(this.now / 1000), ...parameters };
    const bytes = body === undefined ? undefined : new TextEncoder().encode(body);
    const sign = await signApiRequest(
      { path, query, ...(bytes && { body: bytes }) },
      APP.appSecret,
    );
    return await this.get(`${path}?${new URLSearchParams({ ...query, sign, ...change })}`, {
      method,
      headers: { "x-tts-access-token": String(token) },
      ...(body !== undefined && { body }),
    });
  }
}

Deno.test("a code works once and for 30 minutes; the token exchange answers TikTok's codes as HTTP 200", async () => {
  const caller = new Caller();
  const code = caller.simulator.authorize("1");
  assert.equal((await caller.exchange(code, { app_secret: "wrong" })).code, 98001004);
  assert.equal((await caller.exchange(code, { grant_type: "authorization_code" })).code, 98001004);
  const granted = await caller.exchange(code);
  assert.equal(granted.code, 0);
  assert.equal(granted.data.access_token_expire_in, NOW / 1000 + 7 * 86400);
  assert.ok(granted.data.refresh_token_expire_in as number > 2 ** 32);
  const again = await caller.exchange(code);
  assert.deepEqual([again.status, again.code], [200, 36004004]);

  const late = caller.simulator.authorize("1");
  caller.now += 30 * 60_000;
  assert.equal((await caller.exchange(late)).code, 36004004);
  const post = await caller.simulator.fetch(
    new Request("http://tiktok/api/v2/token/get", { method: "POST", body: "{}" }),
  );
  assert.equal(post.status, 404);
});

Deno.test("a refresh gives a new pair, and the old refresh token is dead at once", async () => {
  const caller = new Caller();
  const { refresh_token } = await caller.connect("1");
  const refresh = (token: unknown) =>
    caller.get(`/api/v2/token/refresh?${new URLSearchParams({
      app_key: APP.appKey,
      app_secret: APP.appSecret,
      refresh_token: String(token),
      grant_type: "refresh_token",
    })}`);
  const fresh = await refresh(refresh_token);
  assert.equal(fresh.code, 0);
  assert.notEqual(fresh.data.refresh_token, refresh_token);
  assert.equal((await refresh(refresh_token)).code, 36004005);
  assert.equal((await refresh(fresh.data.refresh_token)).code, 0);
});

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
  assert.match((await caller.call(path, "no token", good)).message, /x-tts-access-token/);
  assert.equal((await caller.call(path, token, { ids: "5" })).code, 106013);
  assert.equal((await caller.call(path, token, { ...good, shop_cipher: "cipher3" })).code, 101000);
  assert.equal((await caller.call("/order/202309/nothing", token, good)).code, 36009009);
  caller.now += 7 * 86400_000;
  const expired = await caller.call(path, token, good);
  assert.deepEqual([expired.code, expired.status], [105002, 401]);
  // The two with a missing or wrong cipher were admitted, the other refusals were not.
  assert.equal(caller.simulator.calls.length, 5);
});

Deno.test("the shops of a login come together, and only without a cipher", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  const path = "/authorization/202309/shops";
  const answer = await caller.call(path, token, {});
  assert.deepEqual((answer.data.shops as { id: string }[]).map((shop) => shop.id), ["1", "2"]);
  const refused = await caller.call(path, token, { shop_cipher: "cipher1" });
  assert.equal(refused.code, 36009004);
  assert.match(refused.message, /unexpected identifier/);
});

Deno.test("orders of another shop are not shown, and the search pages by update time", async () => {
  const caller = new Caller();
  const { access_token: token } = await caller.connect("1");
  for (let n = 1; n <= 5; n++) {
    caller.simulator.addOrder({ shopId: "1", orderId: `10${n}`, updateTime: 1000 + n });
  }
  caller.simulator.addOrder({ shopId: "3", orderId: "300" });
  const ids = await caller.call("/order/202309/orders", token, {
    ids: "101,300,999",
    shop_cipher: "cipher1",
  });
  assert.deepEqual(ids.data.orders?.map((order) => order.id), ["101"]);

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

Deno.test("it keeps its state in a journal, and a line that a kill cut short does no harm", async () => {
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
  after.close();
  await Deno.remove(path);
});
