/** Links to labels: the stored one while it is valid, a fresh one afterwards, and the file behind it. */
import assert from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  callShipments,
  callsTo,
  labelsBought,
  receiveOrder,
  requestLabel,
  requestRates,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const DOCUMENTS = /\/shipping_documents$/;
/** The first bytes of the files; of a PNG, those after its first one. */
const BEGINNINGS = { PDF: /^%PDF-/, PNG: /^.PNG/, ZPL: /^\^XA/ };

function readShipment(
  stack: TestStack,
  seller: ConnectedSeller,
  id: string,
  path = "",
): Promise<Answer> {
  return callShipments(stack, seller, `/${id}${path}`, { method: "GET" });
}

/** The file that a label printer gets. */
async function assertServes(url: string, format: keyof typeof BEGINNINGS): Promise<void> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  assert.match((await response.text()).slice(0, 8), BEGINNINGS[format]);
}

test("TikTok's link is kept until it is 23 hours old, and then read again", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const { body: label } = await requestLabel(stack, seller, order.id);
  await settledEvents(stack);
  await assertServes(label.label_url, "PDF");
  const reads = () => callsTo(stack.tiktok.calls, DOCUMENTS);
  const before = reads();

  const young = await readShipment(stack, seller, label.id, "/label");
  assert.equal(young.status, 200);
  const { label_url, label_format, label_expires_at, tracking_number } = label;
  assert.deepEqual(young.body, { label_url, label_format, label_expires_at, tracking_number });
  const age = async (remaining: string) => {
    await stack.sql`
      update public.shipments
      set label_expires_at = now() + ${remaining}::interval, label_url = 'http://old.invalid/'`;
  };
  await age("61 minutes");
  const kept = await readShipment(stack, seller, label.id, "/label");
  assert.equal(kept.body.label_url, "http://old.invalid/");
  assert.equal(reads(), before);

  await age("59 minutes");
  const fresh = await readShipment(stack, seller, label.id, "/label");
  assert.equal(reads(), before + 1);
  await assertServes(fresh.body.label_url, "PDF");
  const hours = (Date.parse(fresh.body.label_expires_at) - Date.now()) / 3_600_000;
  assert.ok(hours > 23.9 && hours <= 24, String(hours));
  const shown = await readShipment(stack, seller, label.id);
  assert.equal(shown.body.label_url, fresh.body.label_url);
  await readShipment(stack, seller, label.id, "/label");
  assert.equal(reads(), before + 1);
  assert.equal(labelsBought(stack).tiktok, 1);
});

test("a label that is still being drawn is bought; the worker or the seller fetches it later", async (stack) => {
  const seller = await connectSeller(stack);
  // Read once by the request, and once by the worker in its background.
  stack.tiktok.fulfillment.labelDelay = 3;
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const bought = await requestLabel(stack, seller, order.id);
  assert.deepEqual([bought.status, bought.body.label_url], [201, null]);
  assert.equal(bought.body.state, "purchased");
  await until("the worker has tried", async () => {
    const [task] = await stack.sql`
      select from private.webhook_events
      where event_type = 'FETCH_LABEL' and status = 'pending' and attempts = 1`;
    return task;
  });
  const early = await readShipment(stack, seller, bought.body.id, "/label");
  assertProblem(early, 503, "label_not_ready");
  assert.ok(Number(early.headers.get("retry-after")) > 0);
  const drawn = await until("the worker has fetched it", async () => {
    await letTimePass(stack);
    await runEventWorker(stack);
    const answer = await readShipment(stack, seller, bought.body.id);
    return answer.body.label_url !== null && answer;
  });
  await assertServes(drawn.body.label_url, "PDF");
  assert.match(drawn.body.tracking_number, /^9400/);
  assert.equal((await settledEvents(stack)).done, 2);

  stack.tiktok.fulfillment.labelDelay = 2;
  const other = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const { body: { id, label_url } } = await requestLabel(stack, seller, other.id);
  assert.equal(label_url, null);
  await until("the worker has tried again", async () => {
    const [task] = await stack.sql`
      select from private.webhook_events where object_id = ${id} and attempts = 1`;
    return task;
  });
  const fetched = await until("the seller has it", async () => {
    const answer = await readShipment(stack, seller, id, "/label");
    return answer.status === 200 && answer;
  });
  await assertServes(fetched.body.label_url, "PDF");
  await letTimePass(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal(labelsBought(stack).tiktok, 2);
});

test("EasyPost draws a label in the requested format, by service and by rate", async (stack) => {
  const seller = await connectSeller(stack);
  for (const label_format of ["PDF", "PNG", "ZPL"] as const) {
    for (const by of ["service", "rate"]) {
      const order = await receiveOrder(stack, seller);
      const what = `${label_format} by ${by}`;
      let label: Record<string, unknown> = { label_format };
      if (by === "rate") {
        const { body: { rates } } = await requestRates(stack, seller, order.id);
        label = { label_format, rate_id: rates[0].rate_id, service: undefined };
      }
      const { status, body } = await requestLabel(stack, seller, order.id, label);
      assert.deepEqual([status, body.label_format], [201, label_format], what);
      assert.equal(body.label_expires_at, null);
      await assertServes(body.label_url, label_format);
      const calls = stack.easypost.calls.length;
      const again = await readShipment(stack, seller, body.id, "/label");
      assert.equal(again.body.label_url, body.label_url, what);
      assert.equal(stack.easypost.calls.length, calls, "EasyPost's links do not expire");
    }
  }

  // A rate's label is drawn as PNG first: it is valid before its conversion succeeds.
  const order = await receiveOrder(stack, seller);
  const { body: { rates } } = await requestRates(stack, seller, order.id);
  stack.easypost.faults.add({ path: /\/label$/, kind: "internal", count: 2 });
  const { rate_id } = rates[0];
  const { status, body } = await requestLabel(stack, seller, order.id, {
    rate_id,
    service: undefined,
  });
  assert.deepEqual([status, body.label_format], [201, "PNG"]);
  for (const format of ["PNG", "PDF"] as const) {
    const { body: link } = await readShipment(stack, seller, body.id, "/label");
    assert.equal(link.label_format, format);
    await assertServes(link.label_url, format);
  }
  assert.equal(stack.easypost.faults.spoiled.get("internal"), 2);
  await settledEvents(stack);
});

test("a label that was not bought, was voided or cannot be drawn has no link", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const zpl = await requestLabel(stack, seller, order.id, { label_format: "ZPL" });
  assertProblem(zpl, 422, "label_format_unavailable");
  assert.equal(labelsBought(stack).tiktok, 0);
  const [failed] = await stack.sql`select id from private.label_purchases`;
  assertProblem(await readShipment(stack, seller, failed?.id, "/label"), 422, "not_purchased");
  const shown = await readShipment(stack, seller, failed?.id);
  assert.deepEqual(
    [shown.body.state, shown.body.reason, shown.body.label_url, shown.body.status],
    ["failed", "label_format_unavailable", null, null],
  );

  const own = await receiveOrder(stack, seller);
  const { body: { id } } = await requestLabel(stack, seller, own.id);
  await settledEvents(stack);
  stack.easypost.behaviour.refundStatus = "refunded";
  assert.equal((await callShipments(stack, seller, `/${id}/void`)).body.state, "voided");
  assertProblem(await readShipment(stack, seller, id, "/label"), 422, "label_voided");
  assert.equal((await readShipment(stack, seller, id)).body.state, "voided");
});
