import assert from "node:assert/strict";
import fc from "fast-check";
import { OrderDetail } from "../api/schemas.ts";
import { readReported } from "../../../tests/support/reported.ts";
import { mapOrderItems } from "./map_order_items.ts";

const unit = (id: string, sku_id: string | null, sale_price?: string) => ({
  id,
  sku_id,
  sale_price,
});

Deno.test("mapOrderItems() counts the units of each SKU and keeps their ids", () => {
  const items = mapOrderItems([
    unit("1", "mug", "19.00"),
    unit("2", "tray", "5"),
    unit("3", "mug", "19.00"),
  ]);
  const short = items.map((item) => [
    item.sku_id,
    item.quantity,
    item.unit_price,
    item.total_price,
    item.line_item_ids,
  ]);
  assert.deepEqual(short, [
    ["mug", 2, "19.00", "38.00", ["1", "3"]],
    ["tray", 1, "5", "5", ["2"]],
  ]);
});

Deno.test("mapOrderItems() has no unit price if the units differ, and no total if one has no price", () => {
  const [differ] = mapOrderItems([unit("1", "mug", "19.00"), unit("2", "mug", "15")]);
  assert.deepEqual([differ?.unit_price, differ?.total_price], [null, "34.00"]);
  const [unknown] = mapOrderItems([unit("1", "mug", "19.00"), unit("2", "mug")]);
  assert.deepEqual([unknown?.unit_price, unknown?.total_price], [null, null]);
});

Deno.test("mapOrderItems() counts no cancelled unit, and names it apart", () => {
  const [mug] = mapOrderItems([
    { ...unit("1", "mug", "20.00"), display_status: "AWAITING_SHIPMENT" },
    {
      ...unit("2", "mug", "20.00"),
      display_status: "CANCELLED",
      cancel_user: "BUYER",
      cancel_reason: "Ordered by mistake",
      package_id: "7",
    },
  ]);
  assert.deepEqual([mug?.quantity, mug?.total_price, mug?.line_item_ids], [1, "20.00", ["1"]]);
  assert.deepEqual(mug?.cancelled_line_item_ids, ["2"]);
  assert.deepEqual(mug?.units[1], {
    line_item_id: "2",
    status: "CANCELLED",
    cancelled_by: "BUYER",
    cancel_reason: "Ordered by mistake",
    package_id: "7",
  });
});

Deno.test("mapOrderItems() keeps units without a SKU separate", () => {
  assert.equal(mapOrderItems([unit("1", null), unit("2", null)]).length, 2);
});

Deno.test("a cancelled unit is in no quantity, no total and no line_item_ids, and keeps who cancelled it and why", async () => {
  const { input, right } = await readReported("05-one-unit-cancelled");
  const order = OrderDetail.parse({ id: "1", ...input });
  const [item, ...others] = mapOrderItems(order.line_items ?? []);
  assert.deepEqual(others, []);
  assert.equal(item?.quantity, right.quantity);
  assert.deepEqual([item?.unit_price, item?.total_price], ["20.00", "20.00"]);
  assert.deepEqual(item?.line_item_ids, ["577000000000000021"]);
  assert.deepEqual(item?.cancelled_line_item_ids, ["577000000000000022"]);
  const unit = (line_item_id: string, status: string) => ({
    line_item_id,
    status,
    cancelled_by: null,
    cancel_reason: null,
    package_id: null,
  });
  assert.deepEqual(item?.units, [
    unit("577000000000000021", "AWAITING_SHIPMENT"),
    {
      ...unit("577000000000000022", "CANCELLED"),
      cancelled_by: "BUYER",
      cancel_reason: "Ordered by mistake",
    },
  ]);
});

Deno.test("a product whose units are all cancelled has the quantity 0", () => {
  const [item] = mapOrderItems([{ ...unit("1", "mug", "19.00"), display_status: "CANCELLED" }]);
  assert.deepEqual([item?.quantity, item?.total_price, item?.line_item_ids], [0, "0", []]);
});

Deno.test("a gift is marked, with its retail price, and apart from a bought unit of the same SKU", async () => {
  const { input } = await readReported("14-sample-and-gift");
  const order = OrderDetail.parse({ id: "1", status: "ON_HOLD", ...input });
  const [gift] = mapOrderItems(order.line_items ?? []);
  assert.deepEqual([gift?.is_gift, gift?.gift_retail_price, gift?.total_price], [
    true,
    "12.00",
    "0",
  ]);
  const items = mapOrderItems([
    unit("1", "mug", "19.00"),
    { ...unit("2", "mug", "0"), is_gift: true },
  ]);
  assert.deepEqual(items.map((item) => [item.is_gift, item.line_item_ids]), [
    [false, ["1"]],
    [true, ["2"]],
  ]);
});

Deno.test("a virtual bundle lists the SKUs that it consists of", () => {
  const [bundle] = mapOrderItems([{
    ...unit("1", "set", "30.00"),
    combined_listing_skus: [
      { product_id: "7", sku_id: "71", seller_sku: "CUP", sku_count: 4 },
      { sku_id: "72" },
    ],
  }]);
  assert.deepEqual(bundle?.components, [
    { product_id: "7", sku_id: "71", seller_sku: "CUP", quantity: 4 },
    { product_id: null, sku_id: "72", seller_sku: null, quantity: null },
  ]);
});

Deno.test("mapOrderItems() loses no unit", () => {
  const units = fc.array(
    fc.record({
      sku_id: fc.constantFrom("a", "b", "c", null),
      sale_price: fc.constantFrom("1", "2.5"),
      display_status: fc.constantFrom("AWAITING_SHIPMENT", "CANCELLED", undefined),
      is_gift: fc.constantFrom(true, false, null),
    }),
  );
  fc.assert(fc.property(units, (lines) => {
    const items = mapOrderItems(lines.map((line, index) => ({ id: String(index), ...line })));
    const live = lines.filter((line) => line.display_status !== "CANCELLED");
    assert.equal(items.reduce((sum, item) => sum + item.quantity, 0), live.length);
    assert.deepEqual(
      items.map((item) => item.line_item_ids.length),
      items.map((item) => item.quantity),
    );
    const ids = items.flatMap((item) => [...item.line_item_ids, ...item.cancelled_line_item_ids])
      .map(Number).sort((a, b) => a - b);
    assert.deepEqual(ids, lines.map((_, index) => index));
    assert.equal(items.flatMap((item) => item.units).length, lines.length);
  }));
});
