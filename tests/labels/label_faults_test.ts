/** A carrier's answer to a purchase is lost, cut short or unknown: however often the request is repeated, one label is bought. */
import assert from "node:assert/strict";
import type { Fault } from "../../local/simulators/faults.ts";
import { DOUBTFUL_CODES } from "../../local/simulators/tiktok/fulfillment_refusals.ts";
import { agePurchases, healthOf, processDueEvents, processLaterEvents } from "../support/labels.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import {
  type Bought,
  CALLS,
  type ProviderName,
  PROVIDERS,
  type SpoiledCarriers,
  startSpoiledCarriers,
} from "../support/spoiled_carriers.ts";

let carriers: SpoiledCarriers;

const step = testOnOneStack(
  "faults of the carrier's answers",
  async () => carriers = await startSpoiledCarriers(),
  () => carriers.endStep(),
);

interface LostAnswer {
  what: string;
  spoil: (provider: ProviderName) => void;
  provider?: ProviderName;
}

const fault = (kind: Fault["kind"]) => (provider: ProviderName) =>
  carriers.addFault(provider, "buy", { kind, count: 1 });

/** The carrier sells the label, and its answer does not arrive. */
const BOUGHT: LostAnswer[] = [
  { what: "a page instead of JSON", spoil: fault("not_json") },
  { what: "half of the answer", spoil: fault("truncated") },
  { what: "504, and bought", spoil: fault("lost") },
  { what: "500, and bought", spoil: (provider) => carriers.failAfterPurchase(provider) },
  {
    what: "the connection closed after the purchase",
    spoil: (provider) => carriers.interceptPurchase(provider, "lose_answer"),
  },
  {
    what: "503 of a proxy, and bought",
    spoil: (provider) => carriers.interceptPurchase(provider, () => page(503)),
  },
  ...(["SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"] as const).map((code) => ({
    what: code,
    spoil: () => void carriers.stack.easypost.behaviour.doubtfulBuys.push(code),
    provider: "easypost" as const,
  })),
  ...DOUBTFUL_CODES.map((code) => ({
    what: `${code}, and bought`,
    spoil: () => void carriers.stack.tiktok.fulfillment.doubtfulBuys.push(code),
    provider: "tiktok_shipping" as const,
  })),
];

const NOT_BOUGHT: LostAnswer[] = [
  { what: "500, nothing bought", spoil: fault("internal") },
  {
    what: "the connection closed before the purchase",
    spoil: (provider) => carriers.interceptPurchase(provider, "lose_call"),
  },
  {
    what: "503 of a proxy, nothing bought",
    spoil: (provider) => {
      carriers.addFault(provider, "buy", { kind: "rate_limit", count: 1 });
      carriers.interceptPurchase(provider, () => page(503));
    },
  },
];

function page(status: number) {
  // Longer than our client waits before its own second attempt.
  const headers = { "content-type": "text/html", "retry-after": "60" };
  return { status, headers, body: "<html>Sorry</html>" };
}

/** Every fault of each provider that may have it. */
function* casesOf(faults: LostAnswer[]): Generator<[ProviderName, LostAnswer]> {
  for (const provider of PROVIDERS) {
    for (const one of faults) {
      if (one.provider === undefined || one.provider === provider) yield [provider, one];
    }
  }
}

step(
  "a purchase whose answer is lost or unreadable is found at the carrier and adopted at once",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(BOUGHT)) {
      const what = `${provider}, ${name}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      spoil(provider);
      const { status, body } = await carriers.requestLabel(order, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.state, "purchased", what);
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await carriers.assertOneEach(all);
  },
);

/** Unknown values and fields, and characters and dates that Postgres cannot store. */
const ODD: Record<ProviderName, (json: Record<string, unknown>) => unknown> = {
  easypost: ({ tracker, selected_rate, ...shipment }) => ({
    ...shipment,
    status: "teleported",
    tracker: {
      ...tracker as object,
      status: "teleported",
      status_detail: "beamed",
      est_delivery_date: "+275760-09-13T00:00:00Z",
    },
    selected_rate: { ...selected_rate as object, service: "Ground\0\ud800" },
    refund_status: { pondered: true },
    novelty: {},
  }),
  tiktok_shipping: ({ data, ...envelope }) => ({
    ...envelope,
    data: {
      ...data as object,
      package_status: "TELEPORTED",
      shipping_provider_name: "Pigeon\0\ud800",
      shipping_service_info: {
        shipping_provider_name: "Pigeon\0\ud800",
        name: "Pigeon\0",
        latest_delivery_days: 3_000_000,
      },
      novelty: {},
    },
  }),
};

step("unknown values in the answer, or in the lookup after it, do no harm", async () => {
  const all: Bought[] = [];
  for (const provider of PROVIDERS) {
    for (const call of ["buy", "lookUp"] as const) {
      const what = `${provider}, ${call}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      if (call === "lookUp") carriers.addFault(provider, "buy", { kind: "lost", count: 1 });
      carriers.proxy.intercept({
        ...CALLS[provider][call],
        effect: (answer) => ({
          ...answer,
          body: JSON.stringify(ODD[provider](JSON.parse(answer.body))),
        }),
      });
      const { status, body } = await carriers.requestLabel(order, { key });
      assert.equal(status, 201, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.status, "purchased", what);
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
  }
  await carriers.assertOneEach(all);
});

step(
  "while the outcome is unknown, the seller learns so, and the units stay with that purchase",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(BOUGHT.slice(4, 6))) {
      const what = `${provider}, ${name}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      spoil(provider);
      // Longer than the client waits: it makes no second attempt.
      carriers.addFault(provider, "lookUp", {
        kind: "rate_limit",
        retryAfterSeconds: 60,
        count: 2,
      });
      const { status, body, headers } = await carriers.requestLabel(order, { key });
      assert.equal(status, 504, `${what}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "outcome_unknown", what);
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.ok(Number(headers.get("retry-after")) > 0, what);
      assert.equal(carriers.labelsBought(), sold + 1, what);

      const unknown = await carriers.readShipment(body.shipment_id);
      assert.equal(unknown.status, 200, what);
      assert.equal(unknown.body.state, "unknown", what);
      assert.equal(unknown.body.tracking_number, null, what);
      const [line] = unknown.body.line_item_ids;
      const [other, named] = await Promise.all([
        carriers.requestLabel(order),
        carriers.requestLabel(order, { line_item_ids: [line] }),
      ]);
      assert.deepEqual([other.status, other.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual([named.status, named.body.code], [422, "line_items_labelled"], what);
      assert.deepEqual(await healthOf(carriers.stack, "labels_unknown"), {
        value: 1,
        status: "warning",
      });
      // The carrier still cannot be read.
      const still = await carriers.requestLabel(order, { key });
      assert.deepEqual([still.status, still.body.shipment_id], [504, body.shipment_id], what);
      assert.equal(carriers.labelsBought(), sold + 1, what);
      await processDueEvents(carriers.stack);
      assert.deepEqual(await healthOf(carriers.stack, "labels_unknown"), {
        value: 0,
        status: "healthy",
      });
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
      assert.equal((await carriers.readShipment(body.shipment_id)).body.state, "purchased", what);
    }
    await carriers.assertOneEach(all);
  },
);

step(
  "a purchase that bought nothing fails after two minutes, and the same key buys the label",
  async () => {
    const all: Bought[] = [];
    for (const [provider, { what: name, spoil }] of casesOf(NOT_BOUGHT)) {
      const what = `${provider}, ${name}`;
      const order = carriers.newOrder(provider);
      const key = crypto.randomUUID();
      const sold = carriers.labelsBought();
      spoil(provider);
      const first = await carriers.requestLabel(order, { key });
      assert.deepEqual([first.status, first.body.code], [504, "outcome_unknown"], what);
      // The call may still be on its way to the carrier.
      for (let n = 0; n < 2; n++) {
        const again = await carriers.requestLabel(order, { key });
        assert.deepEqual([again.status, again.body.code], [504, "outcome_unknown"], what);
      }
      await processDueEvents(carriers.stack);
      assert.deepEqual(await carriers.stateOf(order), {
        state: "unknown",
        reason: "outcome_unknown",
      }, what);
      assert.equal(await carriers.labelledLines(order), 1, what);

      await agePurchases(carriers.stack);
      await processLaterEvents(carriers.stack);
      assert.deepEqual(
        await carriers.stateOf(order),
        { state: "failed", reason: "not_bought" },
        what,
      );
      assert.equal(await carriers.labelledLines(order), 0, what);
      assert.equal(
        (await carriers.readShipment(first.body.shipment_id)).body.state,
        "failed",
        what,
      );
      assert.equal(carriers.labelsBought(), sold, what);

      const bought = await carriers.requestLabel(order, { key });
      assert.deepEqual([bought.status, bought.body.id], [201, first.body.shipment_id], what);
      await carriers.assertSold({ order, key, what }, sold);
      all.push({ order, key, what });
    }
    await carriers.assertOneEach(all);
  },
);
