import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { signApiRequest, signWebhook, verifyTikTokWebhook } from "./signing.ts";

const vectors = JSON.parse(
  await Deno.readTextFile(
    new URL("../../../tests/fixtures/tiktok/signing-vectors.json", import.meta.url),
  ),
) as {
  app_secret: string;
  api: { id: string; path: string; query: Record<string, string>; body: string; sign: string }[];
  webhook: {
    id: string;
    app_key: string;
    app_secret: string;
    raw_body: string;
    authorization: string;
  }[];
};

const bytes = (text: string) => new TextEncoder().encode(text);

for (const vector of vectors.api) {
  Deno.test(`signApiRequest() gives vector ${vector.id}`, async () => {
    const { path, query, body } = vector;
    const sign = await signApiRequest({ path, query, body: bytes(body) }, vectors.app_secret);
    assert.equal(sign, vector.sign);
  });
}

/** From TikTok's documentation, and from the test suites of SDKs. */
const PUBLISHED = [
  {
    secret: "e59af819cc",
    path: "/authorization/202309/shops",
    query: { app_key: "29a39d", timestamp: "1623812664" },
    body: "",
    sign: "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
  },
  {
    secret: "app_secret",
    path: "/test-api",
    query: { foo: "bar" },
    body: "",
    sign: "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
  },
  ...[
    ["", "ed58e1b5e59865c22a7b828c1cab65007441f43cc91a6cb2f2cdc638e0995a37"],
    [
      '{"event_type":"PACKAGE_UPDATE","address":"https://partner.tiktokshop.com"}',
      "701dd6deb2389fe4c469b89bd37fc56f96a6da6afeb4d01c9077a65169752fa7",
    ],
  ].map(([body = "", sign]) => ({
    secret: "e59af819cc",
    path: "/event/202309/webhooks",
    query: {
      app_key: "68xu9ks5p4i8",
      shop_cipher: "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
      timestamp: "1696909648",
    },
    body,
    sign,
  })),
];

Deno.test("signApiRequest() gives the published signatures", async () => {
  for (const { secret, path, query, body, sign } of PUBLISHED) {
    const request = { path, query: query as Record<string, string>, body: bytes(body) };
    assert.equal(await signApiRequest(request, secret), sign);
  }
});

for (const vector of vectors.webhook) {
  Deno.test(`signWebhook() gives vector ${vector.id}, and verifyTikTokWebhook() accepts only that`, async () => {
    const app = { appKey: vector.app_key, appSecret: vector.app_secret };
    const body = bytes(vector.raw_body);
    assert.equal(signWebhook(app, body), vector.authorization);
    assert.equal(await verifyTikTokWebhook(app, body, vector.authorization), true);
    for (
      const wrong of [
        null,
        "",
        vector.authorization.toUpperCase(),
        `Bearer ${vector.authorization}`,
      ]
    ) {
      assert.equal(await verifyTikTokWebhook(app, body, wrong), false);
    }
    assert.equal(
      await verifyTikTokWebhook(app, bytes(vector.raw_body + " "), vector.authorization),
      false,
    );
    assert.equal(
      await verifyTikTokWebhook({ ...app, appKey: "other" }, body, vector.authorization),
      false,
    );
  });
}

Deno.test("the file of vectors is complete", () => {
  const ids = (list: { id: string }[]) => list.map(({ id }) => id).join(" ");
  assert.equal(ids(vectors.api), "V1 V2 V3 V4 V5 V6 V7 V8 V9 V10 V11");
  assert.equal(ids(vectors.webhook), "W1 W2 W3 W4 W5");
  assert.equal(PUBLISHED.length, 4);
});

Deno.test("signApiRequest() signs no body as an empty one, and sorts names by their bytes", async () => {
  const path = "/x";
  const query = { b: "1", a: "2", B: "3", a_b: "4", aB: "5" };
  const sign = await signApiRequest({ path, query }, "secret");
  assert.equal(sign, await signApiRequest({ path, query, body: new Uint8Array() }, "secret"));
  const sorted = createHmac("sha256", "secret").update("secret/xB3a2aB5a_b4b1secret");
  assert.equal(sign, sorted.digest("hex"));
});

Deno.test("signApiRequest() changes with everything that it signs", async () => {
  const request = { path: "/x", query: { a: "1" }, body: bytes("{}") };
  const signs = await Promise.all([
    signApiRequest(request, "secret"),
    signApiRequest(request, "Secret"),
    signApiRequest({ ...request, path: "/x/" }, "secret"),
    signApiRequest({ ...request, query: { a: "2" } }, "secret"),
    signApiRequest({ ...request, query: { a: "1", b: "" } }, "secret"),
    signApiRequest({ ...request, body: bytes("{ }") }, "secret"),
    signApiRequest({ path: "/x", query: { a: "1" } }, "secret"),
  ]);
  assert.equal(new Set(signs).size, signs.length);
  for (const sign of signs) assert.match(sign, /^[0-9a-f]{64}$/);
});

Deno.test("verifyTikTokWebhook() refuses another app's secret, and another body of the same length", async () => {
  const app = { appKey: "key", appSecret: "secret" };
  const sign = signWebhook(app, bytes('{"type":1}'));
  assert.equal(await verifyTikTokWebhook(app, bytes('{"type":1}'), sign), true);
  assert.equal(await verifyTikTokWebhook(app, bytes('{"type":2}'), sign), false);
  assert.equal(
    await verifyTikTokWebhook({ ...app, appSecret: "other" }, bytes('{"type":1}'), sign),
    false,
  );
  assert.equal(await verifyTikTokWebhook(app, bytes('{"type":1}'), ` ${sign}`), false);
});
