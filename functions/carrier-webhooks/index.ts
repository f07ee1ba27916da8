/** Called by EasyPost, which signs the raw body: the webhook is stored and answered; event-worker processes it. */
import { readEasyPostWebhookSecret } from "../../shared/config.ts";
import { signedWebhook } from "../../shared/http/signed_webhook.ts";
import { openInbox } from "../../shared/inbox/open_inbox.ts";
import {
  parseEasyPostEvent,
  trackingNumberOf,
  verifyEasyPostWebhook,
} from "../../shared/shipping/providers/easypost/parse_webhook.ts";
import { REFUSAL } from "./refusal.ts";

const secret = readEasyPostWebhookSecret();

export default signedWebhook({
  name: "carrier-webhooks",
  source: "easypost",
  verify: (body, signature) => verifyEasyPostWebhook(secret, body, signature),
  refusal: REFUSAL,
  parse(text) {
    const event = parseEasyPostEvent(text);
    const objectId = trackingNumberOf(event);
    const { description, id, contentDigest } = event;
    return { eventType: description, externalId: id, contentDigest, shopId: null, objectId };
  },
  ...openInbox(),
});
