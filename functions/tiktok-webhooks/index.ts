/** Called by TikTok, which signs the raw body. Stored before it is answered, worked afterwards. */
import {
  readEasyPostConfig,
  readEncryptionKeys,
  readSupabaseConfig,
  readTikTokConfig,
} from "../../shared/config.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readBody } from "../../shared/http/body.ts";
import { Problem } from "../../shared/http/problem.ts";
import { log } from "../../shared/log.ts";
import { verifyWebhook } from "../../shared/tiktok/signing.ts";
import { InvalidWebhookError, parseWebhook } from "../../shared/tiktok/webhook.ts";
import { createWorker } from "../../shared/worker.ts";

const config = readTikTokConfig();
const { inbox, drainer } = createWorker({
  supabase: readSupabaseConfig(),
  config,
  easypost: readEasyPostConfig(),
  keys: await readEncryptionKeys(),
  // Under constant traffic there is always more; if the platform ends the worker, leases run out.
  drain: { budgetMs: Number.POSITIVE_INFINITY },
});

const app = createApp("tiktok-webhooks");

app.post("/", async (c) => {
  const body = await readBody(c.req.raw);
  if (!await verifyWebhook(config, body, c.req.header("authorization") ?? null)) {
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
  const { eventId, duplicate } = await inbox.receive({
    source: "tiktok",
    externalId: webhook.externalId,
    eventType: webhook.topic,
    shopId: webhook.shopId,
    objectId: webhook.orderId,
    // A byte order mark is stored too: it was signed with the rest.
    body: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body),
  }).catch((error) => {
    throw new Problem({
      status: 503,
      code: "not_stored",
      detail: "The webhook could not be stored. Please send it again.",
    }, { cause: error });
  });
  log.info("webhook received", {
    request_id: c.var.requestId,
    event_id: eventId,
    event_type: webhook.topic,
    shop_id: webhook.shopId,
    duplicate,
  });
  if (!duplicate) runInBackground(drainer.drain());
  return c.body(null, 200);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
