import assert from "node:assert/strict";
import fc from "fast-check";
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
  const [gift] = mapOrderItems([unit("1", "mug", "19.00"), unit("2", "mug", "0")]);
  assert.deepEqual([gift?.unit_price, gift?.total_price], [null, "19.00"]);
  const [unknown] = mapOrderItems([unit("1", "mug", "19.00"), unit("2", "mug")]);
  assert.deepEqual([unknown?.unit_price, unknown?.total_price], [null, null]);
});

Deno.test("mapOrderItems() keeps units without a SKU separate", () => {
  assert.equal(mapOrderItems([unit("1", null), unit("2", null)]).length, 2);
});

Deno.test("mapOrderItems() loses no unit", () => {
  const units = fc.array(
    fc.record({
      sku_id: fc.constantFrom("a", "b", "c", null),
      sale_price: fc.constantFrom("1", "2.5"),
    }),
  );
  fc.assert(fc.property(units, (lines) => {
    const items = mapOrderItems(lines.map((line, index) => ({ id: String(index), ...line })));
    assert.equal(items.reduce((sum, item) => sum + item.quantity, 0), lines.length);
    const ids = items.flatMap((item) => item.line_item_ids).map(Number).sort((a, b) => a - b);
    assert.deepEqual(ids, lines.map((_, index) => index));
  }));
});
