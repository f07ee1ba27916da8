/** TikTok sends webhook 1 for what the seller's own calls change. */
import assert from "node:assert/strict";
import { ORDERS, PACKAGES, UPS } from "../../../tests/support/fulfillment.ts";
import { withServer } from "../../../tests/support/local_server.ts";
import { Caller } from "../../../tests/support/tiktok_caller.ts";
import { until } from "../../../tests/support/until.ts";

Deno.test("each call that ships an order is followed by webhook 1 with its new status, a correction is not", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl, autoSend: true });
    const shop = await caller.shop("1");
    const received = (count: number) =>
      until(`${count} webhooks`, () => Promise.resolve(webhooks.length >= count || undefined));
    caller.simulator.addOrder({ shopId: "1", orderId: "101", shippingType: "TIKTOK" });
    assert.equal((await shop.post(PACKAGES, { order_id: "101" })).code, 0);
    await received(1);

    caller.simulator.addOrder({ shopId: "1", orderId: "102" });
    const own = { shipping_provider_id: UPS, tracking_number: "1Z0340016679479558" };
    const { data } = await shop.post(`${ORDERS}/102/packages`, own);
    await received(2);
    const path = `${PACKAGES}/${data.package_id}/shipping_info/update`;
    const other = { ...own, tracking_number: "1Z0340016679479559" };
    assert.equal((await shop.post(path, other)).code, 0);
    // A refused call changes nothing.
    assert.notEqual((await shop.post(PACKAGES, { order_id: "101" })).code, 0);

    // What comes last shows that nothing came in between.
    caller.simulator.addOrder({ shopId: "1", orderId: "103", shippingType: "TIKTOK" });
    assert.equal((await shop.post(PACKAGES, { order_id: "103" })).code, 0);
    await received(3);
    const bodies = webhooks.map(({ body }) => JSON.parse(body));
    assert.deepEqual(bodies.map(({ type, data }) => [type, data.order_id, data.order_status]), [
      [1, "101", "AWAITING_COLLECTION"],
      [1, "102", "IN_TRANSIT"],
      [1, "103", "AWAITING_COLLECTION"],
    ]);
    caller.simulator.close();
  });
});
