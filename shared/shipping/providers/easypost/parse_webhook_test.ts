import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { InvalidWebhookError } from "../../../inbox/new_event.ts";
import { parseEasyPostEvent, trackingNumberOf, verifyEasyPostWebhook } from "./parse_webhook.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const BODY = encode('{"id":"evt_1","description":"tracker.updated","note":"café ✓"}');

/** EasyPost's documented example, in another implementation than ours. */
function sign(secret: string, body: Uint8Array, form: "NFKD" | "NFC" = "NFKD"): string {
  const key = Buffer.from(secret.normalize(form), "utf8");
  return `hmac-sha256-hex=${createHmac("sha256", key).update(body).digest("hex")}`;
}

Deno.test("a body that EasyPost signed is accepted, also with a secret beyond ASCII", () => {
  for (const secret of ["secret", "sécret", "ﬁne Ünïcode", "Å①²", "パスワード", "한글", " "]) {
    assert.equal(verifyEasyPostWebhook(secret, BODY, sign(secret, BODY)), true, secret);
    // The secret may have been typed in composed form.
    const typed = secret.normalize("NFC");
    assert.equal(verifyEasyPostWebhook(typed, BODY, sign(secret, BODY)), true, secret);
  }
  const composed = sign("sécret", BODY, "NFC");
  assert.equal(verifyEasyPostWebhook("sécret", BODY, composed), false, "signed in NFC");
});

Deno.test("any other signature is refused", () => {
  const right = sign("secret", BODY);
  const hex = right.slice("hmac-sha256-hex=".length);
  const wrong = [
    null,
    "",
    hex,
    "hmac-sha256-hex=",
    `hmac-sha256-hex=${hex.toUpperCase()}`,
    right.toUpperCase(),
    `HMAC-SHA256-HEX=${hex}`,
    ` ${right}`,
    `${right} `,
    `${right}, ${right}`,
    right.slice(0, -1),
    `${right}0`,
    `hmac-sha256-hex=${hex.replace(/./, (digit) => digit === "0" ? "1" : "0")}`,
    `hmac-sha256-hex=${createHmac("sha256", "secret").update(BODY).digest("base64")}`,
    `hmac-sha256-hex=${createHmac("sha1", "secret").update(BODY).digest("hex")}`,
    sign("Secret", BODY),
    sign("secret ", BODY),
  ];
  for (const signature of wrong) {
    assert.equal(verifyEasyPostWebhook("secret", BODY, signature), false, String(signature));
  }
});

Deno.test("a body with one other byte is refused", () => {
  const signature = sign("secret", BODY);
  fc.assert(
    fc.property(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = BODY.slice();
      changed[at] = ((changed[at] ?? 0) + by) % 256;
      assert.equal(verifyEasyPostWebhook("secret", changed, signature), false);
    }),
    { numRuns: 50 },
  );
  const spaced = encode(`${new TextDecoder().decode(BODY)}\n`);
  assert.equal(verifyEasyPostWebhook("secret", spaced, signature), false);
});

function withoutDigest(text: string) {
  const { contentDigest: _, ...event } = parseEasyPostEvent(text);
  return event;
}

Deno.test("deliveries of one EasyPost event have one content digest", () => {
  const digest = (fields: object) =>
    parseEasyPostEvent(JSON.stringify({ id: "evt_1", description: "x", ...fields })).contentDigest;
  const retry = { status: "retrying", pending_urls: ["https://a"], updated_at: "2026-11-01" };
  assert.equal(digest({ status: "pending" }), digest(retry));
  assert.notEqual(digest({ result: { id: "trk_1" } }), digest({ result: { id: "trk_2" } }));
});

Deno.test("parseEasyPostEvent() reads an event, and ignores unknown fields", () => {
  const result = { status: "delivered", tracking_code: "9400", later: [1] };
  const event = { id: "evt_1", description: "tracker.updated", mode: "test", result };
  const received = { ...event, created_at: "2026-11-29T10:00:00Z", object: "Event", later: {} };
  const createdAt = "2026-11-29T10:00:00.000Z";
  assert.deepEqual(withoutDigest(JSON.stringify(received)), { ...event, createdAt });
  const least = { id: "evt_1", description: "batch.created" };
  assert.deepEqual(withoutDigest(JSON.stringify(least)), {
    ...least,
    mode: null,
    createdAt: null,
    result: undefined,
  });
});

Deno.test("trackingNumberOf() reads the number of a tracker's event, and of no other", () => {
  const numberOf = (description: string, result: unknown) =>
    trackingNumberOf(parseEasyPostEvent(JSON.stringify({ id: "evt_1", description, result })));
  assert.equal(numberOf("tracker.updated", { tracking_code: "9400" }), "9400");
  for (const description of ["batch.created", "tracker", "mytracker.updated"]) {
    assert.equal(numberOf(description, { tracking_code: "9400" }), null);
  }
  for (const result of [null, "tracker", [], { tracking_code: 9400 }, { tracking_code: "a\0" }]) {
    assert.equal(numberOf("tracker.updated", result), null);
  }
});

Deno.test("a body that is not an event is refused, and not quoted", () => {
  const event = { id: "evt_s3cret", description: "tracker.updated" };
  const refused: [string, RegExp][] = [
    ["", /not JSON/],
    ["s3cret=1", /not JSON/],
    ['{"id":"s3cret"', /not JSON/],
    ['{"id":"s3cret",}', /not JSON/],
    [`{"id":"s3cret","result":${"[".repeat(4000)}${"]".repeat(4000)}}`, /not JSON/],
    ...[
      ...[null, [], "s3cret", 7, {}],
      ...["", "a b", "é", "x".repeat(101), 7, null].map((id) => ({ ...event, id })),
      ...["", "a b", "tracker/updated", "x".repeat(101), null].map((description) => ({
        ...event,
        description,
      })),
      { ...event, mode: 7 },
    ].map((json): [string, RegExp] => [JSON.stringify(json), /id and description/]),
  ];
  for (const [body, message] of refused) {
    assert.throws(() => parseEasyPostEvent(body), (error: Error) => {
      assert.ok(error instanceof InvalidWebhookError, body);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /s3cret/);
      assert.equal(error.cause, undefined);
      return true;
    });
  }
});
