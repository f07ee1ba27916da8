import assert from "node:assert/strict";
import type { TikTokCall } from "../api/client.ts";
import { TikTokError } from "../api/errors.ts";
import type { ShopSync } from "./shop_sync.ts";
import { syncReturns } from "./sync_returns.ts";

Object.assign(console, { info: () => {}, warn: () => {}, error: () => {} });

interface StoredPage {
  p_returns: { return_id: string; notice: unknown }[];
  p_synced_until: string;
  p_next: string;
}

function foundReturn(return_id: string, update_time: number, fields: object = {}) {
  return {
    ...{ return_id, order_id: `9${return_id}`, return_type: "REFUND", role: "BUYER", update_time },
    return_status: "RETURN_OR_REFUND_REQUEST_COMPLETE",
    refund_amount: { currency: "USD", refund_total: "5.00" },
    ...fields,
  };
}

/** @param answers TikTok's pages, or its errors. Returns what the database was given, and TikTok. */
async function syncPages(answers: unknown[], hasTime: () => boolean = () => true) {
  const stored: [ids: string, until: number, next: string][] = [];
  const bodies: unknown[] = [];
  const database = {
    rpc(_name: string, { p_returns, p_synced_until, p_next }: StoredPage) {
      const until = Date.parse(p_synced_until) / 1000;
      stored.push([p_returns.map(({ return_id }) => return_id).join(), until, p_next]);
      const outcome = p_next === "page" ? "stored" : "synced";
      return Promise.resolve({ data: { outcome, enqueued: p_returns.length }, error: null });
    },
  };
  const tiktok = {
    call(schema: { parse(data: unknown): unknown }, _access: unknown, { body }: TikTokCall) {
      bodies.push(body);
      const answer = answers.shift();
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(schema.parse(answer));
    },
  };
  const sync = {
    dependencies: { database, tiktok },
    event: { event_id: 1, shop: { id: "shop", shop_id: "1" } },
    connection: { call: (use: (access: unknown) => unknown) => use({}) },
    hasTime,
  } as unknown as ShopSync;
  const result = await syncReturns(sync, { from: 100, to: 200 });
  return { stored, bodies, result };
}

Deno.test("a sync stores the returns that were paid back, page by page, and skips what it cannot read", async () => {
  const first = [
    foundReturn("1", 101),
    foundReturn("2", 102, { return_status: "RETURN_OR_REFUND_REQUEST_PENDING" }),
    foundReturn("3", 103, { refund_amount: { currency: "USD", refund_total: "0" } }),
    { return_id: "4" },
    foundReturn("5", 104, { return_status: "REPLACEMENT_REQUEST_REFUND_SUCCESS" }),
  ];
  const { stored, bodies } = await syncPages([
    { return_orders: first, next_page_token: "a", total_count: 6 },
    { return_orders: [foundReturn("6", 105)], total_count: 1 },
  ]);
  assert.deepEqual(stored, [["1,5", 104, "page"], ["6", 200, "end"]]);
  assert.deepEqual(bodies, [
    { update_time_ge: 100, update_time_lt: 200 },
    { update_time_ge: 104, update_time_lt: 200 },
  ]);
});

Deno.test("without time for another page a successor reads the rest", async () => {
  const page = { return_orders: [foundReturn("1", 101)], next_page_token: "a" };
  const { stored, result } = await syncPages([page], () => false);
  assert.deepEqual(stored, [["1", 101, "later"]]);
  assert.deepEqual(result, { outcome: "synced", more: true });
});

Deno.test("what TikTok does not name now is left to the next sync: the event ends, and the mark does not move on", async () => {
  const page = { return_orders: [foundReturn("1", 101)], next_page_token: "a" };
  for (const error of [{ status: 500 }, { code: 105005 }]) {
    const { stored, result } = await syncPages([page, new TikTokError("no", error)]);
    assert.deepEqual(stored, [["1", 101, "page"], ["", 100, "end"]]);
    assert.deepEqual(result, { outcome: "synced", more: true });
  }
});
