/** Labels for many orders in one request: accepted at once, and each bought once. */
import assert from "node:assert/strict";
import {
  agePurchases,
  type Answer,
  callShipments,
  countLabelsBought,
  FROM,
  PARCEL,
  processDueEvents,
  processLaterEvents,
  requestLabel,
} from "../support/labels.ts";
import { syncOrders } from "../support/orders.ts";
import { sampleSize } from "../support/sample_size.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, letTimePass, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

type Label = Record<string, unknown>;

/** Labels of the largest batch here, and of the one that a kill interrupts. */
const LARGE = sampleSize({ gate: 24, long: 100 });
const KILLED = sampleSize({ gate: 12, long: 24 });

/** Labels of the large batch that are refused. */
const BAD = 8;

let stack: TestStack;
let seller: ConnectedSeller;
let other: ConnectedSeller;
/** Ids of the seller's orders that have no label yet. */
let unlabelled: string[];

const step = testOnOneStack("labels for many orders", async () => {
  stack = await borrowStack();
  seller = await connectSeller(stack);
  other = await connectSeller(stack);
  await subscribe(stack, seller.id, "scale");
  unlabelled = await receiveOrders(seller, LARGE + KILLED + 26);
  return stack;
}, () => {
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  delete stack.easypost.faults.observe;
});

/** Every other order is shipped by TikTok. */
async function receiveOrders({ shopId, id }: ConnectedSeller, count: number): Promise<string[]> {
  for (let n = 0; n < count; n++) {
    stack.tiktok.addOrder({ shopId, shippingType: n % 2 ? "TIKTOK" : "SELLER" });
  }
  await syncOrders(stack, shopId);
  const rows = await stack.sql`select id from public.orders where user_id = ${id}`;
  assert.equal(rows.length, count);
  return rows.map((row) => row.id as string);
}

function takeOrders(count: number): string[] {
  const taken = unlabelled.splice(0, count);
  assert.equal(taken.length, count);
  return taken;
}

function label(orderId: string, fields: Label = {}): Label {
  return { order_id: orderId, parcel: PARCEL, service: "cheapest", from: FROM, ...fields };
}

async function postBatch(labels: Label[], key: string = crypto.randomUUID()): Promise<Answer> {
  return await callShipments(stack, seller, "/batch", { key, body: { labels } });
}

async function readBatch(batchId: string, reader: ConnectedSeller = seller): Promise<Answer> {
  return await callShipments(stack, reader, `/batch/${batchId}`, { method: "GET" });
}

async function countBatches(): Promise<number> {
  const [row] = await stack.sql`select count(*)::int as batches from private.label_batches`;
  return row?.batches;
}

/** Processes due and postponed events until the batch is done. */
async function finishBatch(batchId: string): Promise<Answer["body"]> {
  return await until("the batch is done", async () => {
    await processLaterEvents(stack);
    const { body } = await readBatch(batchId);
    return body.state === "done" && body.unknown === 0 && body;
  });
}

/** Asserts that each order has one label at its carrier, and one shipment that says so. */
async function assertOneEach(orderIds: string[]): Promise<void> {
  const rows = await stack.sql`
    select orders.id, orders.tiktok_order_id, orders.shipping_type, purchase.state,
      purchase.carrier_shipment_id, shipments.status, shipments.tracking_number,
      shipments.tiktok_notified_at
    from public.orders
    left join private.label_purchases as purchase on purchase.order_id = orders.id
    left join public.shipments on shipments.order_id = orders.id
    where orders.id in ${stack.sql(orderIds)}`;
  assert.equal(rows.length, orderIds.length);
  for (const row of rows) {
    assert.deepEqual([row.state, row.status], ["purchased", "purchased"]);
    assert.notEqual(row.tracking_number, null);
    assert.notEqual(row.tiktok_notified_at, null);
    const { labels: own } = stack.tiktok.fulfillment;
    const sold = row.shipping_type === "TIKTOK"
      ? own.filter(({ orderId }) => orderId === row.tiktok_order_id)
      : stack.easypost.accounts.labels.filter(({ shipmentId }) =>
        shipmentId === row.carrier_shipment_id
      );
    assert.equal(sold.length, 1);
  }
  const notified = stack.tiktok.fulfillment.shipped.map(({ orderId }) => orderId);
  assert.equal(new Set(notified).size, notified.length, "TikTok was notified twice");
}

/** Cancels two orders at TikTok; only of the first one a webhook comes. */
async function cancelOrders(orderIds: string[]): Promise<void> {
  for (const [n, id] of orderIds.entries()) {
    const [row] = await stack.sql`select tiktok_order_id from public.orders where id = ${id}`;
    const changed = stack.tiktok.changeOrder(row?.tiktok_order_id, "CANCELLED");
    if (n === 0) await stack.tiktok.send(stack.tiktok.notificationOf(changed));
  }
  await processDueEvents(stack);
}

type RefusedLabel = [label: Label, status: number, code: string];

/** One label for each way in which a label of a batch can be refused. */
async function refusedLabels(): Promise<RefusedLabel[]> {
  const [foreign = ""] = await receiveOrders(other, 1);
  const cancelled = takeOrders(2) as [string, string];
  const [labelled, plain] = takeOrders(2) as [string, string];
  assert.equal((await requestLabel(stack, seller, labelled)).status, 201);
  await cancelOrders(cancelled);
  const [row] = await stack.sql`select shipping_type from public.orders where id = ${plain}`;
  const [wrongProvider, wrongCode] = row?.shipping_type === "TIKTOK"
    ? ["easypost", "tiktok_label_required"]
    : ["tiktok_shipping", "tiktok_label_unavailable"];
  return [
    [label(foreign), 404, "order_not_found"],
    [label(crypto.randomUUID()), 404, "order_not_found"],
    [label(cancelled[0]), 422, "order_cancelled"],
    [label(cancelled[1]), 422, "order_cancelled"],
    [label(labelled), 422, "already_shipped"],
    [label(plain, { service: "Pigeon/Fast" }), 422, "service_unavailable"],
    [label(plain, { provider: wrongProvider }), 422, wrongCode as string],
    [label(plain, { rate_id: crypto.randomUUID(), service: undefined }), 422, "rate_not_found"],
  ];
}

/** The batch when it is done; every count on the way is consistent, and none goes back. */
async function watchUntilDone(batchId: string): Promise<Answer["body"]> {
  const progress: number[] = [];
  const isDone = async () => {
    const { body } = await readBatch(batchId);
    progress.push(body.waiting);
    assert.equal(body.waiting + body.purchased + body.failed + body.unknown, body.total);
    assert.equal(body.state, body.waiting > 0 ? "processing" : "done");
    return body.state === "done" && body;
  };
  const done = await until("the batch is done", isDone, 60_000);
  assert.deepEqual(progress, progress.toSorted((a, b) => b - a), "waiting only decreases");
  return done;
}

step(
  `${LARGE} labels are accepted at once and bought once each, with their outcomes`,
  async () => {
    const bad = await refusedLabels();
    const good = takeOrders(LARGE - BAD);
    const labels = [
      ...bad.slice(0, 4).map(([wanted]) => wanted),
      ...good.map((id) => label(id)),
      ...bad.slice(4).map(([wanted]) => wanted),
    ];
    const sold = countLabelsBought(stack);

    const startedAt = performance.now();
    const { status, body } = await postBatch(labels);
    assert.equal(status, 202);
    assert.ok(performance.now() - startedAt < 2000);
    const { id, created_at: _, items, ...counts } = body;
    assert.deepEqual(counts, {
      state: "processing",
      total: LARGE,
      waiting: LARGE,
      purchased: 0,
      failed: 0,
      unknown: 0,
    });
    assert.equal(items.length, LARGE);

    const done = await watchUntilDone(id);
    assert.deepEqual([done.purchased, done.failed], [LARGE - BAD, BAD]);
    assert.deepEqual(
      // deno-lint-ignore no-explicit-any -- any response of the API
      done.items.map((item: any) => item.order_id),
      labels.map(({ order_id }) => order_id),
    );
    for (const [wanted, status, code] of bad) {
      const item = done.items[labels.indexOf(wanted)];
      assert.deepEqual([item.state, item.problem.status, item.problem.code], [
        ...["failed", status, code],
      ]);
      assert.ok(item.problem.detail.length > 0);
    }
    for (const { state, problem, shipment, order_id } of done.items.slice(4, LARGE - 4)) {
      assert.deepEqual([state, problem, shipment.state], ["purchased", null, "purchased"]);
      assert.notEqual(shipment.label_url, null);
      assert.equal(shipment.order_id, order_id);
    }
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + LARGE - BAD);
    await assertOneEach(good);
  },
);

step("a batch of another seller, or an unknown one, does not exist", async () => {
  const [id = ""] = takeOrders(1);
  const { body } = await postBatch([label(id)]);
  await finishBatch(body.id);
  const answers = [
    await readBatch(body.id, other),
    await readBatch(crypto.randomUUID()),
    await readBatch("1"),
    await readBatch("null"),
  ];
  for (const { status, body } of answers) {
    assert.deepEqual([status, body.code], [404, "batch_not_found"]);
  }
});

step(
  "a batch of 101 labels, of none, or with an invalid one is 400, and nothing is stored",
  async () => {
    const before = await countBatches();
    const sold = countLabelsBought(stack);
    const [id = ""] = unlabelled;
    const good = label(id);
    const { parcel: _, ...parcelless } = good;
    const bodies: [unknown, RegExp][] = [
      [{ labels: Array(101).fill(good) }, /^labels: /],
      [{ labels: [] }, /^labels: /],
      [{ labels: [good, parcelless] }, /^labels\.1\.parcel: /],
      [{ labels: [good, good, { ...good, order_id: "1" }] }, /^labels\.2\.order_id: /],
      [{ labels: [{ ...good, rate_id: crypto.randomUUID() }] }, /^labels\.0: /],
      [{ labels: [good, { ...good, colour: "red" }] }, /^labels\.1: /],
      [{ labels: [good, null] }, /^labels\.1: /],
      [{ labels: good }, /^labels: /],
      [{}, /^labels: /],
      [[good], /./],
      [{ labels: [good], more: 1 }, /./],
      ["{", /not JSON/],
    ];
    for (const [body, detail] of bodies) {
      const key = crypto.randomUUID();
      const answer = await callShipments(stack, seller, "/batch", { key, body });
      assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 80));
      assert.match(answer.body.detail, detail);
    }
    const keyless = await callShipments(stack, seller, "/batch", { body: { labels: [good] } });
    assert.deepEqual([keyless.status, keyless.body.code], [400, "idempotency_key_required"]);
    const reserved = await postBatch([good], "batch:1");
    assert.deepEqual([reserved.status, reserved.body.code], [400, "invalid_idempotency_key"]);
    await processDueEvents(stack);
    assert.equal(await countBatches(), before);
    assert.equal(countLabelsBought(stack), sold);
  },
);

step(
  "the same key is the same batch, for this seller; with other labels it is refused",
  async () => {
    const orderIds = takeOrders(3);
    const [spare = ""] = unlabelled;
    const labels = orderIds.map((id) => label(id));
    const key = crypto.randomUUID();
    const before = await countBatches();
    const sold = countLabelsBought(stack);
    const answers = await Promise.all(Array.from({ length: 5 }, () => postBatch(labels, key)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 202]);
    const [first] = answers;
    assert.ok(answers.every(({ body }) => body.id === first?.body.id));
    for (const others of [labels.slice(1), labels.toReversed(), [...labels, label(spare)]]) {
      const refused = await postBatch(others, key);
      assert.deepEqual([refused.status, refused.body.code], [409, "idempotency_key_reused"]);
    }
    // Keys are each seller's own.
    const body = { labels };
    const foreign = await callShipments(stack, other, "/batch", { key, body });
    assert.equal(foreign.status, 202);
    assert.notEqual(foreign.body.id, first?.body.id);
    assert.equal((await finishBatch(first?.body.id)).purchased, 3);
    const { body: theirs } = await readBatch(foreign.body.id, other);
    assert.deepEqual([theirs.state, theirs.failed], ["done", 3]);
    assert.equal((await postBatch(labels, key)).status, 200);
    await processDueEvents(stack);
    assert.equal(await countBatches(), before + 2);
    assert.equal(countLabelsBought(stack), sold + 3);
    await assertOneEach(orderIds);
  },
);

step("an order that a batch names twice gets one label", async () => {
  const [id = ""] = takeOrders(1);
  const sold = countLabelsBought(stack);
  const { body } = await postBatch([label(id), label(id), label(id)]);
  const done = await finishBatch(body.id);
  assert.deepEqual([done.purchased, done.failed], [1, 2]);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 1);
  await assertOneEach([id]);
});

step(
  "after a kill in the middle the next worker buys the missing labels, and none twice",
  async () => {
    const orderIds = takeOrders(KILLED);
    const sold = countLabelsBought(stack);
    const pid = stack.functionHostPid();
    let bought = 0;
    stack.easypost.faults.observe = ({ path, phase }) => {
      if (phase === "arrived" || !path.endsWith("/buy") || ++bought < KILLED / 6) return;
      delete stack.easypost.faults.observe;
      Deno.kill(pid, "SIGKILL");
    };
    const { status, body } = await postBatch(orderIds.map((id) => label(id)));
    assert.equal(status, 202);
    await until(
      "another function host runs",
      () => Promise.resolve(stack.functionHostPid() > 0 && stack.functionHostPid() !== pid),
    );
    const { body: halfway } = await until("the functions answer", async () => {
      const answer = await readBatch(body.id);
      return answer.status === 200 && answer;
    });
    assert.equal(halfway.state, "processing");
    assert.ok(halfway.waiting > 0);
    assert.ok(countLabelsBought(stack) > sold);

    await agePurchases(stack);
    await letTimePass(stack);
    const done = await finishBatch(body.id);
    assert.deepEqual([done.purchased, done.failed], [KILLED, 0]);
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + KILLED);
    await assertOneEach(orderIds);
  },
);

/** Both carriers answer every purchase that they are busy. */
function makeCarriersBusy(): void {
  for (const { faults } of [stack.easypost, stack.tiktok]) {
    faults.add({
      method: "POST",
      path: /\/buy$|\/202309\/packages$/,
      kind: "rate_limit",
      retryAfterSeconds: 60,
    });
  }
}

step("while the carriers are busy the batch waits; in the end every label is bought", async () => {
  const orderIds = takeOrders(10);
  const sold = countLabelsBought(stack);
  makeCarriersBusy();
  const { body } = await postBatch(orderIds.map((id) => label(id)));
  for (let round = 0; round < 2; round++) {
    await processLaterEvents(stack);
    const { body: busy } = await readBatch(body.id);
    assert.deepEqual([busy.state, busy.waiting, busy.failed], ["processing", 10, 0]);
    assert.equal(countLabelsBought(stack), sold);
  }
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  const done = await finishBatch(body.id);
  assert.deepEqual([done.purchased, done.failed], [10, 0]);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 10);
  await assertOneEach(orderIds);
});

step("a batch whose carriers stay busy fails, and a new batch buys its labels", async () => {
  const orderIds = takeOrders(2);
  const labels = orderIds.map((id) => label(id));
  const sold = countLabelsBought(stack);
  makeCarriersBusy();
  const { body } = await postBatch(labels);
  const given = await finishBatch(body.id);
  assert.deepEqual([given.purchased, given.failed], [0, 2]);
  for (const { problem, shipment } of given.items) {
    assert.deepEqual([problem.status, problem.code], [503, "carrier_busy"]);
    assert.equal(shipment.state, "failed");
  }
  assert.equal(countLabelsBought(stack), sold);
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  const { body: next } = await postBatch(labels);
  assert.equal((await finishBatch(next.id)).purchased, 2);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 2);
});

step("another method is refused with the allowed one", async () => {
  const paths = [["/batch", "POST"], [`/batch/${crypto.randomUUID()}`, "GET, HEAD"]] as const;
  for (const [path, allowed] of paths) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (allowed.includes(method)) continue;
      const answer = await callShipments(stack, seller, path, { method });
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allowed], method);
    }
  }
});
