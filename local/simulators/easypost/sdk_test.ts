/** EasyPost's own client finds in the simulator what it knows of EasyPost. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../../../tests/support/easypost_sdk.d.ts"
import EasyPostClient from "@easypost/api";
import type { SdkError } from "../../../tests/support/easypost_sdk.d.ts";
import { KEY, SECRET, shipmentOf } from "../../../tests/support/easypost_caller.ts";
import { EasyPostSimulator, type EasyPostSimulatorOptions } from "./simulator.ts";

/** A simulator on a port of its own, and the client that calls it. */
function served(options: Partial<EasyPostSimulatorOptions> = {}) {
  const simulator = new EasyPostSimulator({
    apiKey: KEY,
    webhookSecret: SECRET,
    webhookUrl: "http://127.0.0.1:1/",
    ...options,
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => simulator.fetch(request),
  );
  const baseUrl = `http://127.0.0.1:${server.addr.port}/v2/`;
  return {
    simulator,
    baseUrl,
    client: new EasyPostClient(KEY, { baseUrl }),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      simulator.close();
    },
  };
}

async function refusalOf(call: Promise<unknown>): Promise<[number, string]> {
  try {
    await call;
  } catch (error) {
    const { statusCode, code } = error as SdkError;
    return [statusCode, code];
  }
  throw new Error("The call was not refused");
}

Deno.test("the official client makes, finds, buys and refunds a shipment", async () => {
  await using service = served();
  const { client, simulator } = service;
  const made = await client.Shipment.create(shipmentOf({ reference: "order-1" }));
  assert.match(made.id, /^shp_/);
  assert.equal(made.lowestRate().service, "GroundAdvantage");
  assert.equal(made.lowestRate(["UPSDAP"]).service, "Ground");
  for (const id of [made.id, "order-1"]) {
    const found = await client.Shipment.retrieve(id);
    assert.deepEqual([found.id, found.reference, found.tracker], [made.id, "order-1", null]);
  }
  const bought = await client.Shipment.buy(made.id, made.lowestRate(), 100);
  assert.deepEqual(bought.selected_rate?.rate, made.lowestRate().rate);
  assert.deepEqual(
    bought.fees.map((fee) => fee.type),
    ["LabelFee", "PostageFee", "InsuranceFee"],
  );
  const label = await fetch(bought.postage_label?.label_url ?? "");
  assert.deepEqual([label.status, label.headers.get("content-type")], [200, "image/png"]);
  await label.body?.cancel();
  const converted = await client.Shipment.convertLabelFormat(made.id, "ZPL");
  assert.match(converted.postage_label?.label_zpl_url ?? "", /\.zpl$/);

  const tracker = await client.Tracker.retrieve(bought.tracker?.id ?? "");
  assert.deepEqual([tracker.tracking_code, tracker.carrier], [bought.tracking_code, "USPS"]);
  const followed = await client.Tracker.create({ tracking_code: tracker.tracking_code });
  assert.equal(followed.id, tracker.id);
  const refunded = await client.Shipment.refund(made.id);
  assert.equal(refunded.refund_status, "submitted");
  assert.deepEqual(simulator.calls.slice(0, 2), [
    "POST /v2/shipments",
    `GET /v2/shipments/${made.id}`,
  ]);
});

Deno.test("the official client pages through the shipments that were bought", async () => {
  await using service = served();
  const { client } = service;
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { id, rates } = await client.Shipment.create(shipmentOf());
    await client.Shipment.buy(id, rates[0]?.id ?? "");
    ids.unshift(id);
  }
  const first = await client.Shipment.all({ page_size: 2 });
  const next = await client.Shipment.getNextPage(first, 2);
  assert.deepEqual([...first.shipments, ...next.shipments].map(({ id }) => id), ids);
  assert.deepEqual([first.has_more, next.has_more], [true, false]);
});

Deno.test("the official client takes each refusal for what it is, and nothing is bought", async () => {
  await using service = served();
  const { client, simulator, baseUrl } = service;
  const { id, rates } = await client.Shipment.create(shipmentOf());
  const rate = rates[0]?.id ?? "";
  const stranger = new EasyPostClient("EZTKstranger", { baseUrl });
  simulator.accounts.balance = "0.00";
  const refused = [
    await refusalOf(stranger.Shipment.buy(id, rate)),
    await refusalOf(client.Shipment.buy(id, rate)),
    await refusalOf(client.Shipment.retrieve("shp_unknown")),
    await refusalOf(client.Shipment.create(shipmentOf({ parcel: { weight: 0 } }))),
    await refusalOf(client.Shipment.refund(id)),
  ];
  assert.deepEqual(refused, [
    [401, "UNAUTHORIZED"],
    [402, "PAYMENT_REQUIRED"],
    [404, "NOT_FOUND"],
    [422, "PARCEL.PARAMETERS.INVALID"],
    [422, "SHIPMENT.REFUND.UNAVAILABLE"],
  ]);
  assert.equal(simulator.accounts.labelsBought, 0);

  simulator.accounts.balance = "100.00";
  await client.Shipment.buy(id, rate);
  assert.deepEqual(await refusalOf(client.Shipment.buy(id, rate)), [
    422,
    "SHIPMENT.POSTAGE.EXISTS",
  ]);
  simulator.faults.add({ kind: "rate_limit", count: 1 });
  assert.equal((await refusalOf(client.Shipment.retrieve(id)))[0], 429);
  assert.equal(simulator.accounts.labelsBought, 1);
});

Deno.test("the official client finds the webhooks' signature right, and with another secret wrong", async () => {
  for (const secret of [SECRET, "s\u00e9cret\ufb01"]) {
    const received: { body: Buffer; headers: Record<string, string> }[] = [];
    await using hooks = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const body = Buffer.from(await request.bytes());
        received.push({ body, headers: Object.fromEntries(request.headers) });
        return new Response();
      },
    );
    const webhookUrl = `http://127.0.0.1:${hooks.addr.port}/`;
    await using service = served({ webhookUrl, webhookSecret: secret });
    const { client, simulator } = service;
    const { id, rates } = await client.Shipment.create(shipmentOf());
    const { tracking_code } = await client.Shipment.buy(id, rates[0]?.id ?? "");
    const { event } = await simulator.advanceTracker(tracking_code ?? "", "delivered");
    const [{ body, headers } = { body: Buffer.alloc(0), headers: {} }] = received;
    assert.deepEqual(client.Utils.validateWebhook(body, headers, secret), event);
    assert.throws(() => client.Utils.validateWebhook(body, headers, `${secret}x`));
    body[10] = (body[10] ?? 0) ^ 1;
    assert.throws(() => client.Utils.validateWebhook(body, headers, secret));
  }
});
