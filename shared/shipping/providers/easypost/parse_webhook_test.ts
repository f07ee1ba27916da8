import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { InvalidEventError, parseEasyPostEvent, verifyEasyPostWebhook } from "./parse_webhook.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const BODY = encode('{"id":"evt_1","description":"tracker.updated","note":"café ✓"}');

/** As EasyPost signs: its documented example, by another implementation than ours. */
function sign(secret: string, body: Uint8Array, form: "NFKD" | "NFC" = "NFKD"): string {
  const key = Buffer.from(secret.normalize(form), "utf8");
  return `hmac-sha256-hex=${createHmac("sha256", key).update(body).digest("hex")}`;
}

Deno.test("what EasyPost signed is EasyPost's, also with a secret beyond ASCII", async () => {
  for (const secret of ["secret", "sécret", "ﬁne Ünïcode", "Å①²", "パスワード", "한글", " "]) {
    assert.equal(await verifyEasyPostWebhook(secret, BODY, sign(secret, BODY)), true, secret);
    // However the secret was typed: composed or not.
    const typed = secret.normalize("NFC");
    assert.equal(await verifyEasyPostWebhook(typed, BODY, sign(secret, BODY)), true, secret);
  }
  const composed = sign("sécret", BODY, "NFC");
  assert.equal(await verifyEasyPostWebhook("sécret", BODY, composed), false, "signed in NFC");
});

Deno.test("any other signature is nobody's", async () => {
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
    assert.equal(await verifyEasyPostWebhook("secret", BODY, signature), false, String(signature));
  }
});

Deno.test("one other byte is another body", async () => {
  const signature = sign("secret", BODY);
  await fc.assert(
    fc.asyncProperty(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = BODY.slice();
      changed[at] = ((changed[at] ?? 0) + by) % 256;
      assert.equal(await verifyEasyPostWebhook("secret", changed, signature), false);
    }),
    { numRuns: 50 },
  );
  const spaced = encode(`${new TextDecoder().decode(BODY)}\n`);
  assert.equal(await verifyEasyPostWebhook("secret", spaced, signature), false);
});

Deno.test("parseEasyPostEvent() reads an event and its tracker, and lets be what it does not know", () => {
  const tracker = { status: "delivered", tracking_code: "9400", shipment_id: "shp_1", later: [1] };
  const event = {
    id: "evt_1",
    object: "Event",
    description: "tracker.updated",
    mode: "test",
    result: tracker,
    later: {},
  };
  assert.deepEqual(parseEasyPostEvent(encode(JSON.stringify(event))), {
    id: "evt_1",
    description: "tracker.updated",
    mode: "test",
    tracker,
    refundedShipmentId: undefined,
  });
  const refund = parseEasyPostEvent(
    encode(
      JSON.stringify({
        ...event,
        description: "refund.successful",
        result: { shipment_id: "shp_1" },
      }),
    ),
  );
  assert.deepEqual([refund.tracker, refund.refundedShipmentId], [undefined, "shp_1"]);
  for (
    const description of ["batch.created", "tracker", "mytracker.updated"]
  ) {
    const other = parseEasyPostEvent(encode(JSON.stringify({ ...event, description })));
    assert.deepEqual([other.description, other.tracker], [description, undefined]);
  }
});

Deno.test("a tracker that cannot be read is none, and a mode that is not there is null", () => {
  for (const result of [undefined, null, "tracker", []]) {
    const body = JSON.stringify({ id: "evt_1", description: "tracker.created", result });
    assert.deepEqual(parseEasyPostEvent(encode(body)), {
      id: "evt_1",
      description: "tracker.created",
      mode: null,
      tracker: undefined,
      refundedShipmentId: undefined,
    });
  }
});

Deno.test("what is no event is refused, and not quoted", () => {
  const event = { id: "evt_s3cret", description: "tracker.updated" };
  const refused: [Uint8Array<ArrayBuffer>, RegExp][] = [
    [encode(""), /not JSON/],
    [encode("s3cret=1"), /not JSON/],
    [encode('{"id":"s3cret"'), /not JSON/],
    [new Uint8Array([0x22, 0xe9, 0x22]), /not JSON/],
    ...[
      ...[null, [], "s3cret", 7, {}],
      ...["", "a b", "é", "x".repeat(101), 7, null].map((id) => ({ ...event, id })),
      ...["", "a b", "tracker/updated", "x".repeat(101), null].map((description) => ({
        ...event,
        description,
      })),
      { ...event, mode: 7 },
    ].map((json): [Uint8Array<ArrayBuffer>, RegExp] => [
      encode(JSON.stringify(json)),
      /id and description/,
    ]),
  ];
  for (const [body, message] of refused) {
    assert.throws(() => parseEasyPostEvent(body), (error: Error) => {
      assert.ok(error instanceof InvalidEventError, new TextDecoder().decode(body));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /s3cret/);
      assert.equal(error.cause, undefined);
      return true;
    });
  }
});
