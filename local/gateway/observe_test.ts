import assert from "node:assert/strict";
import { type AnsweredRequest, observeAnswers, shownPathOf } from "./observe.ts";

/** Sends one request through an observed handler, which reads the body as a function does. */
async function observe(request: Request, answer: Response): Promise<AnsweredRequest> {
  const seen = Promise.withResolvers<AnsweredRequest>();
  const fetch = observeAnswers(async (request) => {
    await request.text();
    return answer;
  }, seen.resolve);
  const response = await fetch(request);
  await response.text();
  return await seen.promise;
}

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  new Request(`http://127.0.0.1:54321${path}`, { method: "POST", body, headers });

const TIKTOK =
  '{"type":1,"tts_notification_id":"1","shop_id":"7490","timestamp":1789996501,"data":{"order_id":576461413038785752}}';

Deno.test("a webhook that was accepted is shown with its type, and with TikTok's order and shop", async () => {
  const ok = () => new Response(null, { status: 200, headers: { "x-request-id": "id" } });
  const { ms, ...tiktok } = await observe(post("/functions/v1/tiktok-webhooks", TIKTOK), ok());
  assert.ok(ms >= 0);
  assert.deepEqual(tiktok, {
    ...{ method: "POST", path: "/functions/v1/tiktok-webhooks", status: 200, requestId: "id" },
    webhook: { type: "ORDER_STATUS_CHANGE", orderId: "576461413038785752", shopId: "7490" },
    ...{ code: undefined, isOurs: false },
  });
  const stripe = '{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}';
  const paid = await observe(post("/functions/v1/stripe-webhooks", stripe), ok());
  assert.deepEqual(paid.webhook, { type: "invoice.paid" });
});

Deno.test("attack: what a stranger writes into a webhook, a path or a query is not shown", async () => {
  const refusal = Response.json({ code: "invalid_signature", detail: "rosa@example.com" }, {
    status: 403,
  });
  const forged = await observe(
    post("/functions/v1/tiktok-webhooks?token=sb_secret_1", TIKTOK),
    refusal,
  );
  assert.deepEqual(
    [forged.path, forged.webhook, forged.code],
    ["/functions/v1/tiktok-webhooks", undefined, "invalid_signature"],
  );
  const odd = await observe(
    post("/functions/v1/stripe-webhooks", '{"type":"\\u001b[2Jx"}'),
    new Response(),
  );
  assert.equal(odd.webhook, undefined);
  const paths = {
    "/rest/v1/users/rosa@example.com": "/rest/v1/users/…",
    "/rest/v1/rpc/get_dashboard_metrics": "/rest/v1/rpc/get_dashboard_metrics",
    "/functions/v1/account/orders.csv": "/functions/v1/account/orders.csv",
    "/functions/v1/shipments/0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11/label":
      "/functions/v1/shipments/0b0e7a52-5f0c-4c0a-9a53-0f6f5a3f3b11/label",
    "/x/sb_secret_Ab3dEf/sk_test_51H/eyJhbGciOi.eyJzdWIi.sig/%1b[2J": "/x/…/…/…/…",
  };
  for (const [path, shown] of Object.entries(paths)) assert.equal(shownPathOf(path), shown);
});

Deno.test("calls of our functions and jobs are known as such", async () => {
  const headers: [string, Record<string, string>, boolean][] = [
    ["/rest/v1/orders", { "x-request-id": "id" }, true],
    ["/rest/v1/orders", { apikey: "sb_secret_1", "user-agent": "Deno/2.9.5" }, true],
    ["/rest/v1/orders", { apikey: "sb_secret_1", "user-agent": "curl/8" }, false],
    ["/rest/v1/orders", { apikey: "sb_publishable_1" }, false],
    ["/functions/v1/billing", { "x-request-id": "id" }, false],
    ["/functions/v1/event-worker/wake", { apikey: "sb_secret_1" }, true],
    ["/functions/v1/event-worker", { "user-agent": "pg_net/0.20.0" }, true],
  ];
  for (const [path, given, isOurs] of headers) {
    const seen = await observe(post(path, "{}", given), new Response());
    assert.equal(seen.isOurs, isOurs, JSON.stringify(given));
  }
});
