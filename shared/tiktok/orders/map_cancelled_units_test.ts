import assert from "node:assert/strict";
import { OrderDetail } from "../api/schemas.ts";
import { mapCancelledUnits } from "./map_cancelled_units.ts";

const LIVE = { id: "1", sale_price: "100.00" };
const CANCELLED = {
  ...{ id: "2", sale_price: "2.00", display_status: "CANCELLED" },
  item_tax: [{ tax_type: "SALES_TAX", tax_amount: "0.16" }],
};

function mapUnits(line_items: unknown[], payment?: Record<string, unknown>) {
  return mapCancelledUnits(OrderDetail.parse({ id: "1", status: "X", line_items, payment }));
}

Deno.test("mapCancelledUnits() says what the cancelled units cost, and whether the total has them", () => {
  const before = { sub_total: "102.00", shipping_fee: "4.99", tax: "8.16", total_amount: "115.15" };
  const afterwards = { ...before, sub_total: "100.00", tax: "8.00", total_amount: "112.99" };
  const stated = { cancelled_amount: "2.16", cancelled_in_total: true };
  assert.deepEqual(mapUnits([LIVE, CANCELLED], before), stated);
  const lowered = { ...stated, cancelled_in_total: false };
  assert.deepEqual(mapUnits([LIVE, CANCELLED], afterwards), lowered);
});

Deno.test("mapCancelledUnits() reads the total where TikTok states no other amount", () => {
  const inTotal = (total_amount: string, payment = {}) =>
    mapUnits([LIVE, { ...CANCELLED, sale_price: "40.00" }], { total_amount, ...payment })
      .cancelled_in_total;
  assert.equal(inTotal("140.00"), true);
  assert.equal(inTotal("100.00"), false);
  assert.equal(inTotal("145.00", { shipping_fee: "45.00" }), false);
  assert.equal(inTotal("105.00", { payment_platform_discount: "35.00" }), true);
  // TikTok's formula ties the total to sub_total: the lower one is the newer.
  assert.equal(inTotal("100.00", { sub_total: "140.00" }), false);
});

Deno.test("mapCancelledUnits() claims nothing without units or prices", () => {
  const unknown = { cancelled_amount: null, cancelled_in_total: null };
  assert.deepEqual(mapUnits([]), unknown);
  assert.deepEqual(mapUnits([{ id: "1" }, CANCELLED], { total_amount: "5" }), unknown);
  assert.deepEqual(mapUnits([{ id: "1" }, LIVE]), {
    cancelled_amount: "0.00",
    cancelled_in_total: true,
  });
  const { cancelled_amount, cancelled_in_total } = mapUnits([LIVE, CANCELLED]);
  assert.deepEqual([cancelled_amount, cancelled_in_total], ["2.16", true], "no total");
});
