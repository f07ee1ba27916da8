/** EasyPost's webhooks with mutated bodies that are signed: whatever is accepted is stored and settled. */
import assert from "node:assert/strict";
import type { EasyPostEvent, Tracker } from "../../local/simulators/easypost/objects.ts";
import { signatureOf } from "../../local/simulators/easypost/webhooks.ts";
import { MAX_BODY_BYTES } from "../../shared/http/read_body.ts";
import { parseLosslessJson } from "../../shared/values/lossless_json.ts";
import { describeMutation, inParallel, newSeed } from "../support/fuzz.ts";
import { processDueEvents } from "../support/labels.ts";
import { isUnchanged, mutate, type Mutation, pick, unchanged } from "../support/mutations.ts";
import { newParcel, type Parcel, sendEvents, statusOf, trackingEvent } from "../support/parcels.ts";
import { seededRandom } from "../support/random.ts";
import { sampleSize } from "../support/sample_size.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const MUTATIONS = sampleSize({ gate: 60, long: 500 });

/** Rows that no tracking update may add or delete. */
async function countRows({ sql }: TestStack): Promise<Record<string, unknown>> {
  const [row] = await sql`
    select (select count(*) from public.orders)::int as orders,
      (select count(*) from public.shipments)::int as shipments,
      (select count(*) from private.label_purchases)::int as purchases`;
  return { ...row };
}

/** Tracking events of these parcels, nine of ten mutated. */
function mutateEvents(stack: TestStack, seed: number, parcels: Parcel[]): Mutation[] {
  const random = seededRandom(seed).next;
  const topic = {
    key: '"description"',
    values: ['"tracker.created"', '"refund.successful"', '"batch.updated"', '"tracker."', '"."'],
  };
  return Array.from({ length: MUTATIONS }, (_, index) => {
    const event = trackingEvent(stack, pick(random, parcels), {
      status: pick(random, ["pre_transit", "in_transit"]),
      // These fields are not read: the mutations should hit the fields that are.
      tracking_details: [],
    });
    const sent = { ...event, id: `evt_${seed}_${index}` };
    // One in ten is an event as EasyPost sends it: it has to be accepted.
    return index % 10 === 0 ? unchanged(sent) : mutate(random, sent, topic);
  });
}

/** Sends the signed mutations; returns the accepted bodies. */
async function sendMutations(
  stack: TestStack,
  seed: number,
  mutations: Mutation[],
): Promise<Set<string>> {
  const accepted = new Set<string>();
  await inParallel(mutations.length, async (index) => {
    const mutation = mutations[index] as Mutation;
    const { body } = mutation;
    const what = describeMutation(seed, index, mutation);
    const signature = signatureOf(stack.env.EASYPOST_WEBHOOK_SECRET, body);
    const response = await stack.callFunction(
      new Request("http://functions/functions/v1/carrier-webhooks", {
        method: "POST",
        headers: { "x-hmac-signature": signature },
        body,
      }),
    );
    await response.body?.cancel();
    const refusal = body.length > MAX_BODY_BYTES ? 413 : 400;
    assert.ok([200, refusal].includes(response.status), `${response.status}: ${what}`);
    assert.ok(response.status === 200 || !isUnchanged(mutation), what);
    if (response.status === 200) {
      accepted.add(new TextDecoder("utf-8", { ignoreBOM: true }).decode(body));
    }
  });
  return accepted;
}

/** Exactly the accepted bodies are stored and settled, without their personal data. */
async function assertStored(
  { sql }: TestStack,
  seed: number,
  accepted: Set<string>,
): Promise<void> {
  const sent = Map.groupBy(
    await sql`
      select text, private.event_without_person('easypost', text) as body
      from unnest(${[...accepted]}::text[]) as sent (text)`,
    ({ text }) => (parseLosslessJson(text) as EasyPostEvent).id,
  );
  const rows = await sql`
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

test(
  `${MUTATIONS} signed mutations cause no 5xx; every accepted one is stored, and nothing else`,
  async (stack) => {
    const seller = await connectSeller(stack);
    const seed = newSeed();
    const parcels = [
      await newParcel(stack, seller),
      await newParcel(stack, seller),
      await newParcel(stack, seller),
    ] as const;
    const before = await countRows(stack);
    const pid = stack.functionHostPid();
    const accepted = await sendMutations(stack, seed, mutateEvents(stack, seed, [...parcels]));
    await processDueEvents(stack);

    await assertStored(stack, seed, accepted);
    assert.deepEqual(await countRows(stack), before);
    for (const parcel of parcels) {
      assert.match(String(await statusOf(stack, parcel)), /^(purchased|in_transit)$/);
    }
    assert.equal(stack.functionHostPid(), pid, "the function host died");
    const [parcel] = parcels;
    await sendEvents(stack, stack.easypost.changeTracker(parcel.code, "delivered"));
    assert.equal(await statusOf(stack, parcel), "delivered");
  },
);
