/** Called by TikTok, which signs the raw body. Stored before it is answered, worked afterwards. */
import { readWorkerConfig } from "../../shared/config.ts";
import { receiveWebhook } from "../../shared/inbox/receive.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { readBody } from "../../shared/http/read_body.ts";
import { Problem } from "../../shared/http/problem.ts";
import { verifyWebhook } from "../../shared/tiktok/api/signing.ts";
import { InvalidWebhookError, parseWebhook } from "../../shared/tiktok/webhooks/parse_webhook.ts";
import { createWorker } from "../../shared/event_routes.ts";

const config = await readWorkerConfig();
// Under constant traffic there is always more; if the platform ends the worker, leases run out.
const worker = createWorker(config, { budgetMs: Number.POSITIVE_INFINITY });

const app = createApp("tiktok-webhooks");

app.post("/", async (c) => {
  const body = await readBody(c.req.raw);
  if (!await verifyWebhook(config.tiktok, body, c.req.header("authorization") ?? null)) {
    // Never 401: TikTok takes that for "received" and does not send again.
    throw new Problem({
      status: 403,
      code: "invalid_signature",
      detail: "The header authorization is not the signature of this body.",
    });
  }
  const webhook = await parseWebhook(body).catch((error) => {
    if (!(error instanceof InvalidWebhookError)) throw error;
    throw new Problem({ status: 400, code: "invalid_webhook", detail: error.message });
  });
  await receiveWebhook(worker, {
    source: "tiktok",
    externalId: webhook.externalId,
    eventType: webhook.topic,
    shopId: webhook.shopId,
    objectId: webhook.orderId,
    // A byte order mark is stored too: it was signed with the rest.
    body: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body),
  }, c.var.requestId);
  return c.body(null, 200);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
