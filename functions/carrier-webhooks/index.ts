/** Called by EasyPost, which signs the raw body. Stored before it is answered, worked afterwards. */
import { readEasyPostWebhookSecret, readWorkerConfig } from "../../shared/config.ts";
import { receiveWebhook } from "../../shared/inbox/receive.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { readBody } from "../../shared/http/read_body.ts";
import { Problem } from "../../shared/http/problem.ts";
import {
  InvalidEventError,
  parseEasyPostEvent,
  verifyEasyPostWebhook,
} from "../../shared/shipping/providers/easypost/parse_webhook.ts";
import { createWorker } from "../../shared/event_routes.ts";

const secret = readEasyPostWebhookSecret();
const worker = createWorker(await readWorkerConfig());

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
  await receiveWebhook(worker, {
    source: "easypost",
    externalId: event.id,
    eventType: event.description,
    shopId: null,
    objectId: event.tracker?.tracking_code ?? null,
    body: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body),
  }, c.var.requestId);
  return c.body(null, 200);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
