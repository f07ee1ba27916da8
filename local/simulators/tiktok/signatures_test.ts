/** The simulator's signatures, and what it accepts, against TikTok's vectors. */
import assert from "node:assert/strict";
import { withServer } from "../../../tests/support/local_server.ts";
import { TikTokSimulator } from "./simulator.ts";
import { signCall, signWebhook } from "./signatures.ts";

interface ApiVector {
  id: string;
  method: string;
  path: string;
  query: Record<string, string>;
  body: string;
  sign: string;
}

const vectors = JSON.parse(
  await Deno.readTextFile(
    new URL("../../../tests/fixtures/tiktok/signing-vectors.json", import.meta.url),
  ),
) as {
  app_key: string;
  app_secret: string;
  api: ApiVector[];
  webhook: { app_key: string; app_secret: string; raw_body: string; authorization: string }[];
};

/** Sends a vector's request to a simulator that is its app. Returns the answer's code. */
async function answerTo(vector: ApiVector, change: Record<string, string>): Promise<number> {
  const simulator = new TikTokSimulator({
    appKey: vectors.app_key,
    appSecret: vectors.app_secret,
    webhookUrl: "http://127.0.0.1:1/",
    now: () => Number(vector.query.timestamp) * 1000,
  });
  const { openId } = simulator.addShop({ id: "1", cipher: "ROW_cfTestCipher0001" });
  simulator.authorizations.exchangeCode(simulator.authorize("1"));
  const query = new URLSearchParams({ ...vector.query, sign: vector.sign, ...change });
  const [method = ""] = vector.method.match(/^[A-Z]+/) ?? [];
  const response = await simulator.fetch(
    new Request(`http://tiktok${vector.path}?${query}`, {
      method,
      headers: {
        "content-type": "application/json",
        "x-tts-access-token": simulator.newestTokens(openId)?.accessToken ?? "",
      },
      ...(vector.body !== "" && { body: vector.body }),
    }),
  );
  return (await response.json()).code;
}

/** Codes of requests that name an unknown page or order; the other requests succeed. */
const CODES: Record<string, number> = { V3: 36009004, V6: 21008111, V11: 21008111 };

Deno.test("signCall() gives TikTok's published signature", () => {
  const query = { app_key: "29a39d", timestamp: "1623812664" };
  assert.equal(
    signCall("e59af819cc", "/authorization/202309/shops", query),
    "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
  );
});

Deno.test("the simulator accepts the vectors' requests, and refuses them with another signature", async () => {
  assert.ok(vectors.api.length >= 11);
  for (const vector of vectors.api) {
    const { id, path, query, body, sign } = vector;
    assert.equal(signCall(vectors.app_secret, path, query, body), sign, id);
    // Uploads of images are not simulated.
    if (path.includes("/images/")) continue;
    assert.equal(await answerTo(vector, {}), CODES[id] ?? 0, id);
    const changed = sign.replace(/^./, (first) => first === "0" ? "1" : "0");
    assert.equal(await answerTo(vector, { sign: changed }), 106001, id);
    assert.equal(await answerTo(vector, { sign: sign.toUpperCase() }), 106001, id);
    assert.equal(await answerTo(vector, { page_size: "7" }), 106001, id);
  }
});

Deno.test("signWebhook() gives the vectors' signatures", () => {
  assert.ok(vectors.webhook.length >= 5);
  for (const { app_key, app_secret, raw_body, authorization } of vectors.webhook) {
    const app = { appKey: app_key, appSecret: app_secret };
    assert.equal(signWebhook(app, raw_body), authorization);
  }
});

Deno.test("TikTok's published webhook is sent with its published signature", async () => {
  const [{ app_key, app_secret, raw_body, authorization } = assert.fail()] = vectors.webhook;
  const { type, tts_notification_id, shop_id, timestamp, data } = JSON.parse(raw_body);
  await withServer(() => new Response(), async (webhookUrl, requests) => {
    const simulator = new TikTokSimulator({
      appKey: app_key,
      appSecret: app_secret,
      webhookUrl,
      now: () => timestamp * 1000,
    });
    await simulator.send({ type, id: tts_notification_id, shopId: shop_id, data });
    const [request] = requests;
    assert.equal(request?.body, raw_body);
    assert.equal(request?.headers.get("authorization"), authorization);
    simulator.close();
  });
});
