/** EasyPost's official client works with the simulator. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../../../tests/support/easypost_sdk.d.ts"
import EasyPostClient from "@easypost/api";
import type { SdkError } from "../../../tests/support/easypost_sdk.d.ts";
import { KEY, SECRET, shipmentOf } from "../../../tests/support/easypost_caller.ts";
import { withServer } from "../../../tests/support/local_server.ts";
import type { EasyPostSimulatorOptions } from "./options.ts";
import { EasyPostSimulator } from "./simulator.ts";

/** A simulator on its own port, and the official client for it. */
function serve(options: Partial<EasyPostSimulatorOptions> = {}) {
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

Deno.test("the official client creates, finds, buys and refunds a shipment", async () => {
  await using service = serve();
  const { client, simulator } = service;
  const made = await client.Shipment.create(shipmentOf({ reference: "order-1" }));
  assert.match(made.id, /^shp_/);
  assert.equal(made.lowestRate().service, "GroundAdvantage");
  assert.equal(made.lowestRate(["UPSDAP"]).service, "Ground");
  for (const id of [made.id, "order-1"]) {
    const found = await client.Shipment.retrieve(id);
    assert.deepEqual([found.id, found.reference, found.tracker], [made.id, "order-1", null]);
  }
  const bought = await client.Shipment.buy(made.id, made.lowestRate());
  assert.deepEqual(bought.selected_rate?.rate, made.lowestRate().rate);
  assert.deepEqual(bought.fees.map((fee) => fee.type), ["LabelFee", "PostageFee"]);
  assert.deepEqual(
    [bought.tracker?.tracking_code, bought.tracker?.carrier],
    [bought.tracking_code, "USPS"],
  );
  const label = await fetch(bought.postage_label?.label_url ?? "");
  assert.deepEqual([label.status, label.headers.get("content-type")], [200, "image/png"]);
  await label.body?.cancel();
  const converted = await client.Shipment.convertLabelFormat(made.id, "ZPL");
  assert.match(converted.postage_label?.label_zpl_url ?? "", /\.zpl$/);

  const refunded = await client.Shipment.refund(made.id);
  assert.equal(refunded.refund_status, "submitted");
  assert.deepEqual(simulator.calls.slice(0, 2), [
    "POST /v2/shipments",
    `GET /v2/shipments/${made.id}`,
  ]);
});

Deno.test("the official client reads the status and code of each refusal, and nothing is bought", async () => {
  await using service = serve();
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

Deno.test("the official client accepts the webhooks' signature, and no other secret or body", async () => {
  for (const secret of [SECRET, "s\u00e9cret\ufb01"]) {
    await withServer(() => new Response(), async (webhookUrl, webhooks) => {
      await using service = serve({ webhookUrl, webhookSecret: secret });
      const { client, simulator } = service;
      const { id, rates } = await client.Shipment.create(shipmentOf());
      const { tracking_code } = await client.Shipment.buy(id, rates[0]?.id ?? "");
      const { event } = await simulator.advanceTracker(tracking_code ?? "", "delivered");
      const [request = assert.fail()] = webhooks;
      const headers = Object.fromEntries(request.headers);
      const body = Buffer.from(request.body);
      assert.deepEqual(client.Utils.validateWebhook(body, headers, secret), event);
      assert.throws(() => client.Utils.validateWebhook(body, headers, `${secret}x`));
      body[10] = (body[10] ?? 0) ^ 1;
      assert.throws(() => client.Utils.validateWebhook(body, headers, secret));
    });
  }
});
