/** The EasyPost simulator's refunds, webhooks and faults, and what `/control` does with them. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Caller, SECRET } from "../../../tests/support/easypost_caller.ts";
import type { Fault, ObservedCall } from "../faults.ts";

interface Received {
  signature: string | null;
  text: string;
}

/** Takes webhooks, and answers them with 200 unless `statuses` has others. */
function receiver(statuses: number[] = []) {
  const received: Received[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const signature = request.headers.get("x-hmac-signature");
      received.push({ signature, text: await request.text() });
      return new Response(null, { status: statuses.shift() ?? 200 });
    },
  );
  const webhookUrl = `http://127.0.0.1:${server.addr.port}/`;
  return { received, webhookUrl, [Symbol.asyncDispose]: () => server.shutdown() };
}

function signatureOf(secret: string | Uint8Array, text: string): string {
  return `hmac-sha256-hex=${createHmac("sha256", secret).update(text).digest("hex")}`;
}

Deno.test("a refund gives the money back when the carrier has granted it, and says so", async () => {
  await using hooks = receiver();
  const caller = new Caller(hooks);
  const { simulator } = caller;
  const { id, tracking_code } = await caller.bought();
  const refund = () => caller.post(`/v2/shipments/${id}/refund`);
  const first = await refund();
  assert.deepEqual([first.status, first.body.refund_status], [200, "submitted"]);
  assert.deepEqual(caller.money(), ["994.14", 1, 586]);
  const again = await refund();
  assert.deepEqual([again.status, again.body.error.code], [422, "SHIPMENT.REFUND.UNAVAILABLE"]);

  assert.equal((await simulator.settleRefund(id, "refunded"))?.answer, 200);
  assert.deepEqual(caller.money(), ["1000.00", 1, 0]);
  assert.equal(simulator.accounts.labels[0]?.refunded, true);
  const { body } = await caller.get(`/v2/shipments/${id}`);
  assert.equal(body.refund_status, "refunded");
  assert.ok(body.fees.every((fee: { refunded: boolean }) => fee.refunded));
  const { description, result } = JSON.parse(hooks.received[0]?.text ?? "");
  assert.equal(description, "refund.successful");
  assert.match(result.id, /^rfnd_/);
  assert.deepEqual(
    [result.object, result.status, result.tracking_code, result.shipment_id],
    ["Refund", "refunded", tracking_code, id],
  );
  assert.equal((await refund()).status, 422);
  await assert.rejects(simulator.settleRefund(id, "refunded"), /No refund/);
  assert.deepEqual(caller.money(), ["1000.00", 1, 0]);
});

Deno.test("a rejected refund costs what the label cost, and may be asked for again", async () => {
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

Deno.test("what was not bought is not refunded, nor what the carrier has scanned", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const refund = (id: string) => caller.post(`/v2/shipments/${id}/refund`);
  await caller.create({ reference: "unbought" });
  const unbought = await refund("unbought");
  assert.deepEqual([unbought.status, unbought.body.error.code], [
    422,
    "SHIPMENT.REFUND.UNAVAILABLE",
  ]);
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

Deno.test("a parcel fares on: the tracker changes, and its event is signed over its bytes", async () => {
  // Two spellings of the same secret; EasyPost takes both for the decomposed one.
  const composed = "s\u00e9cret\ufb01";
  const decomposed = new TextEncoder().encode("se\u0301cretfi");
  await using hooks = receiver();
  const caller = new Caller({ ...hooks, webhookSecret: composed });
  const { simulator } = caller;
  const { tracking_code, tracker, id } = await caller.bought();
  caller.now += 60_000;
  const estDeliveryDate = "2026-09-24T00:00:00Z";
  const { event, answer } = await simulator.advanceTracker(tracking_code, "in_transit", {
    details: [{ message: "Accepted" }, { message: "Departed" }],
    estDeliveryDate,
  });
  assert.equal(answer, 200);
  const [{ signature, text } = { signature: null, text: "" }] = hooks.received;
  assert.equal(signature, signatureOf(decomposed, text));
  assert.notEqual(signature, signatureOf(composed, text));
  assert.deepEqual(JSON.parse(text), event);
  assert.match(event.id, /^evt_[0-9a-f]{32}$/);
  assert.deepEqual(
    [event.object, event.description, event.mode, event.status, event.previous_attributes],
    ["Event", "tracker.updated", "test", "pending", { status: "unknown" }],
  );
  const { body } = await caller.get(`/v2/trackers/${tracker.id}`);
  assert.deepEqual([body.status, body.est_delivery_date], ["in_transit", estDeliveryDate]);
  assert.deepEqual(
    body.tracking_details.map((detail: { message: string }) => detail.message),
    ["Accepted", "Departed"],
  );
  assert.deepEqual(body, event.result);
  assert.equal((await caller.get(`/v2/shipments/${id}`)).body.status, "in_transit");
});

Deno.test("events can be late, come twice with the same id, and are sent again until received", async () => {
  await using hooks = receiver([500, 503]);
  const caller = new Caller({ ...hooks, retryDelaysMs: [0, 0, 0] });
  const { simulator } = caller;
  const { tracking_code } = await caller.bought();
  const older = simulator.changeTracker(tracking_code, "in_transit");
  const newer = simulator.changeTracker(tracking_code, "delivered");
  assert.deepEqual(hooks.received, []);
  assert.equal(await simulator.send(newer), 500);
  while (hooks.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([await simulator.send(newer), await simulator.send(older)], [200, 200]);
  const events = hooks.received.map(({ text }) => JSON.parse(text));
  assert.deepEqual(events.map(({ id }) => id), [...Array(4).fill(newer.id), older.id]);
  assert.equal(events.at(-1).result.status, "in_transit");
  const present = simulator.eventOf(tracking_code);
  assert.deepEqual(present.result, newer.result);
  assert.notEqual(present.id, newer.id);
  simulator.close();

  const nobody = new Caller();
  const { tracking_code: other } = await nobody.bought();
  assert.equal((await nobody.simulator.advanceTracker(other, "failure")).answer, 0);
  assert.throws(() => nobody.simulator.eventOf("unknown"), /tracking code unknown/);
});

Deno.test("a purchase that a fault answers for: made or not, and never twice", async () => {
  const made: Fault["kind"][] = ["lost", "not_json", "truncated"];
  const notMade: Fault["kind"][] = ["internal", "rate_limit", "html"];
  for (const kind of [...made, ...notMade]) {
    const caller = new Caller();
    const { faults, accounts } = caller.simulator;
    const { id, rates } = (await caller.create()).body;
    faults.add({ method: "POST", path: "/v2/shipments/", kind, count: 1 });
    assert.equal((await caller.get(`/v2/shipments/${id}`)).status, 200);
    const response = await caller.fetch("POST", `/v2/shipments/${id}/buy`, { rate: rates[0] });
    const text = await response.text();
    const isMade = made.includes(kind);
    assert.equal(accounts.labelsBought, isMade ? 1 : 0, kind);
    assert.equal(faults.spoiled.get(kind), 1);
    const type = response.headers.get("content-type");
    if (kind === "not_json" || kind === "truncated") {
      assert.deepEqual(
        [response.status, type],
        [200, kind === "not_json" ? "text/html" : "application/json"],
      );
      assert.throws(() => JSON.parse(text));
    }
    if (kind === "truncated") {
      const whole = await (await caller.fetch("GET", `/v2/shipments/${id}`)).text();
      assert.equal(text, whole.slice(0, text.length));
      assert.equal(text.length, Math.floor(whole.length / 2));
    }
    assert.equal((await caller.buy(id)).status, isMade ? 422 : 200);
    assert.equal(accounts.labelsBought, 1);
  }
});

Deno.test("an observer hears of each call before and after its work, and can spoil both", async () => {
  const caller = new Caller();
  const { faults, accounts } = caller.simulator;
  const { id } = (await caller.create({ reference: "order-1" })).body;
  const path = `/v2/shipments/${id}/buy`;
  const heard: (ObservedCall & { bought: number })[] = [];
  let spoil: ObservedCall["phase"] | undefined = "arrived";
  faults.observe = async (call) => {
    // What it waits for, the call waits for.
    await Promise.resolve();
    if (call.method === "POST") heard.push({ ...call, bought: accounts.labelsBought });
    if (call.method === "POST" && call.phase === spoil) throw new Error("killed");
  };
  const refused = await caller.buy(id);
  assert.deepEqual([refused.status, refused.body.error.code], [500, "INTERNAL_SERVER_ERROR"]);
  spoil = "worked";
  faults.add({ kind: "expired" });
  assert.equal((await caller.buy(id)).status, 500);
  spoil = undefined;
  assert.equal((await caller.buy(id)).body.error.code, "SHIPMENT.POSTAGE.EXISTS");
  const call = { method: "POST", path };
  assert.deepEqual(heard, [
    { ...call, phase: "arrived", bought: 0 },
    { ...call, phase: "arrived", bought: 0 },
    { ...call, phase: "worked", bought: 1 },
    { ...call, phase: "arrived", bought: 1 },
    { ...call, phase: "worked", bought: 1 },
  ]);
  // A host without access tokens passes `expired` over.
  assert.equal(faults.spoiled.size, 0);
});

Deno.test("/control changes trackers, money, refunds and faults, and refuses clearly what it cannot", async () => {
  await using hooks = receiver();
  const caller = new Caller({ ...hooks, webhookSecret: SECRET });
  const { simulator } = caller;
  const control = (path: string, body?: unknown) => caller.post(`/control/${path}`, body);
  const { id, tracking_code } = await caller.bought();

  const est_delivery_date = "2026-09-24T00:00:00Z";
  const moved = await control(`trackers/${tracking_code}`, {
    status: "pre_transit",
    est_delivery_date,
    deliveries: 2,
  });
  assert.deepEqual(moved.body.answers, [200, 200]);
  const ids = hooks.received.map(({ text }) => JSON.parse(text).id);
  assert.deepEqual(ids, Array(2).fill(moved.body.event_id));
  assert.equal(hooks.received[0]?.signature, signatureOf(SECRET, hooks.received[0]?.text ?? ""));
  const tracker = simulator.state.findTracker(tracking_code);
  assert.deepEqual([tracker?.status, tracker?.est_delivery_date], [
    "pre_transit",
    est_delivery_date,
  ]);

  assert.equal((await control(`refunds/${id}`, { status: "refunded" })).status, 400);
  await caller.post(`/v2/shipments/${id}/refund`);
  const settled = await control(`refunds/${id}`, { status: "refunded" });
  assert.deepEqual(settled.body, { status: "refunded", balance: "1000.00", answer: 200 });
  assert.deepEqual((await control("balance", { balance: "3.00" })).body, { balance: "3.00" });
  await control("behaviour", { doubtful_buys: ["SHIPMENT.POSTAGE.TIMED_OUT"] });
  assert.deepEqual(simulator.behaviour.doubtfulBuys, ["SHIPMENT.POSTAGE.TIMED_OUT"]);
  const fault = { kind: "truncated", method: "POST", path: "/v2/", count: 1 };
  assert.equal((await control("faults", fault)).status, 201);
  assert.equal((await caller.fetch("DELETE", "/control/faults")).status, 204);
  assert.equal((await caller.create()).status, 201);

  const { body } = await caller.get("/control");
  assert.ok("POST /control/balance" in body.control);
  assert.deepEqual([body.balance, body.labels_bought, body.charged_cents], ["3.00", 1, 0]);
  assert.deepEqual(body.labels[0].shipment_id, id);

  const money = caller.money();
  const refused: [string, unknown, number][] = [
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
    const answer = await control(path, body);
    assert.equal(answer.status, status, path);
    assert.ok(answer.body.error, path);
  }
  assert.deepEqual(caller.money(), money);
  assert.equal(simulator.state.findTracker(tracking_code)?.status, "pre_transit");
});
