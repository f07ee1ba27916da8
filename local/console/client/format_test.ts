/** Values as people read them. */
import assert from "node:assert/strict";
import {
  addMonths,
  countOf,
  formatAge,
  formatCode,
  formatDay,
  formatEventType,
  formatMoney,
} from "./format.ts";
import { PAGE_PATH } from "./page_paths.ts";

Deno.test("amounts keep every digit, ages have one unit, codes are words", () => {
  assert.equal(formatMoney("9007199254740993.10", "USD"), "$9,007,199,254,740,993.10");
  assert.equal(formatMoney(null, "USD"), "–");
  const now = Date.parse("2026-11-29T12:00:00Z");
  assert.equal(formatAge("2026-11-29T11:59:30Z", now), "just now");
  assert.equal(formatAge("2026-11-29T12:00:30Z", now), "in less than a minute");
  assert.equal(formatAge("2026-11-29T10:00:01Z", now), "1 hour ago");
  assert.equal(formatAge("2026-12-01T12:00:00Z", now), "in 2 days");
  assert.equal(formatCode("awaiting_shipment"), "Awaiting shipment");
  assert.deepEqual([countOf(1, "order"), countOf(1200, "order")], ["1 order", "1,200 orders"]);
});

Deno.test("the console's pages stand under its sections only", () => {
  for (const path of ["/", "/app", "/seller/orders/5eed-1", "/world/"]) {
    assert.ok(PAGE_PATH.test(path), path);
  }
  for (const path of ["/sellers", "/seller//x", "/seller/a.b", "/rest/v1/orders", "/mailbox"]) {
    assert.ok(!PAGE_PATH.test(path), path);
  }
});

Deno.test("events of Stripe and EasyPost have the names that their dashboards show", () => {
  assert.equal(formatEventType("checkout.session.completed"), "checkout.session.completed");
  assert.equal(formatEventType("tracker.updated"), "tracker.updated");
  assert.equal(formatEventType("ORDER_STATUS_CHANGE"), "Order status change");
});

Deno.test("a month that was turned in World moves the day on which the plan starts again", () => {
  assert.equal(formatDay(addMonths("2026-12-01T00:00:00+00:00", 0)), "1 December");
  assert.equal(formatDay(addMonths("2026-12-01T00:00:00+00:00", 1)), "1 January");
  assert.equal(formatDay(addMonths("2026-12-01T00:00:00+00:00", 14)), "1 February");
});
