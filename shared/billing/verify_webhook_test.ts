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

async function assertAccepted(verified: Promise<boolean>, why = "signed"): Promise<void> {
  assert.equal(await verified, true, why);
}

async function assertRefused(verified: Promise<boolean>, why: string): Promise<void> {
  assert.equal(await verified, false, why);
}

Deno.test("verifyStripeWebhook() accepts a body that one of the secrets has signed", async () => {
  const header = await sign(BODY);
  await assertAccepted(verify(header));
  for (
    const secrets of [[SECRET, "whsec_b"], ["whsec_b", SECRET], ["whsec_b", "whsec_c", SECRET]]
  ) {
    await assertAccepted(verify(header, BODY, secrets));
  }
  await assertRefused(verify(header, BODY, ["whsec_b"]), "another secret");
  await assertRefused(verify(header, BODY, ["whsec_b", "whsec_c"]), "other secrets");
  await assertRefused(verify(header, BODY, []), "no secret");
});

Deno.test("verifyStripeWebhook() accepts any of several signatures in the header", async () => {
  const [ours, other] = await Promise.all([sign(BODY), sign(BODY, "whsec_b")]);
  const signatureOf = (header: string) => /v1=\w+/.exec(header)?.[0] as string;
  await assertAccepted(verify(`${other},${signatureOf(ours)}`));
  await assertAccepted(verify(`${ours},${signatureOf(other)},v0=1234`));
  await assertRefused(verify(other), "only a signature of another secret");
  await assertRefused(verify(ours.replace("v1=", "v0=")), "only a signature of another scheme");
});

Deno.test("verifyStripeWebhook() refuses signatures that are older than five minutes", async () => {
  const header = await sign(BODY);
  assert.equal(TOLERANCE_SECONDS, 300);
  await assertAccepted(verify(header, BODY, [SECRET], NOW + 300_999));
  await assertRefused(verify(header, BODY, [SECRET], NOW + 301_000), "too old");
  await assertRefused(verify(header, BODY, ["whsec_b", SECRET], NOW + 3_600_000), "much too old");
  // Our clock may be slow.
  await assertAccepted(verify(header, BODY, [SECRET], NOW - 3_600_000));
  // The default is the time of the clock.
  const current = await sign(BODY, SECRET, Math.floor(Date.now() / 1000));
  await assertAccepted(verifyStripeWebhook([SECRET], bytesOf(BODY), current));
  const old = await sign(BODY, SECRET, 1_000_000);
  await assertRefused(verifyStripeWebhook([SECRET], bytesOf(BODY), old), "signed in 1970");
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
    await assertRefused(verify(odd), String(odd).slice(0, 60));
    await assertRefused(verify(odd, "no JSON"), String(odd).slice(0, 60));
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
  for (const body of others) await assertRefused(verify(header, body), JSON.stringify(body));
  await assertRefused(verify(await sign(""), ""), "an empty body, though signed");
});

Deno.test("verifyStripeWebhook() compares bytes: bodies beyond ASCII are not normalized", async () => {
  for (const text of ["café ✓ 東京 😀", "\u0000", "\u2028", "é".normalize("NFD")]) {
    const body = JSON.stringify({ id: "evt_1", type: "invoice.paid", text });
    const header = await sign(body);
    await assertAccepted(verify(header, body));
    await assertRefused(verify(header, body.replace("evt_1", "evt_é")), "changed");
  }
  const composed = '{"name":"é"}';
  await assertRefused(verify(await sign(composed), composed.normalize("NFD")), "another form");
});

Deno.test("verifyStripeWebhook() does not depend on what the package's constructEventAsync() refuses", async () => {
  const { constructEventAsync } = Stripe.webhooks;
  // A later version could refuse an event before it verifies.
  Stripe.webhooks.constructEventAsync = () => Promise.reject(new Error("no event of mine"));
  try {
    await assertAccepted(verify(await sign(BODY)));
    await assertRefused(verify(await sign(BODY, "whsec_b")), "another secret");
    await assertRefused(verify(await sign(BODY), BODY, [SECRET], NOW + 301_000), "too old");
  } finally {
    Stripe.webhooks.constructEventAsync = constructEventAsync;
  }
});

Deno.test("verifyStripeWebhook() refuses bytes that are not UTF-8", async () => {
  const bytes = Uint8Array.of(0x7b, 0xff, 0x7d);
  const header = await sign(new TextDecoder("latin1").decode(bytes));
  assert.equal(await verifyStripeWebhook([SECRET], bytes, header, NOW), false);
});

Deno.test("verifyStripeWebhook() accepts thin events and signed text that is not JSON", async () => {
  const thin = '{"id":"evt_test_1","object":"v2.core.event","type":"v1.billing.meter.no"}';
  for (const body of [thin, "no JSON", "{", "\ufeff{}", "null", "[]", "{}"]) {
    const header = await sign(body);
    await assertAccepted(verify(header, body), body);
    await assertAccepted(verify(header, body, ["whsec_b", SECRET]), body);
    await assertRefused(verify(header, body, ["whsec_b"]), "another secret");
    await assertRefused(verify(header, body, [SECRET], NOW + 301_000), "too old");
  }
});
