import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidWebhookError } from "../../inbox/new_event.ts";
import { isPastLastRetry, parseTikTokWebhook } from "./parse_webhook.ts";

const parse = (body: unknown) =>
  parseTikTokWebhook(typeof body === "string" ? body : JSON.stringify(body));

/** The webhook, or the error that parsing it threw. */
function parseOrError(text: string) {
  try {
    return parseTikTokWebhook(text);
  } catch (error) {
    return error as Error;
  }
}

Deno.test("parseTikTokWebhook() reads topic, id, shop and order", () => {
  const body = {
    type: 1,
    tts_notification_id: "7600000000000001001",
    shop_id: "7490000000000000001",
    timestamp: 1789992800,
    data: { order_id: "576461413038785752", order_status: "UNPAID", update_time: 1789992800 },
  };
  const { contentDigest, ...webhook } = parse(body);
  assert.match(contentDigest, /^[0-9a-f]{64}$/);
  assert.deepEqual(webhook, {
    topic: "ORDER_STATUS_CHANGE",
    externalId: "7600000000000001001",
    shopId: "7490000000000000001",
    orderId: "576461413038785752",
    eventAt: null,
    pushedAt: 1789992800,
    data: body.data,
  });
});

Deno.test("parseTikTokWebhook() reads the event's second from the id if it fits the delivery", () => {
  const second = 1_790_000_000;
  const id = ((BigInt(second) << 32n) | 5n).toString();
  const eventAt = (timestamp: unknown) =>
    parse({ type: 6, tts_notification_id: id, timestamp }).eventAt;
  const iso = new Date(second * 1000).toISOString();
  assert.equal(eventAt(second), iso);
  // TikTok's last retry is 55,920 s after the event.
  assert.equal(eventAt(second + 55_920), iso);
  assert.equal(eventAt(second + 100_000), null);
  assert.equal(eventAt(second - 3600), null);
  assert.equal(eventAt(undefined), null);
});

Deno.test("parseTikTokWebhook() keeps all digits of ids that are numbers", () => {
  const webhook = parse(
    '{"type":1,"tts_notification_id":7600000000000001003,"shop_id":7490000000000000001,"data":{"order_id":576461413038785753}}',
  );
  assert.equal(webhook.externalId, "7600000000000001003");
  assert.equal(webhook.shopId, "7490000000000000001");
  assert.equal(webhook.orderId, "576461413038785753");
});

Deno.test("parseTikTokWebhook() derives one id for all deliveries of an event, and another for another event", () => {
  const body = (timestamp: number, data: object) => ({ type: 3, shop_id: "1", timestamp, data });
  const first = parse(body(10, { order_id: "5", update_time: 7 }));
  const pushedAgain = parse(body(99, { update_time: 7, order_id: "5" }));
  const later = parse(body(10, { order_id: "5", update_time: 8 }));
  const elsewhere = parse({ ...body(10, { order_id: "5", update_time: 7 }), shop_id: "2" });
  assert.match(first.externalId, /^derived:/);
  assert.equal(pushedAgain.externalId, first.externalId);
  assert.equal(new Set([first, later, elsewhere].map((entry) => entry.externalId)).size, 3);
});

Deno.test("deliveries of one event have one content digest, another body under its id has another", () => {
  const digest = (timestamp: number, order_id: string) =>
    parse({ type: 1, tts_notification_id: "7", timestamp, data: { order_id } }).contentDigest;
  assert.equal(digest(1, "5"), digest(2, "5"));
  assert.notEqual(digest(1, "5"), digest(1, "6"));
});

Deno.test("two deauthorizations of a shop without a notification id are two events", () => {
  const body = (timestamp: number) => ({
    ...{ type: 6, shop_id: "1", timestamp },
    data: { message: "Shop_id {1} is deauthorized from your APP by merchant." },
  });
  assert.equal(parse(body(1)).externalId, parse(body(1)).externalId);
  assert.notEqual(parse(body(1)).externalId, parse(body(2)).externalId);
});

Deno.test("a body is past TikTok's last retry from 16 hours after its push", () => {
  const isPast = (timestamp: unknown, seconds: number) =>
    isPastLastRetry(parse({ type: 1, timestamp }), seconds * 1000);
  const sent = 1_790_000_000;
  const retries = [2, 32, 212, 932].map((minutes) => sent + minutes * 60);
  for (const second of [sent - 60, ...retries]) assert.equal(isPast(sent, second), false);
  assert.equal(isPast(sent, sent + 16 * 3600 + 1), true);
  assert.equal(isPast(undefined, sent), false);
});

Deno.test("parseTikTokWebhook() treats malformed ids as absent", () => {
  for (const odd of [null, "", "abc", "12 3", -1, 1.5, true, {}, [], "9".repeat(33)]) {
    const webhook = parse({ type: 1, shop_id: odd, data: { order_id: odd } });
    assert.deepEqual([webhook.shopId, webhook.orderId], [null, null], JSON.stringify(odd));
  }
  assert.equal((parse({ type: 1, data: "text" })).orderId, null);
});

Deno.test("parseTikTokWebhook() makes no id from a number that is not written in digits only", () => {
  for (const odd of ["9007199254740990.6", "1e15", "1.0", "-0", "749e16", "1e400"]) {
    const webhook = parse(
      `{"type":1,"tts_notification_id":${odd},"shop_id":${odd},"data":{"order_id":${odd}}}`,
    );
    assert.deepEqual([webhook.shopId, webhook.orderId], [null, null], odd);
    assert.match(webhook.externalId, /^derived:/);
  }
});

Deno.test("parseTikTokWebhook() derives different ids if malformed members differ", () => {
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
  const ids = bodies.map((body) => parse(body).externalId);
  assert.equal(new Set(ids).size, bodies.length);
});

Deno.test("parseTikTokWebhook() refuses bodies that are nested too deeply", () => {
  const webhookOf = (depth: number) =>
    parseOrError(`{"type":1,"data":{"deep":${"[".repeat(depth)}${"]".repeat(depth)}}}`);
  assert.ok("externalId" in webhookOf(90));
  for (const depth of [100, 500, 3000, 12_000]) {
    assert.ok(webhookOf(depth) instanceof InvalidWebhookError, String(depth));
  }
});

Deno.test("parseTikTokWebhook() names an unknown topic by its number", () => {
  assert.equal((parse({ type: 4711 })).topic, "TYPE_4711");
});

Deno.test("parseTikTokWebhook() either reads a body or throws InvalidWebhookError", () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ type: fc.jsonValue(), shop_id: fc.jsonValue(), data: fc.jsonValue() })
      .map((body) => JSON.stringify(body)),
  );
  fc.assert(fc.property(anyBody, (text) => {
    const webhook = parseOrError(text);
    assert.ok(
      webhook instanceof InvalidWebhookError ||
        "externalId" in webhook && webhook.externalId.length > 0,
    );
  }));
});
