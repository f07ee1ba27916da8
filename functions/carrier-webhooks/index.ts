/** Called by EasyPost, which signs the raw body. Stored before it is answered, worked afterwards. */
import {
  readEasyPostConfig,
  readEasyPostWebhookSecret,
  readEncryptionKeys,
  readSupabaseConfig,
  readTikTokConfig,
} from "../../shared/config.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { runInBackground } from "../../shared/http/background.ts";
import { readBody } from "../../shared/http/body.ts";
import { Problem } from "../../shared/http/problem.ts";
import { log } from "../../shared/log.ts";
import {
  InvalidEventError,
  parseEasyPostEvent,
  verifyEasyPostWebhook,
} from "../../shared/shipping/easypost/webhook.ts";
import { createWorker } from "../../shared/worker.ts";

const secret = readEasyPostWebhookSecret();
const { inbox, drainer } = createWorker({
  supabase: readSupabaseConfig(),
  config: readTikTokConfig(),
  easypost: readEasyPostConfig(),
  keys: await readEncryptionKeys(),
});

const app = createApp("carrier-webhooks");

app.post("/", async (c) => {
  const body = await readBody(c.req.raw);
  if (!await verifyEasyPostWebhook(secret, body, c.req.header("x-hmac-signature") ?? null)) {
    throw new Problem({
      status: 403,
      code: "invalid_signature",
      detail: "The header X-Hmac-Signature is not the signature of this body.",
    });
  }
  let event;
  try {
    event = parseEasyPostEvent(body);
  } catch (error) {
    if (!(error instanceof InvalidEventError)) throw error;
    throw new Problem({ status: 400, code: "invalid_webhook", detail: error.message });
  }
  const { eventId, duplicate } = await inbox.receive({
    source: "easypost",
    externalId: event.id,
    eventType: event.description,
    shopId: null,
    objectId: event.tracker?.tracking_code ?? null,
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
    event_type: event.description,
    duplicate,
  });
  if (!duplicate) runInBackground(drainer.drain());
  return c.body(null, 200);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
