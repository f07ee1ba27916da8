import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidWebhookError, parseWebhook } from "./parse_webhook.ts";

const parse = (body: unknown) =>
  parseWebhook(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)));

Deno.test("parseWebhook() reads topic, id, shop and order", async () => {
  const body = {
    type: 1,
    tts_notification_id: "7600000000000001001",
    shop_id: "7490000000000000001",
    timestamp: 1789992800,
    data: { order_id: "576461413038785752", order_status: "UNPAID", update_time: 1789992800 },
  };
  assert.deepEqual(await parse(body), {
    topic: "ORDER_STATUS_CHANGE",
    externalId: "7600000000000001001",
    shopId: "7490000000000000001",
    orderId: "576461413038785752",
    eventAt: null,
    pushedAt: 1789992800,
    data: body.data,
  });
});

Deno.test("parseWebhook() takes the event's second out of the id where it fits the push", async () => {
  const second = 1_790_000_000;
  const id = ((BigInt(second) << 32n) | 5n).toString();
  const eventAt = async (timestamp: unknown) =>
    (await parse({ type: 6, tts_notification_id: id, timestamp })).eventAt;
  const iso = new Date(second * 1000).toISOString();
  assert.equal(await eventAt(second), iso);
  // TikTok's last retry is 55,920 s after the event.
  assert.equal(await eventAt(second + 55_920), iso);
  assert.equal(await eventAt(second + 100_000), null);
  assert.equal(await eventAt(second - 3600), null);
  assert.equal(await eventAt(undefined), null);
});

Deno.test("parseWebhook() keeps all digits of ids that come as numbers", async () => {
  const webhook = await parse(
    '{"type":1,"tts_notification_id":7600000000000001003,"shop_id":7490000000000000001,"data":{"order_id":576461413038785753}}',
  );
  assert.equal(webhook.externalId, "7600000000000001003");
  assert.equal(webhook.shopId, "7490000000000000001");
  assert.equal(webhook.orderId, "576461413038785753");
});

Deno.test("parseWebhook() derives one id for all pushes of an event, and another for another event", async () => {
  const body = (timestamp: number, data: object) => ({ type: 3, shop_id: "1", timestamp, data });
  const first = await parse(body(10, { order_id: "5", update_time: 7 }));
  const pushedAgain = await parse(body(99, { update_time: 7, order_id: "5" }));
  const later = await parse(body(10, { order_id: "5", update_time: 8 }));
  const elsewhere = await parse({ ...body(10, { order_id: "5", update_time: 7 }), shop_id: "2" });
  assert.match(first.externalId, /^derived:/);
  assert.equal(pushedAgain.externalId, first.externalId);
  assert.equal(new Set([first, later, elsewhere].map((entry) => entry.externalId)).size, 3);
});

Deno.test("parseWebhook() takes odd ids for absent", async () => {
  for (const odd of [null, "", "abc", "12 3", -1, 1.5, true, {}, [], "9".repeat(33)]) {
    const webhook = await parse({ type: 1, shop_id: odd, data: { order_id: odd } });
    assert.deepEqual([webhook.shopId, webhook.orderId], [null, null], JSON.stringify(odd));
  }
  assert.equal((await parse({ type: 1, data: "text" })).orderId, null);
});

Deno.test("parseWebhook() makes no id of a number that is not written in digits only", async () => {
  for (const odd of ["9007199254740990.6", "1e15", "1.0", "-0", "749e16", "1e400"]) {
    const webhook = await parse(
      `{"type":1,"tts_notification_id":${odd},"shop_id":${odd},"data":{"order_id":${odd}}}`,
    );
    assert.deepEqual([webhook.shopId, webhook.orderId], [null, null], odd);
    assert.match(webhook.externalId, /^derived:/);
  }
});

Deno.test("parseWebhook() derives another id where odd members differ: nothing passes for a redelivery", async () => {
  const bodies = [
    '{"type":1}',
    '{"type":1,"data":"x"}',
    '{"type":1,"data":"y"}',
    '{"type":1,"data":{"__proto__":1}}',
    '{"type":1,"data":{"__proto__":2}}',
    '{"type":1,"shop_id":"abc"}',
    '{"type":1,"tts_notification_id":"abc"}',
    '{"type":1,"tts_notification_id":1.5}',
    '{"type":1,"content":1e400}',
    '{"type":1,"content":1e401}',
  ];
  const ids = await Promise.all(bodies.map(async (body) => (await parse(body)).externalId));
  assert.equal(new Set(ids).size, bodies.length);
});

Deno.test("parseWebhook() refuses what is nested too deeply, at whatever depth that begins", async () => {
  for (let depth = 500; depth < 12_000; depth += 100) {
    const body = `{"type":1,"data":{"deep":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    const webhook = await parse(body).catch((error) => error);
    assert.ok(webhook instanceof InvalidWebhookError || webhook.externalId, `${depth}: ${webhook}`);
  }
});

Deno.test("parseWebhook() names a topic that TikTok added since by its number", async () => {
  assert.equal((await parse({ type: 4711 })).topic, "TYPE_4711");
});

Deno.test("parseWebhook() either reads a body or throws InvalidWebhookError", async () => {
  const anyBody = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.record({ type: fc.jsonValue(), shop_id: fc.jsonValue(), data: fc.jsonValue() })
      .map((body) => new TextEncoder().encode(JSON.stringify(body))),
  );
  await fc.assert(fc.asyncProperty(anyBody, async (bytes) => {
    const webhook = await parseWebhook(bytes).catch((error) => error);
    assert.ok(webhook instanceof InvalidWebhookError || webhook.externalId.length > 0);
  }));
});
