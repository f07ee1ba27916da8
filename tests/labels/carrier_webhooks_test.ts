/** Tracking: EasyPost's webhooks and the carriers' answers change shipments and orders. */
import assert from "node:assert/strict";
import { seededRandom } from "../support/random.ts";
import { createHmac } from "node:crypto";
import type { EasyPostEvent, Tracker } from "../../local/simulators/easypost/objects.ts";
import { unitId } from "../../local/simulators/tiktok/orders.ts";
import { MAX_BODY_BYTES } from "../../shared/http/read_body.ts";
import { parseLosslessJson } from "../../shared/values/lossless_json.ts";
import {
  callShipments,
  type OrderRow,
  processDueEvents,
  processLaterEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { isUnchanged, mutate, type Mutation, pick, unchanged } from "../support/mutations.ts";
import { sampleSize } from "../support/sample_size.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, countEvents, subscribe } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

/** Its NFKD form differs from it: the ligature and the accented letters are decomposed. */
const SECRET = "geheim-ﬁ-Å-ñ-密-🔑";

const MUTATIONS = sampleSize({ gate: 60, long: 500 });
const AT_ONCE = 12;

let stack: TestStack;
let seller: ConnectedSeller;

const step = testOnOneStack("tracking", async () => {
  await using own = new AsyncDisposableStack();
  const environment = { EASYPOST_WEBHOOK_SECRET: SECRET, EASYPOST_API_KEY: "EZAKproduction" };
  stack = own.use(await startTestStack({ environment }));
  seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  return own.move();
}, () => {
  stack.easypost.faults.clear();
  stack.tiktok.faults.clear();
});

interface Parcel {
  id: string;
  order: OrderRow;
  /** The carrier's number. */
  code: string;
}

async function buyParcel(order: OrderRow, fields: Record<string, unknown> = {}): Promise<Parcel> {
  const { status, body } = await requestLabel(stack, seller, order.id, fields);
  assert.equal(status, 201, JSON.stringify(body));
  await processDueEvents(stack);
  return { id: body.id, order, code: body.tracking_number };
}

async function newParcel(): Promise<Parcel> {
  return await buyParcel(await receiveOrder(stack, seller));
}

async function parcelRow({ id }: Parcel): Promise<Record<string, unknown>> {
  const [row] = await stack.sql`
    select status, estimated_delivery::text, tracking_updated_at from public.shipments
    where id = ${id}`;
  return { ...row };
}

async function statusOf(parcel: Parcel): Promise<unknown> {
  return (await parcelRow(parcel)).status;
}

async function orderStatus({ order }: Parcel): Promise<unknown> {
  const [row] = await stack.sql`select order_status from public.orders where id = ${order.id}`;
  return row?.order_status;
}

/** The statuses of the parcel, by the order's timeline. */
async function trackingHistory({ order }: Parcel): Promise<string[]> {
  const rows = await stack.sql`
    select changes -> 'shipment_status' ->> 'to' as status from public.order_events
    where order_id = ${order.id} and event_type = 'TRACKING_UPDATED' order by id`;
  return rows.map((row) => row.status);
}

async function storedEvent({ id }: { id: string }): Promise<Record<string, unknown>> {
  const rows = await stack.sql`
    select status, reason, event_type, object_id from private.webhook_events
    where source = 'easypost' and external_id = ${id}`;
  assert.equal(rows.length, 1);
  return { ...rows[0] };
}

function sign(body: string | Uint8Array, secret = SECRET.normalize("NFKD")): string {
  return `hmac-sha256-hex=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

function url(): string {
  return `${stack.env.SUPABASE_URL}/functions/v1/carrier-webhooks`;
}

async function post(body: string, signature: string | undefined = sign(body)): Promise<number> {
  const headers: Record<string, string> = signature === "" ? {} : { "x-hmac-signature": signature };
  const response = await fetch(url(), { method: "POST", headers, body });
  await response.body?.cancel();
  return response.status;
}

/** A tracker event of the parcel with other fields, as EasyPost could send it. */
function trackingEvent(
  { code }: Parcel,
  tracker: Partial<Record<keyof Tracker, unknown>>,
  event: Partial<Record<keyof EasyPostEvent, unknown>> = {},
): EasyPostEvent {
  const made = stack.easypost.eventOf(code);
  return { ...made, ...event, result: { ...made.result, ...tracker } } as EasyPostEvent;
}

async function send(...events: EasyPostEvent[]): Promise<void> {
  for (const event of events) {
    assert.equal(await stack.easypost.send(event), 200);
    await processDueEvents(stack);
  }
}

step(
  "signed tracking updates move a parcel and its order from the purchase to the delivery",
  async () => {
    const parcel = await newParcel();
    assert.equal(await orderStatus(parcel), "awaiting_collection");
    const steps = [
      ["pre_transit", "purchased", "awaiting_collection"],
      ["in_transit", "in_transit", "in_transit"],
      ["available_for_pickup", "available_for_pickup", "in_transit"],
      ["out_for_delivery", "out_for_delivery", "in_transit"],
      ["failure", "failed", "in_transit"],
      ["delivered", "delivered", "delivered"],
    ] as const;
    for (const [word, status, order] of steps) {
      const { event, answer } = await stack.easypost.advanceTracker(parcel.code, word);
      assert.equal(answer, 200);
      await processDueEvents(stack);
      assert.deepEqual([await statusOf(parcel), await orderStatus(parcel)], [status, order], word);
      const stored = await storedEvent(event);
      assert.deepEqual(stored, {
        status: "done",
        reason: null,
        event_type: "tracker.updated",
        object_id: parcel.code,
      });
    }
    assert.deepEqual(await trackingHistory(parcel), steps.slice(1).map(([, status]) => status));
    const { data } = await seller.client.from("shipments").select("status").eq("id", parcel.id);
    assert.deepEqual(data, [{ status: "delivered" }]);
  },
);

step("late, repeated and shuffled updates never move a parcel back", async () => {
  const parcel = await newParcel();
  const [first, second, third] = (["in_transit", "out_for_delivery", "delivered"] as const)
    .map((status) => stack.easypost.changeTracker(parcel.code, status));
  assert.ok(first && second && third);
  await send(second);
  assert.equal(await statusOf(parcel), "out_for_delivery");
  await send(first, second, first);
  assert.equal(await statusOf(parcel), "out_for_delivery");
  await send(third, second, first, third);
  assert.deepEqual(await trackingHistory(parcel), ["out_for_delivery", "delivered"]);
  // Only a return may follow a delivery.
  await send(
    trackingEvent(parcel, { status: "failure" }),
    trackingEvent(parcel, { status: "in_transit" }),
  );
  assert.equal(await statusOf(parcel), "delivered");
  await send(
    trackingEvent(parcel, { status: "return_to_sender" }),
    trackingEvent(parcel, { status: "delivered" }),
  );
  assert.equal(await statusOf(parcel), "returned");

  // All at the same time, each three times.
  const shuffled = await newParcel();
  const events = (["pre_transit", "in_transit", "out_for_delivery", "delivered"] as const)
    .map((status) => stack.easypost.changeTracker(shuffled.code, status));
  const random = seededRandom(7).next;
  const deliveries = [...events, ...events, ...events].toSorted(() => random() - 0.5);
  const answers = await Promise.all(deliveries.map((event) => stack.easypost.send(event)));
  assert.ok(answers.every((answer) => answer === 200));
  await processDueEvents(stack);
  assert.deepEqual([await statusOf(shuffled), await orderStatus(shuffled)], [
    "delivered",
    "delivered",
  ]);
  for (const event of events) assert.equal((await storedEvent(event)).status, "done");
});

step("after a failed delivery the carrier's next attempt shows", async () => {
  const parcel = await newParcel();
  const steps = ["failure", "in_transit", "out_for_delivery", "failure", "out_for_delivery"];
  for (const [day, status] of steps.entries()) {
    await send(trackingEvent(parcel, { status, updated_at: `2031-05-0${day + 1}T10:00:00Z` }));
    assert.equal(await statusOf(parcel), status === "failure" ? "failed" : status);
  }
  // Comes late.
  await send(trackingEvent(parcel, { status: "failure", updated_at: "2031-05-04T11:00:00Z" }));
  assert.equal(await statusOf(parcel), "out_for_delivery");
});

step("an unknown status changes nothing", async () => {
  const parcel = await newParcel();
  await send(trackingEvent(parcel, { status: "in_transit" }));
  const odd = ["unknown", "cancelled", "teleported", "", "IN_TRANSIT", "__proto__", "voided"];
  for (const status of [...odd, null, 7, ["delivered"], { status: "delivered" }]) {
    const event = trackingEvent(parcel, { status });
    await send(event);
    assert.equal(await statusOf(parcel), "in_transit", String(status));
    assert.match(String((await storedEvent(event)).status), /^(done|ignored)$/);
  }
});

step("the estimated delivery date comes from the carrier's newest update", async () => {
  const parcel = await newParcel();
  const at = (updated_at: string, est_delivery_date: unknown, status = "in_transit") =>
    trackingEvent(parcel, { status, updated_at, est_delivery_date });
  const day = async () => (await parcelRow(parcel)).estimated_delivery;
  await send(at("2031-05-02T10:00:00Z", "2031-05-07T00:00:00Z"));
  assert.equal(await day(), "2031-05-07");
  await send(at("2031-05-03T10:00:00Z", "2031-05-09T00:00:00Z"));
  assert.equal(await day(), "2031-05-09");
  // Arrives out of order.
  await send(at("2031-05-01T10:00:00Z", "2031-05-05T00:00:00Z"));
  assert.equal(await day(), "2031-05-09");
  // An update without a date keeps the stored one.
  await send(at("2031-05-04T10:00:00Z", null), at("2031-05-04T11:00:00Z", "soon"));
  assert.equal(await day(), "2031-05-09");
  // An old update still counts for the status, if its rank is higher.
  await send(at("2031-05-01T11:00:00Z", "2031-05-04T00:00:00Z", "out_for_delivery"));
  assert.deepEqual([await statusOf(parcel), await day()], ["out_for_delivery", "2031-05-09"]);
  const { tracking_updated_at } = await parcelRow(parcel);
  assert.equal((tracking_updated_at as Date).toISOString(), "2031-05-04T11:00:00.000Z");
});

step("an invalid timestamp is ignored", async () => {
  const parcel = await newParcel();
  for (const time of ["+275760-09-13", "-271821-04-20", "12026-01-01", "0000-01-01", "-1", "1e3"]) {
    const event = trackingEvent(parcel, {
      status: "pre_transit",
      est_delivery_date: time,
      updated_at: time,
    });
    await send(event);
    assert.equal((await storedEvent(event)).status, "done", time);
  }
  await send(trackingEvent(parcel, { status: "in_transit", updated_at: "2031-05-02T10:00:00Z" }));
  const { status, tracking_updated_at } = await parcelRow(parcel);
  assert.equal(status, "in_transit");
  assert.equal((tracking_updated_at as Date).toISOString(), "2031-05-02T10:00:00.000Z");
});

step("characters that Postgres cannot store do not fail an event", async () => {
  const parcel = await newParcel();
  for (const odd of ["1\0", "\ud800", "\0", "x".repeat(20_000)]) {
    const event = trackingEvent(parcel, {
      tracking_code: odd,
      carrier: odd,
      est_delivery_date: odd,
    });
    await send(event);
    assert.equal((await storedEvent(event)).status, "done");
    const lost = trackingEvent(parcel, {
      status: "delivered",
      tracking_code: odd,
      shipment_id: odd,
    });
    await send(lost);
    assert.equal((await storedEvent(lost)).status, "ignored");
  }
  assert.equal(await statusOf(parcel), "purchased");
});

step("an order of two parcels is delivered when both are", async () => {
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const lines = [0, 1].map((unit) => unitId(order.tiktokId, unit));
  const first = await buyParcel(order, { line_item_ids: [lines[0]] });
  assert.equal(await orderStatus(first), "partially_shipped");
  await send(stack.easypost.changeTracker(first.code, "delivered"));
  assert.equal(await statusOf(first), "delivered");
  assert.equal(await orderStatus(first), "partially_shipped");
  const second = await buyParcel(order, { line_item_ids: [lines[1]] });
  await send(stack.easypost.changeTracker(second.code, "out_for_delivery"));
  assert.equal(await orderStatus(second), "in_transit");
  await send(stack.easypost.changeTracker(second.code, "delivered"));
  assert.equal(await orderStatus(second), "delivered");
});

step(
  "a tracker is found by EasyPost's shipment id, otherwise by its tracking number; a voided label stays voided",
  async () => {
    const [named, numbered, voided] = [await newParcel(), await newParcel(), await newParcel()];
    await send(trackingEvent(named, { status: "in_transit", tracking_code: "another" }));
    assert.equal(await statusOf(named), "in_transit");
    await send(trackingEvent(numbered, { status: "in_transit", shipment_id: null }));
    assert.equal(await statusOf(numbered), "in_transit");
    stack.easypost.behaviour.refundStatus = "refunded";
    assert.equal((await callShipments(stack, seller, `/${voided.id}/void`)).status, 200);
    stack.easypost.behaviour.refundStatus = "submitted";
    await send(trackingEvent(voided, { status: "delivered" }));
    assert.deepEqual([await statusOf(voided), await orderStatus(voided)], [
      "voided",
      "awaiting_collection",
    ]);
  },
);

step(
  "an event without an effect is stored as ignored, with the reason",
  async () => {
    const parcel = await newParcel();
    const event = () => trackingEvent(parcel, { status: "delivered" });
    const cases: [EasyPostEvent, string][] = [
      [
        trackingEvent(parcel, {
          status: "delivered",
          shipment_id: "shp_unknown",
          tracking_code: "1Z",
        }),
        "shipment_not_found",
      ],
      [
        trackingEvent(parcel, { status: "delivered", shipment_id: null, tracking_code: null }),
        "shipment_not_found",
      ],
      [{ ...event(), mode: "test" }, "mode_mismatch"],
      ...[
        "batch.created",
        "insurance.purchased",
        "trackers.updated",
        "new.thing",
      ]
        .map((
          description,
        ): [EasyPostEvent, string] => [
          { ...event(), description },
          "event_type_not_handled",
        ]),
      [{ ...event(), result: "delivered" } as never, "event_type_not_handled"],
      [{ ...event(), result: null } as never, "event_type_not_handled"],
    ];
    for (const [sent, reason] of cases) {
      await send(sent);
      const { status, reason: kept, event_type } = await storedEvent(sent);
      assert.deepEqual([status, kept, event_type], ["ignored", reason, sent.description]);
    }
    assert.equal(await statusOf(parcel), "purchased");
    await stack.easypost.faults.clear();
    await send({ ...event(), description: "tracker.created" });
    assert.equal(await statusOf(parcel), "delivered");
  },
);

step(
  "a webhook without EasyPost's signature is answered with 403, and nothing is stored",
  async () => {
    const parcel = await newParcel();
    const body = JSON.stringify(trackingEvent(parcel, { status: "delivered" }));
    const good = sign(body);
    const before = await countEvents(stack);
    const forgeries = [
      "",
      "hmac-sha256-hex=",
      good.slice("hmac-sha256-hex=".length),
      good.toUpperCase(),
      good.replace(/[0-9a-f]+$/, (hex) => hex.toUpperCase()),
      good.slice(0, -1),
      `${good}0`,
      `${good}, ${good}`,
      good.replace("sha256", "sha1"),
      sign(body, "another secret"),
      sign(body, ""),
      // Signed with the raw secret instead of its NFKD form.
      sign(body, SECRET),
      sign(`${body} `),
      sign(""),
      `Bearer ${stack.env.SUPABASE_SECRET_KEY}`,
    ];
    for (const signature of forgeries) {
      assert.notEqual(signature, good);
      assert.equal(await post(body, signature), 403, signature);
    }
    // The right signature in the wrong header.
    for (const header of ["authorization", "x-signature"]) {
      const response = await fetch(url(), { method: "POST", headers: { [header]: good }, body });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal((await response.json()).code, "invalid_signature");
    }
    assert.equal(await post(body.replace("delivered", "in_transit"), good), 403);
    assert.equal(await countEvents(stack), before);
    assert.equal(await post(body, good), 200);
    await processDueEvents(stack);
    assert.equal(await countEvents(stack), before + 1);
    assert.equal(await statusOf(parcel), "delivered");
  },
);

step("a signed body that is not an event is answered with 400, and nothing is stored", async () => {
  const before = await countEvents(stack);
  const bodies = [
    ...["", "not json", "null", "[]", '"text"', "{}", "7", "{", "\ufffd"],
    ...['{"id":"evt_1"}', '{"description":"tracker.updated"}', '{"id":"","description":"a.b"}'],
    ...['{"id":7,"description":"a.b"}', '{"id":"evt 1","description":"a.b"}'],
    ...['{"id":"evt_1","description":"a b"}', '{"id":"evt_1","description":null}'],
    `{"id":"${"e".repeat(101)}","description":"a.b"}`,
    "[".repeat(100_000),
  ];
  for (const body of bodies) assert.equal(await post(body), 400, body.slice(0, 60));
  assert.equal(await countEvents(stack), before);
});

step(
  "the function accepts only POST up to 1 MiB at its own path, and answers 503 if it cannot store",
  async () => {
    const before = await countEvents(stack);
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await fetch(url(), { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], method);
      await response.body?.cancel();
    }
    const elsewhere = await fetch(`${url()}/else`, { method: "POST" });
    assert.equal(elsewhere.status, 404);
    await elsewhere.body?.cancel();
    assert.equal(await post(`{"id":"evt_large"}${" ".repeat(MAX_BODY_BYTES)}`), 413);
    const body = '{"id":"evt_stored","description":"new.thing"}';
    const receive = "public.receive_webhook_event(text, text, text, text, text, text, text, text)";
    await stack.sql.unsafe(`revoke execute on function ${receive} from service_role`);
    const refused = await post(body);
    await stack.sql.unsafe(`grant execute on function ${receive} to service_role`);
    assert.equal(refused, 503);
    assert.equal(await countEvents(stack), before);
    assert.equal(await post(body), 200);
    assert.equal(await countEvents(stack), before + 1);
    await processDueEvents(stack);
  },
);

/** Rows that no tracking update may add or delete. */
async function countRows(): Promise<Record<string, unknown>> {
  const [row] = await stack.sql`
    select (select count(*) from public.orders)::int as orders,
      (select count(*) from public.shipments)::int as shipments,
      (select count(*) from private.label_purchases)::int as purchases`;
  return { ...row };
}

/** Tracking events of these parcels, nine of ten mutated. */
function mutateEvents(seed: number, parcels: Parcel[]): Mutation[] {
  const random = seededRandom(seed).next;
  const topic = {
    key: '"description"',
    values: ['"tracker.created"', '"refund.successful"', '"batch.updated"', '"tracker."', '"."'],
  };
  return Array.from({ length: MUTATIONS }, (_, index) => {
    const event = trackingEvent(pick(random, parcels), {
      status: pick(random, ["pre_transit", "in_transit"]),
      // These fields are not read: the mutations should hit the fields that are.
      tracking_details: [],
    });
    const sent = { ...event, id: `evt_${seed}_${index}` };
    // One in ten is an event as EasyPost sends it: it has to be accepted.
    return index % 10 === 0 ? unchanged(sent) : mutate(random, sent, topic);
  });
}

/** Sends the signed mutations, several at once; returns the accepted bodies. */
async function sendMutations(seed: number, mutations: Mutation[]): Promise<Set<string>> {
  const accepted = new Set<string>();
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < mutations.length) {
      const index = next++;
      const mutation = mutations[index] as Mutation;
      const { body, operators } = mutation;
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
      const what = `FUZZ_SEED=${seed}, ${index} (${operators.join(", ")}): ${text.slice(0, 300)}`;
      const response = await stack.callFunction(
        new Request("http://functions/functions/v1/carrier-webhooks", {
          method: "POST",
          headers: { "x-hmac-signature": sign(body) },
          body,
        }),
      );
      await response.body?.cancel();
      const refusal = body.length > MAX_BODY_BYTES ? 413 : 400;
      assert.ok([200, refusal].includes(response.status), `${response.status}: ${what}`);
      assert.ok(response.status === 200 || !isUnchanged(mutation), what);
      if (response.status === 200) accepted.add(text);
    }
  }));
  return accepted;
}

/** Exactly the accepted bodies are stored and settled, without their personal data. */
async function assertStored(seed: number, accepted: Set<string>): Promise<void> {
  const sent = Map.groupBy(
    await stack.sql`
      select text, private.event_without_person('easypost', text) as body
      from unnest(${[...accepted]}::text[]) as sent (text)`,
    ({ text }) => (parseLosslessJson(text) as EasyPostEvent).id,
  );
  const rows = await stack.sql`
    select * from private.webhook_events
    where source = 'easypost'
      and (external_id ~ ${`^evt_${seed}_`} or external_id = any(${[...sent.keys()]}))`;
  const ids = new Set<string>();
  for (const row of rows) {
    const what = `FUZZ_SEED=${seed}: ${row.external_id}: ${row.body.slice(0, 400)}`;
    const text = sent.get(row.external_id)?.find(({ body }) => body === row.body)?.text;
    assert.ok(text !== undefined, `stored, but not accepted: ${what}`);
    const body = parseLosslessJson(text) as EasyPostEvent;
    assert.equal(row.event_type, body.description, what);
    if (row.object_id !== null) {
      const { tracking_code } = body.result as Tracker;
      assert.equal(row.object_id, tracking_code.replaceAll("\0", "").toWellFormed(), what);
    }
    assert.equal(row.shop_id, null, what);
    // An odd event must not be retried.
    assert.match(row.status, /^(done|ignored)$/, `${row.last_error}: ${what}`);
    ids.add(row.external_id);
  }
  for (const text of accepted) {
    const { id } = parseLosslessJson(text) as EasyPostEvent;
    assert.ok(ids.has(id), `lost: ${text.slice(0, 300)}`);
  }
}

step(
  `${MUTATIONS} signed mutations cause no 5xx; every accepted one is stored, and nothing else`,
  async () => {
    const seed = Number(Deno.env.get("FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    const parcels = [await newParcel(), await newParcel(), await newParcel()] as const;
    const before = await countRows();
    const pid = stack.functionHostPid();
    const accepted = await sendMutations(seed, mutateEvents(seed, [...parcels]));
    await processDueEvents(stack);

    await assertStored(seed, accepted);
    assert.deepEqual(await countRows(), before);
    for (const parcel of parcels) {
      assert.match(String(await statusOf(parcel)), /^(purchased|in_transit)$/);
    }
    assert.equal(stack.functionHostPid(), pid, "the function host died");
    const [parcel] = parcels;
    await send(stack.easypost.changeTracker(parcel.code, "delivered"));
    assert.equal(await statusOf(parcel), "delivered");
  },
);

/** Backdates the last update of the parcels by so many hours. */
async function ageTracking(hours: number, ...parcels: Parcel[]): Promise<void> {
  await stack.sql`
    update public.shipments set tracked_at = now() - make_interval(hours => ${hours})
    where id in ${stack.sql(parcels.map(({ id }) => id))}`;
}

async function countTrackingChecks({ id }: Parcel): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as checks from private.webhook_events
    where event_type = 'CHECK_TRACKING' and object_id = ${id}`;
  return row?.checks;
}

step(
  "a parcel without an update for a day is polled at the carrier, once a day, for 90 days",
  async () => {
    const [silent, recent, old, arrived] = [
      await newParcel(),
      await newParcel(),
      await newParcel(),
      await newParcel(),
    ];
    await send(stack.easypost.changeTracker(arrived.code, "delivered"));
    for (const { code } of [silent, recent, old]) {
      stack.easypost.changeTracker(code, "out_for_delivery", {
        estDeliveryDate: "2031-05-07T00:00:00Z",
      });
    }
    await ageTracking(25, silent, old, arrived);
    await ageTracking(23, recent);
    await stack.sql`
    update public.shipments set created_at = now() - interval '91 days' where id = ${old.id}`;
    await processDueEvents(stack);
    assert.deepEqual(
      await parcelRow(silent).then((
        { status, estimated_delivery },
      ) => [status, estimated_delivery]),
      ["out_for_delivery", "2031-05-07"],
    );
    assert.equal(await orderStatus(silent), "in_transit");
    assert.deepEqual(
      await Promise.all([silent, recent, old, arrived].map(countTrackingChecks)),
      [1, 0, 0, 0],
    );
    assert.deepEqual([await statusOf(recent), await statusOf(old)], ["purchased", "purchased"]);

    // It is not polled twice a day.
    stack.easypost.changeTracker(silent.code, "delivered");
    await processDueEvents(stack);
    await ageTracking(25, silent);
    await processDueEvents(stack);
    assert.deepEqual([await countTrackingChecks(silent), await statusOf(silent)], [
      1,
      "out_for_delivery",
    ]);
  },
);

step("a carrier that does not answer is polled again", async () => {
  const parcel = await newParcel();
  stack.easypost.changeTracker(parcel.code, "in_transit");
  stack.easypost.faults.add({ method: "GET", path: /\/shipments\/shp_\w+$/, kind: "html" });
  await ageTracking(25, parcel);
  await processDueEvents(stack);
  assert.equal(await statusOf(parcel), "purchased");
  stack.easypost.faults.clear();
  await processLaterEvents(stack);
  assert.deepEqual([await statusOf(parcel), await countTrackingChecks(parcel)], ["in_transit", 1]);
});

step("the parcels of TikTok's labels follow their packages and their order", async () => {
  const buyTikTokParcel = async () =>
    await buyParcel(await receiveOrder(stack, seller, { shippingType: "TIKTOK" }));
  const packageOf = async ({ id }: Parcel) => {
    const [row] = await stack.sql`select tiktok_package_id from public.shipments where id = ${id}`;
    return row?.tiktok_package_id as string;
  };
  // Polled at TikTok, because no webhook arrived.
  const [underway, arrived] = [await buyTikTokParcel(), await buyTikTokParcel()];
  stack.tiktok.changePackage(await packageOf(underway), "FULFILLING");
  stack.tiktok.changePackage(await packageOf(arrived), "COMPLETED");
  await ageTracking(25, underway, arrived);
  await processDueEvents(stack);
  assert.deepEqual([await statusOf(underway), await orderStatus(underway)], [
    "in_transit",
    "in_transit",
  ]);
  assert.deepEqual([await statusOf(arrived), await orderStatus(arrived)], [
    "delivered",
    "delivered",
  ]);

  // Moved by the order's webhook.
  const notified = await buyTikTokParcel();
  for (const [status, word] of [["FULFILLING", "in_transit"], ["COMPLETED", "delivered"]]) {
    const control = `${stack.env.TIKTOK_API_URL}/control/packages/${await packageOf(notified)}`;
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ status });
    const response = await fetch(control, { method: "PATCH", headers, body });
    assert.deepEqual((await response.json()).answers, [200]);
    await processDueEvents(stack);
    assert.deepEqual([await statusOf(notified), await orderStatus(notified)], [word, word]);
  }
  assert.equal(await countTrackingChecks(notified), 0);
});
