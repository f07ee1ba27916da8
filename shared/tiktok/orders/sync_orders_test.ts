import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Seen, withServer } from "../../../tests/support/local_server.ts";
import { encrypt } from "../../crypto/encryption.ts";
import { parseKeyRing } from "../../crypto/key_ring.ts";
import type { DatabaseClient } from "../../database/client.ts";
import type { ShopEvent } from "../../inbox/events.ts";
import { TikTokClient } from "../api/client.ts";
import { tokenContext } from "../connections/encrypted_tokens.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { syncShopOrders } from "./sync_orders.ts";

const keys = parseKeyRing(`k1:${Buffer.alloc(32, 1).toString("base64")}`);
const NOW = 1_790_000_000;
const SYNCED_UNTIL = new Date((NOW - 3600) * 1000).toISOString();
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

const EVENT: ShopEvent = {
  request_id: null,
  traceparent: null,
  ...{ event_id: 1, claim: 1, attempt: 1, failing: false, source: "creatorflow", body: "{}" },
  claimed_at: "2026-11-01T00:00:00Z",
  ...{ event_type: "SYNC_ORDERS", shop_id: "1", object_id: null },
  shop: {
    ...{ id: "shop", user_id: "user", shop_id: "1", shop_cipher: "cipher" },
    access_token: await encrypt(keys, "TTP_token", tokenContext("access_token", "1")),
    ...{ token_version: 1, paused_seconds: null },
  },
};

interface StoredPage {
  p_orders: { order_id: string; update_time: number | null }[];
  p_synced_until: string;
  p_next: string;
}

/** Reads the pages that TikTok answers in turn. Returns what the database was given. */
async function syncPages(...pages: unknown[]): Promise<StoredPage[]> {
  const stored: StoredPage[] = [];
  const marks = {
    created_at: SYNCED_UNTIL,
    orders_synced_until: SYNCED_UNTIL,
    returns_synced_until: SYNCED_UNTIL,
  };
  const watermark = Promise.resolve({ data: marks, error: null });
  const database = {
    from: () => ({ select: () => ({ eq: () => ({ single: () => watermark }) }) }),
    rpc(name: string, page: StoredPage) {
      if (name === "store_return_page") {
        return Promise.resolve({ data: { outcome: "synced", enqueued: 0 }, error: null });
      }
      stored.push(page);
      const { length: enqueued } = page.p_orders;
      return Promise.resolve({ data: { outcome: "stored", enqueued, missed: 0 }, error: null });
    },
  } as unknown as DatabaseClient;
  const answer = ({ url }: Seen) =>
    Response.json({ code: 0, data: url.pathname.includes("/returns/") ? {} : pages.shift() });
  await withServer(answer, async (apiUrl) => {
    const config = { appKey: "key", appSecret: "secret", apiUrl, authUrl: "http://127.0.0.1:1" };
    const tiktok = new TikTokClient(config);
    const dependencies = { database, tiktok, config, keys } as TikTokDependencies;
    const result = await syncShopOrders(dependencies, EVENT, { now: () => NOW * 1000 });
    assert.equal("outcome" in result && result.outcome, "synced");
  });
  return stored;
}

const secondsOf = ({ p_synced_until }: StoredPage) => Date.parse(p_synced_until) / 1000;

Deno.test("one unreadable element in a list: a search page moves on past it, and it is tried alone", async () => {
  const fixture = new URL(
    "../../../tests/fixtures/reported/03-one-odd-order-in-a-batch.json",
    import.meta.url,
  );
  const { input, right } = JSON.parse(await Deno.readTextFile(fixture));
  const orders = [
    { id: "1", update_time: NOW - 90 },
    { id: "2", update_time: NOW - 80, line_items: [input.line_item] },
    { id: "3", update_time: { odd: true } },
    { id: "4", update_time: NOW - 60 },
  ];
  const odd = { update_time: NOW - 50 };
  const [first, last, ...more] = await syncPages(
    { orders: [...orders, odd, null], next_page_token: "next" },
    { orders: [{ id: "5", update_time: NOW - 40 }] },
  ) as [StoredPage, StoredPage];
  assert.equal(first.p_orders.length, right.orders_in);
  assert.deepEqual(
    first.p_orders.map(({ order_id, update_time }) => [order_id, update_time !== null]).sort(),
    [["1", true], ["2", true], ["3", false], ["4", true]],
  );
  assert.deepEqual([secondsOf(first), first.p_next], [NOW - 60, "page"]);
  assert.deepEqual(last.p_orders.map(({ order_id }) => order_id), ["5"]);
  assert.deepEqual([secondsOf(last), last.p_next, more], [NOW + 1, "returns", []]);
});

Deno.test("a page without any readable order does not move the watermark past the pages after it", async () => {
  const odd = [{ id: "1", update_time: "soon" }, 7];
  const [first, last] = await syncPages(
    { orders: odd, next_page_token: "next" },
    { orders: [{ id: "2", update_time: NOW - 40 }] },
  ) as [StoredPage, StoredPage];
  assert.ok(secondsOf(first) <= Date.parse(SYNCED_UNTIL) / 1000);
  assert.deepEqual(first.p_orders, [{ order_id: "1", update_time: null }]);
  assert.equal(secondsOf(last), NOW + 1);
});
