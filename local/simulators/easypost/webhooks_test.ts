/** EasyPost's simulated events: signature, order, retries. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Caller } from "../../../tests/support/easypost_caller.ts";
import { withServer } from "../../../tests/support/local_server.ts";
import { until } from "../../../tests/support/until.ts";

function signatureOf(secret: string | Uint8Array, text: string): string {
  return `hmac-sha256-hex=${createHmac("sha256", secret).update(text).digest("hex")}`;
}

Deno.test("a tracking update changes the tracker, and its event is signed over its bytes", async () => {
  // Two spellings of one secret; EasyPost normalizes both to the second.
  const composed = "s\u00e9cret\ufb01";
  const decomposed = new TextEncoder().encode("se\u0301cretfi");
  await withServer(() => new Response(), async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl, webhookSecret: composed });
    const { simulator } = caller;
    const { tracking_code, id } = await caller.bought();
    caller.now += 60_000;
    const { event, answer } = await simulator.advanceTracker(tracking_code, "in_transit");
    assert.equal(answer, 200);
    const [{ headers, body } = assert.fail()] = webhooks;
    const signature = headers.get("x-hmac-signature");
    assert.equal(signature, signatureOf(decomposed, body));
    assert.notEqual(signature, signatureOf(composed, body));
    assert.deepEqual(JSON.parse(body), event);
    assert.match(event.id, /^evt_[0-9a-f]{32}$/);
    assert.deepEqual(
      [event.object, event.description, event.mode, event.status, event.previous_attributes],
      ["Event", "tracker.updated", "test", "pending", { status: "unknown" }],
    );
    const { body: shipment } = await caller.get(`/v2/shipments/${id}`);
    assert.equal(shipment.status, "in_transit");
    assert.deepEqual(shipment.tracker, event.result);
  });
});

Deno.test("the tracker keeps every report of the carrier, and the expected day of delivery", async () => {
  const caller = new Caller();
  const { simulator } = caller;
  const { tracking_code } = await caller.bought();
  const estDeliveryDate = "2026-09-24T00:00:00Z";
  simulator.changeTracker(tracking_code, "in_transit", { estDeliveryDate });
  simulator.changeTracker(tracking_code, "delivered");
  const tracker = simulator.state.findTracker(tracking_code);
  assert.deepEqual([tracker?.status, tracker?.est_delivery_date], ["delivered", estDeliveryDate]);
  assert.deepEqual(tracker?.tracking_details.map(({ status, message }) => [status, message]), [
    ["in_transit", "Arrived at Facility"],
    ["delivered", "Delivered"],
  ]);
});

Deno.test("events can be sent late, twice with the same id, and are retried until received", async () => {
  const statuses = [500, 503];
  const answer = () => new Response(null, { status: statuses.shift() ?? 200 });
  await withServer(answer, async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl, retryDelaysMs: [0, 0, 0] });
    const { simulator } = caller;
    const { tracking_code } = await caller.bought();
    const older = simulator.changeTracker(tracking_code, "in_transit");
    const newer = simulator.changeTracker(tracking_code, "delivered");
    assert.deepEqual(webhooks, []);
    assert.equal(await simulator.send(newer), 500);
    await until("the event is received", () => Promise.resolve(webhooks.length === 3));
    assert.deepEqual([await simulator.send(newer), await simulator.send(older)], [200, 200]);
    const events = webhooks.map(({ body }) => JSON.parse(body));
    assert.deepEqual(events.map(({ id }) => id), [...Array(4).fill(newer.id), older.id]);
    assert.equal(events.at(-1).result.status, "in_transit");
    const present = simulator.eventOf(tracking_code);
    assert.deepEqual(present.result, newer.result);
    assert.notEqual(present.id, newer.id);
    simulator.close();
  });
});

Deno.test("a webhook whose receiver fails twenty times is switched off, until it is updated", async () => {
  const answers: number[] = [];
  const answer = () => new Response(null, { status: answers.shift() ?? 200 });
  await withServer(answer, async (webhookUrl, webhooks) => {
    const caller = new Caller({ webhookUrl });
    const { simulator } = caller;
    const { tracking_code } = await caller.bought();
    const send = () => simulator.send(simulator.eventOf(tracking_code));
    answers.push(...Array(19).fill(500), 200, ...Array(20).fill(503));
    for (let n = 0; n < 40; n++) await send();
    assert.equal(webhooks.length, 40);
    assert.equal(await send(), 0);
    assert.equal(webhooks.length, 40, "nothing is sent");
    const { webhooks: [webhook] } = (await caller.get("/v2/webhooks")).body;
    assert.deepEqual([webhook.url, webhook.mode, typeof webhook.disabled_at], [
      ...[webhookUrl, "test"],
      "string",
    ]);
    const updated = await caller.call("PATCH", `/v2/webhooks/${webhook.id}`);
    assert.deepEqual([updated.status, updated.body.disabled_at], [200, null]);
    assert.equal(await send(), 200);
    assert.equal((await caller.call("PATCH", "/v2/webhooks/hook_unknown")).status, 404);
  });
});

Deno.test("`verify` names what an address lacks, and refuses nothing", async () => {
  const caller = new Caller();
  const { status, body } = await caller.create({
    to_address: { street1: "1 First St", city: "San Francisco", country: "US", verify: true },
  });
  assert.equal(status, 201);
  const { success, errors } = body.to_address.verifications.delivery;
  assert.equal(success, false);
  assert.deepEqual(errors.map(({ field }: { field: string }) => field), ["state", "zip"]);
  assert.deepEqual((await caller.create()).body.to_address.verifications, {});
});

Deno.test("without a receiver the answer is 0, and an unknown tracking code is an error", async () => {
  const caller = new Caller();
  const { tracking_code } = await caller.bought();
  assert.equal((await caller.simulator.advanceTracker(tracking_code, "failure")).answer, 0);
  assert.throws(() => caller.simulator.eventOf("unknown"), /tracking code unknown/);
});
