import assert from "node:assert/strict";
import type { OrderPage } from "../api/orders.ts";
import { nextPlace, type Place, withoutRead } from "./search_place.ts";

const BEGIN: Place = { from: 100, pageToken: undefined, read: [] };

/** @param orders Ids and seconds. */
function pageOf(orders: [string, number][], page: Partial<OrderPage> = {}): OrderPage {
  const found = orders.map(([id, update_time]) => ({ id, update_time }));
  return { orders: found, unreadable: [], nextPageToken: undefined, total: null, ...page };
}

Deno.test("the next page begins at the last second of the one before, without its token", () => {
  const first = pageOf([["1", 101], ["2", 102], ["3", 102]], { nextPageToken: "3", total: 5 });
  const second = nextPlace(BEGIN, first);
  assert.deepEqual(second, { from: 102, pageToken: undefined, read: first.orders.slice(1) });
  const last = pageOf([["2", 102], ["3", 102], ["4", 102], ["5", 103]], { total: 4 });
  assert.deepEqual(withoutRead(last.orders, second as Place).map(({ id }) => id), ["4", "5"]);
  assert.equal(nextPlace(second as Place, last), undefined);
});

Deno.test("a token is used for orders of one second, and for a page without any readable order", () => {
  const ofOneSecond = pageOf([["1", 100], ["2", 100]], { nextPageToken: "a" });
  const place = nextPlace(BEGIN, ofOneSecond);
  assert.deepEqual(place, { from: 100, pageToken: "a", read: ofOneSecond.orders });
  assert.equal(nextPlace(place as Place, pageOf([["3", 100]])), undefined);
  assert.equal(nextPlace(BEGIN, pageOf([], { nextPageToken: "b" }))?.pageToken, "b");
});

Deno.test("a token that ends too early ends no search: TikTok's total counts", () => {
  const place = nextPlace(BEGIN, pageOf([["1", 101], ["2", 102]], { total: 3 }));
  assert.equal(place?.from, 102);
  const rest = pageOf([["2", 102], ["3", 105]], { total: 2 });
  assert.equal(nextPlace(place as Place, rest), undefined);
  // A total that is too high costs one more page.
  const tooHigh = nextPlace(BEGIN, pageOf([["1", 101]], { total: 9 }));
  assert.equal(nextPlace(tooHigh as Place, pageOf([["1", 101]], { total: 9 })), undefined);
});

Deno.test("a token that TikTok repeats without an order fails: its pages would never end", () => {
  const place: Place = { ...BEGIN, pageToken: "a" };
  assert.throws(() => nextPlace(place, pageOf([], { nextPageToken: "a" })), /repeats a page/);
});
