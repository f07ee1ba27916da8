import assert from "node:assert/strict";
import { Caller, KEY } from "../../../../tests/support/easypost_caller.ts";
import { checkEasyPostWebhook, type EasyPostWebhookState } from "./check_webhook.ts";
import { EasyPostClient } from "./client.ts";

const url = "http://127.0.0.1:1/functions/v1/carrier-webhooks";
Object.assign(console, { error: () => {} });

type Run = (receiver?: { url?: string; isTest?: boolean }) => Promise<EasyPostWebhookState>;

/** `run` compares with the simulator's list of webhooks. */
async function withEasyPost(
  use: (simulator: Caller["simulator"], run: Run) => Promise<void>,
): Promise<void> {
  const { simulator } = new Caller({ webhookUrl: url });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => simulator.fetch(request),
  );
  const apiUrl = `http://127.0.0.1:${server.addr.port}/v2`;
  const client = new EasyPostClient({ apiKey: KEY, apiUrl });
  try {
    await use(
      simulator,
      (receiver) => checkEasyPostWebhook(client, { url, isTest: true, ...receiver }),
    );
  } finally {
    await server.shutdown();
    simulator.close();
  }
}

Deno.test("a source has gone silent: a webhook that EasyPost switched off after failures is switched on again", async () => {
  await withEasyPost(async (simulator, run) => {
    assert.equal(await run(), "healthy");
    const { id } = simulator.webhook;
    simulator.switchWebhookOff();
    assert.notEqual(simulator.webhook.disabledAt, null);
    assert.equal(await run(), "healthy");
    assert.deepEqual([simulator.webhook.id, simulator.webhook.disabledAt], [id, null]);
    assert.deepEqual(simulator.calls.filter((call) => call.startsWith("PATCH")), [
      `PATCH /v2/webhooks/${id}`,
    ]);
  });
});

Deno.test("a webhook that EasyPost does not have for us is reported, and no other is changed", async () => {
  await withEasyPost(async (simulator, run) => {
    simulator.switchWebhookOff();
    assert.equal(await run({ url: "https://other.example.com/" }), "webhook_missing");
    assert.equal(await run({ isTest: false }), "webhook_missing");
    assert.notEqual(simulator.webhook.disabledAt, null);
  });
});

Deno.test("a webhook that EasyPost does not switch on is reported; without an answer the check is tried again", async () => {
  await withEasyPost(async (simulator, run) => {
    simulator.switchWebhookOff();
    simulator.faults.add({ method: "PATCH", kind: "internal" });
    assert.equal(await run(), "webhook_switched_off");
    simulator.faults.clear();
    simulator.faults.add({ kind: "html" });
    await assert.rejects(run(), { name: "EasyPostError" });
  });
});
