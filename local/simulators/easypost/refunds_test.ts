/** Simulated refunds: requested by the caller, decided by the carrier. */
import assert from "node:assert/strict";
import { Caller } from "../../../tests/support/easypost_caller.ts";
import { withServer } from "../../../tests/support/local_server.ts";

const UNAVAILABLE = [422, "SHIPMENT.REFUND.UNAVAILABLE"];

Deno.test("a granted refund returns the money and sends refund.successful", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const { simulator } = caller;
    const { id, tracking_code } = await caller.bought();
    const refund = () => caller.post(`/v2/shipments/${id}/refund`);
    const first = await refund();
    assert.deepEqual([first.status, first.body.refund_status], [200, "submitted"]);
    assert.deepEqual(caller.money(), ["994.14", 1, 586]);
    const second = await refund();
    assert.deepEqual([second.status, second.body.error.code], UNAVAILABLE);

    assert.equal((await simulator.settleRefund(id, "refunded"))?.answer, 200);
    assert.deepEqual(caller.money(), ["1000.00", 1, 0]);
    assert.equal(simulator.accounts.labels[0]?.refunded, true);
    const { body } = await caller.get(`/v2/shipments/${id}`);
    assert.equal(body.refund_status, "refunded");
    assert.ok(body.fees.every((fee: { refunded: boolean }) => fee.refunded));
    const { description, result } = JSON.parse(webhooks[0]?.body ?? "");
    assert.equal(description, "refund.successful");
    assert.match(result.id, /^rfnd_/);
    assert.deepEqual(
      [result.object, result.status, result.tracking_code, result.shipment_id],
      ["Refund", "refunded", tracking_code, id],
    );
    assert.equal((await refund()).status, 422);
    await assert.rejects(simulator.settleRefund(id, "refunded"), /no submitted refund/);
    assert.deepEqual(caller.money(), ["1000.00", 1, 0]);
  });
});

Deno.test("a rejected refund returns no money, and may be requested again", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const { id } = await caller.bought({ reference: "order-1" });
  const paid = caller.money();
  const refund = async () => (await caller.post("/v2/shipments/order-1/refund")).body.refund_status;
  assert.equal(await refund(), "submitted");
  assert.equal(await simulator.settleRefund(id, "rejected"), undefined);
  assert.deepEqual(caller.money(), paid);
  simulator.behaviour.refundStatus = "not_applicable";
  assert.equal(await refund(), "not_applicable");
  assert.deepEqual(caller.money(), paid);
  simulator.behaviour.refundStatus = "refunded";
  assert.equal(await refund(), "refunded");
  assert.deepEqual(caller.money(), ["1000.00", 1, 0]);
});

Deno.test("a label that is not bought, or that the carrier has scanned, is not refunded", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const refund = (id: string) => caller.post(`/v2/shipments/${id}/refund`);
  await caller.create({ reference: "unbought" });
  const unbought = await refund("unbought");
  assert.deepEqual([unbought.status, unbought.body.error.code], UNAVAILABLE);
  assert.equal((await refund("unknown")).status, 404);

  const { id, tracking_code } = await caller.bought();
  const paid = caller.money();
  simulator.changeTracker(tracking_code, "in_transit");
  simulator.behaviour.lateRefund = "refused";
  assert.equal((await refund(id)).status, 422);
  assert.equal((await caller.get(`/v2/shipments/${id}`)).body.refund_status, null);
  simulator.behaviour.lateRefund = "rejected";
  assert.equal((await refund(id)).body.refund_status, "rejected");
  assert.deepEqual(caller.money(), paid);
});
