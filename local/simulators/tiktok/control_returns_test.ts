/** Returns by `/control` of the TikTok simulator. */
import assert from "node:assert/strict";
import { controlOf } from "../../../tests/support/tiktok_control.ts";
import { withServer } from "../../../tests/support/local_server.ts";
import { Caller } from "../../../tests/support/tiktok_caller.ts";

const SEARCH = "/return_refund/202309/returns/search";

Deno.test("/control returns an order and moves the return on, each with webhook 12 as TikTok documents it", async () => {
  const documented = JSON.parse(
    await Deno.readTextFile(
      new URL("../../../tests/fixtures/tiktok/73-webhook-12-return-status.json", import.meta.url),
    ),
  );
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const control = controlOf(caller);
    const shop = await caller.shop("1");
    caller.simulator.addOrder({ shopId: "1", orderId: "101", status: "DELIVERED", price: "20.00" });

    const [status, asked] = await control("POST", "orders/101/returns", {});
    assert.deepEqual([status, asked.status, asked.refund_total, asked.answers], [
      ...[201, "RETURN_OR_REFUND_REQUEST_PENDING", "20.00", [200]],
    ]);
    const path = `returns/${asked.return_id}`;
    const shipped = await control("PATCH", path, { status: "BUYER_SHIPPED_ITEM", deliveries: 0 });
    assert.deepEqual([shipped[0], shipped[1].answers], [200, []]);
    const paid = { status: "RETURN_OR_REFUND_REQUEST_COMPLETE", refund_total: "12.50" };
    assert.equal((await control("PATCH", path, paid))[0], 200);

    const bodies = webhooks.map(({ body }) => JSON.parse(body));
    const fields = (data: object) => Object.keys(data).toSorted();
    for (const { type, data } of bodies) {
      assert.deepEqual([type, fields(data)], [12, fields(documented.data)]);
    }
    assert.deepEqual(bodies.map(({ data }) => data.return_status), [asked.status, paid.status]);
    const { data } = await shop.post(SEARCH, { return_ids: [asked.return_id] });
    const [found] = data.return_orders as Record<string, unknown>[];
    assert.deepEqual([found?.return_status, found?.refund_amount], [
      ...[paid.status, { currency: "USD", refund_total: "12.50" }],
    ]);
    const [, { returns }] = await control("GET", "returns?shop_id=1");
    assert.deepEqual([returns.length, returns[0].status], [1, paid.status]);
    assert.deepEqual((await control("GET", "returns?shop_id=2"))[1].returns, []);
    caller.simulator.close();
  });
});

Deno.test("/control refuses returns of orders that were not shipped, and changes of ended ones", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  caller.simulator.addOrder({ shopId: "1", orderId: "101" });
  caller.simulator.addOrder({ shopId: "1", orderId: "102", status: "DELIVERED" });
  const ended = caller.simulator.returns.payBack("102", "1.00");
  const state = () => JSON.stringify(caller.simulator.state.all("orders"));
  const before = state();
  const refused: [method: string, path: string, body: unknown, status: number][] = [
    ["POST", "orders/404/returns", {}, 404],
    ["POST", "orders/101/returns", {}, 409],
    ["POST", "orders/102/returns", { return_type: "GIFT" }, 400],
    ["POST", "orders/102/returns", { refund_total: 1 }, 400],
    ["PATCH", "returns/404", { status: "BUYER_SHIPPED_ITEM" }, 404],
    ["PATCH", `returns/${ended}`, { status: "BUYER_SHIPPED_ITEM" }, 409],
    ["PATCH", `returns/${ended}`, { status: "BANANA" }, 400],
  ];
  for (const [method, path, body, status] of refused) {
    const [answered, { error }] = await control(method, path, body);
    assert.equal(answered, status, `${path} ${JSON.stringify(body)}`);
    assert.equal(typeof error, "string", path);
  }
  assert.equal(state(), before);
});
