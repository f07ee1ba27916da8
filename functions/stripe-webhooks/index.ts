/** Called by Stripe, which signs the raw body. Stored before it is answered, worked afterwards. */
import {
  InvalidSignatureError,
  InvalidStripeEventError,
  parseStripeEvent,
  readHint,
  verifyStripeWebhook,
} from "../../shared/billing/parse_webhook.ts";
import { readStripeWebhookSecrets, readWorkerConfig } from "../../shared/config.ts";
import { receiveWebhook } from "../../shared/inbox/receive.ts";
import { createApp, methodNotAllowed } from "../../shared/http/app.ts";
import { readBody } from "../../shared/http/read_body.ts";
import { Problem } from "../../shared/http/problem.ts";
import { createWorker } from "../../shared/event_routes.ts";

const secrets = readStripeWebhookSecrets();
const worker = createWorker(await readWorkerConfig());

const app = createApp("stripe-webhooks");

app.post("/", async (c) => {
  const bytes = await readBody(c.req.raw);
  const refused = (code: string, detail: string) => new Problem({ status: 400, code, detail });
  // What is no UTF-8 becomes another text, which nobody has signed.
  const body = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    await verifyStripeWebhook(secrets, body, c.req.header("stripe-signature") ?? null);
  } catch (error) {
    if (!(error instanceof InvalidSignatureError)) throw error;
    throw refused(
      "invalid_signature",
      "The header Stripe-Signature is not a recent signature of this body.",
    );
  }
  let event;
  try {
    event = parseStripeEvent(body);
  } catch (error) {
    if (!(error instanceof InvalidStripeEventError)) throw error;
    throw refused("invalid_webhook", error.message);
  }
  await receiveWebhook(worker, {
    source: "stripe",
    externalId: event.id,
    eventType: event.type,
    shopId: null,
    objectId: readHint(event).subscriptionId,
    body,
  }, c.var.requestId);
  return c.body(null, 200);
});
app.all("/", methodNotAllowed("POST"));

export default { fetch: app.fetch };
