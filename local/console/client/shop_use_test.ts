import assert from "node:assert/strict";
import { describeShopUse } from "./shop_use.ts";

const NONE = { labels: 0, shop_labels: 0, shop_limit_reached: false };
const OWN = { used: 0, limit: 10, shops: [{ used: 0 }], labels: { today: NONE, month: NONE } };

Deno.test("a seller whose shop was used only here reads nothing about another account", () => {
  assert.deepEqual(describeShopUse(OWN), []);
  assert.deepEqual(describeShopUse({ ...OWN, used: 10, shops: [{ used: 10 }, { used: 3 }] }), []);
  assert.deepEqual(describeShopUse({ ...OWN, used: 10, shops: [] }), []);
  const month = { labels: 2, shop_labels: 2, shop_limit_reached: true };
  assert.deepEqual(describeShopUse({ ...OWN, labels: { today: NONE, month } }), []);
});

Deno.test("a seller reads what the shop used in another account, and which of its limits is reached", () => {
  const month = { labels: 0, shop_labels: 3, shop_limit_reached: true };
  assert.deepEqual(
    describeShopUse({ ...OWN, shops: [{ used: 10 }], labels: { today: NONE, month } }),
    [
      "This shop has already used 10 orders and 3 labels this month in another account. " +
      "The limits hold for the shop too.",
      "Its limit is reached for new orders and labels.",
    ],
  );
  assert.deepEqual(describeShopUse({ ...OWN, used: 1, shops: [{ used: 2 }, { used: 0 }] }), [
    "One of your shops has already used 1 order this month in another account. " +
    "The limits hold for the shop too.",
  ]);
  const today = { labels: 0, shop_labels: 2, shop_limit_reached: true };
  const some = { ...month, shop_limit_reached: false };
  assert.deepEqual(
    describeShopUse({ ...OWN, labels: { today, month: some } })[1],
    [
      "Its limit is reached for labels of today.",
    ][0],
  );
});
