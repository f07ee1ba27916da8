import assert from "node:assert/strict";
import { read, SHOP, success, withClient } from "../../../tests/support/tiktok_client.ts";
import { getOrders, searchOrders } from "./orders.ts";

Deno.test("getOrders() keeps every digit of ids that are numbers above 2^53", async () => {
  await withClient(
    () =>
      new Response('{"code":0,"data":{"orders":[{"id":576461413038785753,"status":"UNPAID"}]}}'),
    async (client) => {
      const { orders } = await getOrders(client, SHOP, ["576461413038785753"]);
      assert.deepEqual([...orders.keys()], ["576461413038785753"]);
    },
  );
});

Deno.test("getOrders() returns the readable orders, and the odd one with its own error", async () => {
  const odd = { id: "2", status: "UNPAID", line_items: [{ id: "21", sale_price: "Rosa" }] };
  const orders = [{ id: "1", status: "UNPAID" }, odd, null, { id: "3", status: "ON_HOLD" }];
  await withClient(success({ orders }), async (client) => {
    const answer = await getOrders(client, SHOP, ["1", "2", "3"]);
    assert.deepEqual([...answer.orders.keys()], ["1", "3"]);
    assert.deepEqual(answer.unreadable.map(({ id }) => id), ["2", null]);
    const message = answer.unreadable[0]?.error.message ?? "";
    assert.match(message, /element 2 .*line_items\.0\.sale_price/s);
    assert.doesNotMatch(message, /Rosa/);
  });
});

Deno.test("searchOrders() returns the readable orders, the odd ones, and the token of the next page", async () => {
  const orders = [{ id: "1", update_time: 5 }, { id: "2", update_time: "soon" }, "3"];
  const data = { orders, next_page_token: "next" };
  await withClient(success(data), async (client) => {
    const page = await searchOrders(client, SHOP, { from: 1, to: 2, pageSize: 50 });
    assert.deepEqual(page.found.map(({ id }) => id), ["1"]);
    assert.deepEqual(page.unreadable.map(({ id }) => id), ["2", null]);
    assert.equal(page.nextPageToken, "next");
  });
});

Deno.test("a list that is absent, null or empty text is empty, and the last page has no token", async () => {
  for (const data of [{}, { orders: null }, { orders: "", next_page_token: "" }]) {
    await withClient(success(data), async (client) => {
      assert.equal((await getOrders(client, SHOP, ["1"])).orders.size, 0);
      const page = await searchOrders(client, SHOP, { from: 1, to: 2, pageSize: 50 });
      assert.deepEqual([page.found, page.nextPageToken], [[], undefined]);
    });
  }
});

Deno.test("responses may have unknown fields", async () => {
  const order = { id: "1", status: "BRAND_NEW", line_items: [{ id: "2", later: {} }], later: [1] };
  const data = { orders: [order], later: true };
  await withClient(
    () => Response.json({ code: 0, message: "Success", later: {}, data }),
    async (client) => assert.equal((await read(client)).orders.get("1")?.status, "BRAND_NEW"),
  );
});
