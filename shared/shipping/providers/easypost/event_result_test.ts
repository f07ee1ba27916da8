import assert from "node:assert/strict";
import { adjustmentOf, refundedShipmentOf, trackerOf } from "./event_result.ts";
import { parseEasyPostEvent } from "./parse_webhook.ts";

const eventOf = (description: string, result: unknown) =>
  parseEasyPostEvent(JSON.stringify({ id: "evt_1", description, result }));

Deno.test("an event about a tracker has it, and an unreadable one is undefined", () => {
  const tracker = { status: "delivered", tracking_code: "9400", shipment_id: "shp_1", later: [1] };
  assert.deepEqual(trackerOf(eventOf("tracker.updated", tracker)), tracker);
  for (const result of [undefined, null, "tracker", []]) {
    assert.equal(trackerOf(eventOf("tracker.created", result)), undefined);
  }
  for (
    const description of ["batch.created", "tracker", "mytracker.updated", "refund.successful"]
  ) {
    assert.equal(trackerOf(eventOf(description, tracker)), undefined);
  }
});

Deno.test("an event about a refund names EasyPost's shipment, and an odd id counts as none", () => {
  const shipmentOf = (id: unknown) =>
    refundedShipmentOf(eventOf("refund.successful", { shipment_id: id }));
  assert.equal(shipmentOf("shp_1"), "shp_1");
  for (const id of ["shp_\0", "x".repeat(256), "", 7]) assert.equal(shipmentOf(id), undefined);
  assert.equal(refundedShipmentOf(eventOf("tracker.updated", { shipment_id: "shp_1" })), undefined);
});

Deno.test("an event about an invoice has what the carrier charges later; an unreadable one is an error", () => {
  const invoice = { id: "shpinv_1", shipment_id: "shp_1", adjustment_amount: "1.60000" };
  const read = (changes: object) =>
    adjustmentOf(eventOf("shipment.invoice.created", { ...invoice, ...changes }));
  const ids = { invoiceId: "shpinv_1", shipmentId: "shp_1" };
  assert.deepEqual(read({}), { ...ids, amount: "1.60000", currency: "USD" });
  const paidBack = read({ adjustment_amount: -0.5, invoice_currency: "CAD" });
  assert.deepEqual(paidBack, { ...ids, amount: "-0.5", currency: "CAD" });
  assert.equal(read({ adjustment_amount: null })?.amount, "0");
  const unreadable = [{ id: 7 }, { shipment_id: null }, { adjustment_amount: "1,60" }];
  for (const changes of unreadable) assert.throws(() => read(changes));
  assert.equal(adjustmentOf(eventOf("shipment.created", invoice)), undefined);
});
