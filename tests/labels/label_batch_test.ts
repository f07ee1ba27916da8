/** Labels for many orders in one request: accepted at once, each bought once, whatever happens meanwhile. */
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
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, letTimePass, subscribe } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

type Label = Record<string, unknown>;

let stack: TestStack;
let seller: ConnectedSeller;
let other: ConnectedSeller;
/** Ids of the seller's orders that have no label yet. */
let unlabelled: string[];

const step = testOnOneStack("labels for many orders", async () => {
  stack = await startTestStack();
  seller = await connectSeller(stack);
  other = await connectSeller(stack);
  await subscribe(stack, seller.id, "scale");
  unlabelled = await receiveOrders(seller, 150);
  return stack;
}, () => {
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  delete stack.easypost.faults.observe;
});

/** Every other order is shipped by TikTok. */
async function receiveOrders({ shopId, id }: ConnectedSeller, count: number): Promise<string[]> {
  const orders = Array.from(
    { length: count },
    (_, n) => stack.tiktok.addOrder({ shopId, shippingType: n % 2 ? "TIKTOK" : "SELLER" }),
  );
  const answers = await stack.tiktok.sendShuffled(orders);
  assert.ok(answers.every((answer) => answer === 200));
  return await until("the orders are in", async () => {
    const rows = await stack.sql`select id from public.orders where user_id = ${id}`;
    return rows.length === count && rows.map((row) => row.id as string);
  });
}

function take(count: number): string[] {
  const taken = unlabelled.splice(0, count);
  assert.equal(taken.length, count);
  return taken;
}

function label(orderId: string, fields: Label = {}): Label {
  return { order_id: orderId, parcel: PARCEL, service: "cheapest", from: FROM, ...fields };
}

async function ask(labels: Label[], key: string = crypto.randomUUID()): Promise<Answer> {
  return await callShipments(stack, seller, "/batch", { key, body: { labels } });
}

async function read(batchId: string, reader: ConnectedSeller = seller): Promise<Answer> {
  return await callShipments(stack, reader, `/batch/${batchId}`, { method: "GET" });
}

async function countBatches(): Promise<number> {
  const [row] = await stack.sql`select count(*)::int as batches from private.label_batches`;
  return row?.batches;
}

/** Works, waits and works until the batch is done. */
async function finished(batchId: string): Promise<Answer["body"]> {
  return await until("the batch is done", async () => {
    await processLaterEvents(stack);
    const { body } = await read(batchId);
    return body.state === "done" && body.unknown === 0 && body;
  });
}

/** Every one of these orders has one label at its carrier, and one shipment that says so. */
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
  const told = stack.tiktok.fulfillment.shipped.map(({ orderId }) => orderId);
  assert.equal(new Set(told).size, told.length, "TikTok was told twice");
}

step(
  "a hundred labels are taken at once, bought once each, and each tells what became of it",
  async () => {
    const [foreign] = await receiveOrders(other, 1);
    const good = take(92);
    const cancelled = take(2);
    const [labelled = "", ...strange] = take(2);
    assert.equal((await requestLabel(stack, seller, labelled)).status, 201);
    for (const id of cancelled) {
      const [row] = await stack.sql`select tiktok_order_id from public.orders where id = ${id}`;
      stack.tiktok.changeOrder(row?.tiktok_order_id, "CANCELLED");
    }
    // Of the first we have heard, of the second only TikTok knows.
    const [heard] = await stack.sql`
    select tiktok_order_id from public.orders where id = ${cancelled[0] as string}`;
    const notice = stack.tiktok.state.get("orders", heard?.tiktok_order_id);
    if (notice) await stack.tiktok.send(stack.tiktok.notificationOf(notice));
    await processDueEvents(stack);
    const nobodys = crypto.randomUUID();
    const [{ shipping_type: kind } = {}] = await stack.sql`
    select shipping_type from public.orders where id = ${strange[0] as string}`;
    const wrongProvider = kind === "TIKTOK" ? "easypost" : "tiktok_shipping";
    const bad: [Label, number, string][] = [
      [label(foreign as string), 404, "order_not_found"],
      [label(nobodys), 404, "order_not_found"],
      [label(cancelled[0] as string), 422, "order_cancelled"],
      [label(cancelled[1] as string), 422, "order_cancelled"],
      [label(labelled), 422, "already_shipped"],
      [label(strange[0] as string, { service: "Pigeon/Fast" }), 422, "service_unavailable"],
      [
        label(strange[0] as string, { provider: wrongProvider }),
        422,
        kind === "TIKTOK" ? "tiktok_label_required" : "tiktok_label_unavailable",
      ],
      [
        label(strange[0] as string, { rate_id: crypto.randomUUID(), service: undefined }),
        422,
        "rate_not_found",
      ],
    ];
    const sold = countLabelsBought(stack);
    const labels = [
      ...bad.slice(0, 4).map(([wanted]) => wanted),
      ...good.map((id) => label(id)),
      ...bad.slice(4).map(([wanted]) => wanted),
    ];
    assert.equal(labels.length, 100);

    const startedAt = performance.now();
    const { status, body } = await ask(labels);
    assert.equal(status, 202);
    assert.ok(performance.now() - startedAt < 2000);
    const { id, created_at: _, items, ...counts } = body;
    assert.deepEqual(counts, {
      state: "processing",
      total: 100,
      waiting: 100,
      purchased: 0,
      failed: 0,
      unknown: 0,
    });
    assert.equal(items.length, 100);

    const progress: number[] = [];
    const done = await until("the batch is done", async () => {
      const { body } = await read(id);
      progress.push(body.waiting);
      assert.equal(body.waiting + body.purchased + body.failed + body.unknown, 100);
      assert.equal(body.state, body.waiting > 0 ? "processing" : "done");
      return body.state === "done" && body;
    });
    assert.deepEqual(progress, progress.toSorted((a, b) => b - a), "it goes on, never back");
    assert.deepEqual([done.purchased, done.failed], [92, 8]);
    assert.deepEqual(
      // deno-lint-ignore no-explicit-any -- what a caller of the API gets
      done.items.map((item: any) => item.order_id),
      labels.map(({ order_id }) => order_id),
    );
    for (const [wanted, status, code] of bad) {
      const item = done.items[labels.indexOf(wanted)];
      assert.equal(item.state, "failed", code);
      assert.deepEqual([item.problem.status, item.problem.code], [status, code]);
      assert.ok(item.problem.detail.length > 0);
    }
    for (const item of done.items.slice(4, 96)) {
      assert.equal(item.state, "purchased");
      assert.equal(item.problem, null);
      assert.equal(item.shipment.state, "purchased");
      assert.notEqual(item.shipment.label_url, null);
      assert.equal(item.shipment.order_id, item.order_id);
    }
    await processDueEvents(stack);
    assert.equal(countLabelsBought(stack), sold + 92);
    await assertOneEach(good);

    // It is the seller's alone.
    assert.deepEqual(
      [(await read(id, other)).status, (await read(id, other)).body.code],
      [404, "batch_not_found"],
    );
    for (const wrong of [crypto.randomUUID(), "1", "null"]) {
      assert.deepEqual(
        [(await read(wrong)).status, (await read(wrong)).body.code],
        [404, "batch_not_found"],
      );
    }
  },
);

step(
  "a hundred and one, none, or one bad label among good ones: 400, and nothing is stored",
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
    const reserved = await ask([good], "batch:1");
    assert.deepEqual([reserved.status, reserved.body.code], [400, "invalid_idempotency_key"]);
    await processDueEvents(stack);
    assert.equal(await countBatches(), before);
    assert.equal(countLabelsBought(stack), sold);
  },
);

step(
  "the same key is the same batch, for this seller; with other labels it is refused",
  async () => {
    const orderIds = take(3);
    const [spare = ""] = unlabelled;
    const labels = orderIds.map((id) => label(id));
    const key = crypto.randomUUID();
    const before = await countBatches();
    const sold = countLabelsBought(stack);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(labels, key)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 202]);
    const [first] = answers;
    assert.ok(answers.every(({ body }) => body.id === first?.body.id));
    for (const others of [labels.slice(1), labels.toReversed(), [...labels, label(spare)]]) {
      const refused = await ask(others, key);
      assert.deepEqual([refused.status, refused.body.code], [409, "idempotency_key_reused"]);
    }
    // Keys are each seller's own.
    const body = { labels };
    const foreign = await callShipments(stack, other, "/batch", { key, body });
    assert.equal(foreign.status, 202);
    assert.notEqual(foreign.body.id, first?.body.id);
    assert.equal((await finished(first?.body.id)).purchased, 3);
    const { body: theirs } = await read(foreign.body.id, other);
    assert.deepEqual([theirs.state, theirs.failed], ["done", 3]);
    assert.equal((await ask(labels, key)).status, 200);
    await processDueEvents(stack);
    assert.equal(await countBatches(), before + 2);
    assert.equal(countLabelsBought(stack), sold + 3);
    await assertOneEach(orderIds);
  },
);

step("an order that is named twice in a batch gets one label", async () => {
  const [id = ""] = take(1);
  const sold = countLabelsBought(stack);
  const { body } = await ask([label(id), label(id), label(id)]);
  const done = await finished(body.id);
  assert.deepEqual([done.purchased, done.failed], [1, 2]);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 1);
  await assertOneEach([id]);
});

step("killed in the middle, the next worker buys what is missing, and nothing twice", async () => {
  const orderIds = take(24);
  const sold = countLabelsBought(stack);
  const pid = stack.functionHostPid();
  let bought = 0;
  stack.easypost.faults.observe = ({ path, phase }) => {
    if (phase === "arrived" || !path.endsWith("/buy") || ++bought < 4) return;
    delete stack.easypost.faults.observe;
    Deno.kill(pid, "SIGKILL");
  };
  const { status, body } = await ask(orderIds.map((id) => label(id)));
  assert.equal(status, 202);
  await until(
    "another function host runs",
    () => Promise.resolve(stack.functionHostPid() > 0 && stack.functionHostPid() !== pid),
  );
  const { body: halfway } = await until("it answers", async () => {
    const answer = await read(body.id);
    return answer.status === 200 && answer;
  });
  assert.equal(halfway.state, "processing");
  assert.ok(halfway.waiting > 0);
  assert.ok(countLabelsBought(stack) > sold);

  await agePurchases(stack);
  await letTimePass(stack);
  const done = await finished(body.id);
  assert.deepEqual([done.purchased, done.failed], [24, 0]);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 24);
  await assertOneEach(orderIds);
});

step("while the carriers are busy the batch waits, and in the end all is bought", async () => {
  const orderIds = take(10);
  const sold = countLabelsBought(stack);
  for (const { faults } of [stack.easypost, stack.tiktok]) {
    faults.add({
      method: "POST",
      path: /\/buy$|\/202309\/packages$/,
      kind: "rate_limit",
      retryAfterSeconds: 60,
    });
  }
  const { body } = await ask(orderIds.map((id) => label(id)));
  for (let round = 0; round < 2; round++) {
    await processLaterEvents(stack);
    const { body: busy } = await read(body.id);
    assert.deepEqual([busy.state, busy.waiting, busy.failed], ["processing", 10, 0]);
    assert.equal(countLabelsBought(stack), sold);
  }
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  const done = await finished(body.id);
  assert.deepEqual([done.purchased, done.failed], [10, 0]);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 10);
  await assertOneEach(orderIds);
});

step("carriers that stay busy are told to the seller, who asks anew", async () => {
  const orderIds = take(2);
  const labels = orderIds.map((id) => label(id));
  const sold = countLabelsBought(stack);
  for (const { faults } of [stack.easypost, stack.tiktok]) {
    faults.add({
      method: "POST",
      path: /\/buy$|\/202309\/packages$/,
      kind: "rate_limit",
      retryAfterSeconds: 60,
    });
  }
  const { body } = await ask(labels);
  const given = await finished(body.id);
  assert.deepEqual([given.purchased, given.failed], [0, 2]);
  for (const { problem, shipment } of given.items) {
    assert.deepEqual([problem.status, problem.code], [503, "carrier_busy"]);
    assert.equal(shipment.state, "failed");
  }
  assert.equal(countLabelsBought(stack), sold);
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
  const { body: anew } = await ask(labels);
  assert.equal((await finished(anew.id)).purchased, 2);
  await processDueEvents(stack);
  assert.equal(countLabelsBought(stack), sold + 2);
});

step("a batch takes POST, one batch GET; both name what they take", async () => {
  for (const [path, allowed] of [["/batch", "POST"], [`/batch/${crypto.randomUUID()}`, "GET"]]) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (method === allowed) continue;
      const answer = await callShipments(stack, seller, path as string, { method });
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allowed], method);
    }
  }
});
