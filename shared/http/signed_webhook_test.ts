import assert from "node:assert/strict";
import type { Receipt } from "../inbox/receive_event.ts";
import { signedWebhook } from "./signed_webhook.ts";

// Every request is logged: not needed here.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

/** A function whose inbox answers as the test wants. */
function receiver(receive: () => Promise<Receipt>) {
  const woken = { times: 0, first: Promise.withResolvers<void>() };
  const app = signedWebhook({
    name: "test",
    source: "tiktok",
    verify: (_body, signature) => signature === "right",
    refusal: { status: 403, header: "X-Signature", detail: "Wrong." },
    parse: () => ({
      ...{ externalId: "1", eventType: "X", shopId: null, objectId: null, contentDigest: "a" },
    }),
    receive,
    wakeWorker() {
      woken.times++;
      woken.first.resolve();
    },
    storeWithinMs: 20,
    wakeAfterMs: 20,
  });
  const post = async () => {
    const response = await app.request("/test", {
      ...{ method: "POST", body: "{}", headers: { "x-signature": "right" } },
    });
    await response.body?.cancel();
    return response.status;
  };
  return { app, woken, post };
}

const receipt = (fields: Partial<Receipt>): Receipt => (
  { eventId: 1, duplicate: false, due: true, ...fields }
);

Deno.test("attack: a webhook that is answered 503 because storing takes too long wakes the worker once it is stored", async () => {
  const stored = Promise.withResolvers<Receipt>();
  const { woken, post } = receiver(() => stored.promise);
  assert.equal(await post(), 503);
  assert.equal(woken.times, 0);
  stored.resolve(receipt({}));
  await woken.first.promise;
  assert.equal(woken.times, 1);
});

Deno.test("attack: webhooks whose storing gave no answer wake the worker once, however many", async () => {
  const { woken, post } = receiver(() => Promise.reject(new Error("The connection was lost")));
  const statuses = await Promise.all(Array.from({ length: 100 }, post));
  assert.deepEqual(new Set(statuses), new Set([503]));
  await woken.first.promise;
  assert.equal(woken.times, 1);
});

Deno.test("a duplicate wakes the worker if its event is still due, and only then", async () => {
  for (const due of [true, false]) {
    const { woken, post } = receiver(() => Promise.resolve(receipt({ duplicate: true, due })));
    assert.equal(await post(), 200);
    assert.equal(woken.times, due ? 1 : 0);
  }
});

Deno.test("a webhook without a signature is refused as one with a wrong signature, and reads what is missing", async () => {
  const { app, woken } = receiver(() => assert.fail("it was stored"));
  const read = async (headers: Record<string, string>) => {
    const response = await app.request("/test", { method: "POST", body: "{}", headers });
    const { code, detail } = await response.json();
    return [response.status, code, detail];
  };
  const missing = "The header X-Signature, which has the signature, is missing.";
  assert.deepEqual(await read({}), [403, "invalid_signature", missing]);
  assert.deepEqual(await read({ "x-signature": "" }), [403, "invalid_signature", missing]);
  const wrong = await read({ "x-signature": "wrong" });
  assert.deepEqual(wrong, [403, "invalid_signature", "Wrong."]);
  assert.equal(woken.times, 0);
});
