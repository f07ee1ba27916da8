/** `/control` of the EasyPost simulator. */
import assert from "node:assert/strict";
import { type Answer, Caller } from "../../../tests/support/easypost_caller.ts";
import { withServer } from "../../../tests/support/local_server.ts";

function controlOf(caller: Caller) {
  return (path: string, body: unknown): Promise<Answer> => caller.post(`/control/${path}`, body);
}

Deno.test("/control changes trackers and sends their events", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const { tracking_code } = await caller.bought();
    const est_delivery_date = "2026-09-24T00:00:00Z";
    const change = { status: "pre_transit", est_delivery_date, deliveries: 2 };
    const moved = await controlOf(caller)(`trackers/${tracking_code}`, change);
    assert.deepEqual(moved.body.answers, [200, 200]);
    const ids = webhooks.map(({ body }) => JSON.parse(body).id);
    assert.deepEqual(ids, Array(2).fill(moved.body.event_id));
    const tracker = caller.simulator.state.findTracker(tracking_code);
    assert.deepEqual([tracker?.status, tracker?.est_delivery_date], [
      "pre_transit",
      est_delivery_date,
    ]);
  });
});

Deno.test("/control decides about refunds, sets the balance, and lists the labels", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  const { id } = await caller.bought();
  assert.equal((await control(`refunds/${id}`, { status: "refunded" })).status, 400);
  await caller.post(`/v2/shipments/${id}/refund`);
  const settled = await control(`refunds/${id}`, { status: "refunded" });
  assert.deepEqual(settled.body, { status: "refunded", balance: "1000.00", answer: 0 });
  assert.deepEqual((await control("balance", { balance: "3.00" })).body, { balance: "3.00" });

  const { body } = await caller.get("/control");
  assert.ok("POST /control/balance" in body.control);
  assert.deepEqual([body.balance, body.labels_bought, body.charged_cents], ["3.00", 1, 0]);
  assert.deepEqual(body.labels[0].shipment_id, id);
});

Deno.test("/control adjusts the price of a bought label, and sends the events of its invoice", async () => {
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const { id, selected_rate } = await caller.bought();
    const before = Number(caller.simulator.accounts.balance);
    const adjust = (shipment: string, adjustment: unknown) =>
      controlOf(caller)(`invoices/${shipment}`, { adjustment });
    for (const adjustment of ["1.60", "-0.40"]) {
      assert.equal((await adjust(id, adjustment)).body.answer, 200);
    }
    const [created, updated] = webhooks.map(({ body }) => JSON.parse(body));
    assert.deepEqual([created.description, updated.description], [
      "shipment.invoice.created",
      "shipment.invoice.updated",
    ]);
    assert.equal(created.result.id, updated.result.id);
    const { shipment_id, adjustment_amount } = created.result;
    assert.deepEqual([shipment_id, adjustment_amount], [id, "1.60000"]);
    assert.equal(updated.result.total_cost, (Number(selected_rate.rate) - 0.4).toFixed(5));
    const balance = () => Number(caller.simulator.accounts.balance).toFixed(2);
    assert.equal(balance(), (before + 0.4).toFixed(2));
    caller.simulator.behaviour.refundStatus = "refunded";
    const cents = caller.simulator.accounts.labels[0]?.cents ?? 0;
    assert.equal((await caller.post(`/v2/shipments/${id}/refund`)).status, 200);
    assert.equal((await adjust(id, "2.00")).body.answer, 200);
    assert.equal(balance(), (before + cents / 100 - 2).toFixed(2));
    const { id: unbought } = (await caller.create()).body;
    assert.equal((await adjust(unbought, "1")).status, 404);
    assert.equal((await adjust(id, 1)).status, 400);
  });
});

Deno.test("/control sets the carriers' behaviour, and faults", async () => {
  const caller = new Caller();
  const control = controlOf(caller);
  await control("behaviour", { doubtful_buys: ["SHIPMENT.POSTAGE.TIMED_OUT"] });
  assert.deepEqual(caller.simulator.behaviour, {
    refundStatus: "submitted",
    lateRefund: "rejected",
    doubtfulBuys: ["SHIPMENT.POSTAGE.TIMED_OUT"],
  });
  const fault = { kind: "internal", method: "POST", path: "/v2/" };
  assert.equal((await control("faults", fault)).status, 201);
  assert.equal((await caller.create()).status, 500);
  assert.equal((await caller.fetch("DELETE", "/control/faults")).status, 204);
  assert.equal((await caller.create()).status, 201);
});

Deno.test("/control refuses invalid bodies and unknown ids, and changes nothing", async () => {
  const caller = new Caller();
  const { state } = caller.simulator;
  const { id, tracking_code } = await caller.bought();
  const before = [caller.money(), state.all("shipments"), state.all("trackers")];
  const refused: [path: string, body: unknown, status: number][] = [
    ["trackers/unknown", { status: "delivered" }, 404],
    [`trackers/${tracking_code}`, { status: "lost" }, 400],
    [`trackers/${tracking_code}`, {}, 400],
    ["refunds/unknown", { status: "refunded" }, 404],
    [`refunds/${id}`, { status: "submitted" }, 400],
    ["balance", { balance: "-1" }, 400],
    ["balance", { balance: 1 }, 400],
    ["faults", { kind: "later" }, 400],
    ["faults", { kind: "lost", path: {} }, 400],
    ["behaviour", { refund_status: "lost" }, 400],
  ];
  for (const [path, body, status] of refused) {
    const answer = await controlOf(caller)(path, body);
    assert.equal(answer.status, status, path);
    assert.ok(answer.body.error, path);
  }
  assert.deepEqual([caller.money(), state.all("shipments"), state.all("trackers")], before);
});
