import assert from "node:assert/strict";
import type { Found, SearchPage } from "../api/search.ts";
import { nextPlace, type Place, searchPages, withoutRead } from "./search_pages.ts";

type OrderPage = SearchPage<Found>;

const BEGIN: Place<Found> = { from: 100, pageToken: undefined, read: [] };

/** @param orders Ids and seconds. */
function pageOf(orders: [string, number][], page: Partial<OrderPage> = {}): OrderPage {
  const found = orders.map(([id, update_time]) => ({ id, update_time }));
  return { found, unreadable: [], nextPageToken: undefined, total: null, ...page };
}

Deno.test("the next page begins at the last second of the one before, without its token", () => {
  const first = pageOf([["1", 101], ["2", 102], ["3", 102]], { nextPageToken: "3", total: 5 });
  const second = nextPlace(BEGIN, first);
  assert.deepEqual(second, { from: 102, pageToken: undefined, read: first.found.slice(1) });
  const last = pageOf([["2", 102], ["3", 102], ["4", 102], ["5", 103]], { total: 4 });
  assert.deepEqual(withoutRead(last.found, second as Place<Found>).map(({ id }) => id), ["4", "5"]);
  assert.equal(nextPlace(second as Place<Found>, last), undefined);
});

Deno.test("a token is used for orders of one second, and for a page without any readable order", () => {
  const ofOneSecond = pageOf([["1", 100], ["2", 100]], { nextPageToken: "a" });
  const place = nextPlace(BEGIN, ofOneSecond);
  assert.deepEqual(place, { from: 100, pageToken: "a", read: ofOneSecond.found });
  assert.equal(nextPlace(place as Place<Found>, pageOf([["3", 100]])), undefined);
  assert.equal(nextPlace(BEGIN, pageOf([], { nextPageToken: "b" }))?.pageToken, "b");
});

Deno.test("a token that ends too early ends no search: TikTok's total counts", () => {
  const place = nextPlace(BEGIN, pageOf([["1", 101], ["2", 102]], { total: 3 }));
  assert.equal(place?.from, 102);
  const rest = pageOf([["2", 102], ["3", 105]], { total: 2 });
  assert.equal(nextPlace(place as Place<Found>, rest), undefined);
  // A total that is too high costs one more page.
  const tooHigh = nextPlace(BEGIN, pageOf([["1", 101]], { total: 9 }));
  assert.equal(nextPlace(tooHigh as Place<Found>, pageOf([["1", 101]], { total: 9 })), undefined);
});

Deno.test("a token that TikTok repeats without an order fails: its pages would never end", () => {
  const place: Place<Found> = { ...BEGIN, pageToken: "a" };
  assert.throws(() => nextPlace(place, pageOf([], { nextPageToken: "a" })), /repeats a page/);
});

Deno.test("each page says until when everything was read, and has what no earlier page had", async () => {
  const pages = [
    pageOf([["1", 101], ["2", 102]], { nextPageToken: "a", total: 3 }),
    pageOf([["2", 102], ["3", 104]]),
  ];
  const windows: unknown[] = [];
  const read: unknown[] = [];
  const search = (window: unknown) => {
    windows.push(window);
    return Promise.resolve(pages.shift() as OrderPage);
  };
  for await (const { found, until, isLast } of searchPages({ from: 100, to: 200 }, search)) {
    read.push([found.map(({ id }) => id).join(), until, isLast]);
  }
  assert.deepEqual(read, [["1,2", 102, false], ["3", 200, true]]);
  assert.deepEqual(windows, [
    { from: 100, to: 200, pageToken: undefined },
    { from: 102, to: 200, pageToken: undefined },
  ]);
});
