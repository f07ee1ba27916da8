import assert from "node:assert/strict";
import Stripe from "stripe";
import { TOLERANCE_SECONDS, verifyStripeWebhook } from "./verify_webhook.ts";

const SECRET = "whsec_right";
const NOW = 1_790_000_000_000;
const BODY = '{"id":"evt_1","object":"event","type":"invoice.paid"}';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Signs as Stripe's own package does. */
const sign = (body: string, secret = SECRET, timestamp = NOW / 1000) =>
  Stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret, timestamp });

const verify = (header: string | null, body = BODY, secrets = [SECRET], now = NOW) =>
  verifyStripeWebhook(secrets, bytesOf(body), header, now);

function assertAccepted(verified: boolean, why = "signed"): void {
  assert.equal(verified, true, why);
}

function assertRefused(verified: boolean, why: string): void {
  assert.equal(verified, false, why);
}

Deno.test("verifyStripeWebhook() accepts a body that one of the secrets has signed", async () => {
  const header = await sign(BODY);
  assertAccepted(verify(header));
  for (
    const secrets of [[SECRET, "whsec_b"], ["whsec_b", SECRET], ["whsec_b", "whsec_c", SECRET]]
  ) {
    assertAccepted(verify(header, BODY, secrets));
  }
  assertRefused(verify(header, BODY, ["whsec_b"]), "another secret");
  assertRefused(verify(header, BODY, ["whsec_b", "whsec_c"]), "other secrets");
  assertRefused(verify(header, BODY, []), "no secret");
});

Deno.test("verifyStripeWebhook() accepts any of several signatures in the header", async () => {
  const [ours, other] = await Promise.all([sign(BODY), sign(BODY, "whsec_b")]);
  const signatureOf = (header: string) => /v1=\w+/.exec(header)?.[0] as string;
  assertAccepted(verify(`${other},${signatureOf(ours)}`));
  assertAccepted(verify(`${ours},${signatureOf(other)},v0=1234`));
  assertRefused(verify(other), "only a signature of another secret");
  assertRefused(verify(ours.replace("v1=", "v0=")), "only a signature of another scheme");
});

Deno.test("verifyStripeWebhook() refuses signatures that are older than five minutes", async () => {
  const header = await sign(BODY);
  assert.equal(TOLERANCE_SECONDS, 300);
  assertAccepted(verify(header, BODY, [SECRET], NOW + 300_999));
  assertRefused(verify(header, BODY, [SECRET], NOW + 301_000), "too old");
  assertRefused(verify(header, BODY, ["whsec_b", SECRET], NOW + 3_600_000), "much too old");
  // Our clock may be slow.
  assertAccepted(verify(header, BODY, [SECRET], NOW - 3_600_000));
  // The default is the time of the clock.
  const current = await sign(BODY, SECRET, Math.floor(Date.now() / 1000));
  assertAccepted(verifyStripeWebhook([SECRET], bytesOf(BODY), current));
  const old = await sign(BODY, SECRET, 1_000_000);
  assertRefused(verifyStripeWebhook([SECRET], bytesOf(BODY), old), "signed in 1970");
});

Deno.test("verifyStripeWebhook() refuses a missing, malformed or foreign header", async () => {
  const header = await sign(BODY);
  const [time, signature] = header.split(",") as [string, string];
  const malformed = [
    null,
    "",
    " ",
    "garbage",
    "t=,v1=",
    "=,=",
    ",,,",
    time,
    signature,
    `t=soon,${signature}`,
    `t=${NOW / 1000 + 1},${signature}`,
    `${time},v1=`,
    `${time},v1=${"0".repeat(64)}`,
    `${time},v1=é✓`,
    `${time},${signature.slice(0, -1)}`,
    `${time},${signature}0`,
    `${time},${signature.toUpperCase()}`,
    `${time};${signature}`,
    header.repeat(2000).slice(1),
  ];
  for (const odd of malformed) {
    assertRefused(verify(odd), String(odd).slice(0, 60));
    assertRefused(verify(odd, "no JSON"), String(odd).slice(0, 60));
  }
});

Deno.test("verifyStripeWebhook() refuses a body that differs from the signed one in any character", async () => {
  const header = await sign(BODY);
  const others = [
    "",
    `${BODY} `,
    ` ${BODY}`,
    `\ufeff${BODY}`,
    BODY.replace("evt_1", "evt_2"),
    BODY.replace(":", ": "),
    JSON.stringify(JSON.parse(BODY), null, 2),
    "no JSON",
  ];
  for (const body of others) assertRefused(verify(header, body), JSON.stringify(body));
});

Deno.test("verifyStripeWebhook() compares bytes: bodies beyond ASCII are not normalized", async () => {
  for (const text of ["café ✓ 東京 😀", "\u0000", "\u2028", "é".normalize("NFD")]) {
    const body = JSON.stringify({ id: "evt_1", type: "invoice.paid", text });
    const header = await sign(body);
    assertAccepted(verify(header, body));
    assertRefused(verify(header, body.replace("evt_1", "evt_é")), "changed");
  }
  const composed = '{"name":"é"}';
  assertRefused(verify(await sign(composed), composed.normalize("NFD")), "another form");
});

/** What Stripe's own package says. */
async function isAcceptedByStripe(header: string): Promise<boolean> {
  const provider = Stripe.createSubtleCryptoProvider();
  const { signature } = Stripe.webhooks;
  assert.ok(signature);
  return await signature.verifyHeaderAsync(BODY, header, SECRET, TOLERANCE_SECONDS, provider, NOW)
    .catch(() => false);
}

Deno.test("verifyStripeWebhook() accepts no header that Stripe's own package refuses", async () => {
  const own = (await sign(BODY)).split(",");
  const foreign = (await sign(BODY, "whsec_b")).split(",");
  const old = (await sign(BODY, SECRET, NOW / 1000 - 400)).split(",");
  const parts = [...own, ...foreign, ...old, "v1=", "t=", "t", "v0=1", "", "t=1e9", " t=1"];
  let accepted = 0;
  for (const a of parts) {
    for (const b of parts) {
      for (const c of parts) {
        const header = [a, b, c].join(",");
        if (!verify(header)) continue;
        accepted++;
        assert.ok(await isAcceptedByStripe(header), header);
      }
    }
  }
  assert.ok(accepted > 10, `${accepted} headers were accepted`);
});

Deno.test("verifyStripeWebhook() refuses bytes that are not UTF-8", async () => {
  const bytes = Uint8Array.of(0x7b, 0xff, 0x7d);
  const header = await sign(new TextDecoder("latin1").decode(bytes));
  assert.equal(verifyStripeWebhook([SECRET], bytes, header, NOW), false);
});

Deno.test("verifyStripeWebhook() accepts thin events and signed text that is not JSON", async () => {
  const thin = '{"id":"evt_test_1","object":"v2.core.event","type":"v1.billing.meter.no"}';
  for (const body of [thin, "no JSON", "{", "\ufeff{}", "null", "[]", "{}"]) {
    const header = await sign(body);
    assertAccepted(verify(header, body), body);
    assertAccepted(verify(header, body, ["whsec_b", SECRET]), body);
    assertRefused(verify(header, body, ["whsec_b"]), "another secret");
    assertRefused(verify(header, body, [SECRET], NOW + 301_000), "too old");
  }
});
