import assert from "node:assert/strict";
import { alternatives, readSearch } from "./order_search.ts";

const AFTER = { created_at: "2026-11-29T09:00:00Z", id: "5eed" };

Deno.test("digits are searched at both ends of an order id, other text in the buyer's name", () => {
  assert.deepEqual(readSearch(" 0104 "), { digits: "0104", name: "" });
  assert.deepEqual(readSearch("Ada 2nd"), { digits: "", name: "Ada 2nd" });
  assert.deepEqual(readSearch(null), { digits: "", name: "" });
  assert.equal(
    alternatives("0104", null),
    "tiktok_order_id.like.0104%,tiktok_order_id.like.%0104",
  );
});

Deno.test("no character of a search is read as a part of the filter", () => {
  assert.equal(readSearch(`a%_*\\,()"':.b`).name, "a           b");
  assert.deepEqual(readSearch("%5764"), { digits: "5764", name: "" });
});

Deno.test("a search and the page of the list are one condition", () => {
  assert.equal(alternatives("", null), undefined);
  const older = 'created_at.lt."2026-11-29T09:00:00Z",' +
    'and(created_at.eq."2026-11-29T09:00:00Z",id.lt.5eed)';
  assert.equal(alternatives("", AFTER), older);
  assert.equal(
    alternatives("01", AFTER),
    `and(or(tiktok_order_id.like.01%,tiktok_order_id.like.%01),or(${older}))`,
  );
});
