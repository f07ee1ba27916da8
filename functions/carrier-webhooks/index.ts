/** Called by EasyPost, which signs the raw body: the webhook is stored and answered; event-worker processes it. */
import { readEasyPostWebhookSecret } from "../../shared/config.ts";
import { signedWebhook } from "../../shared/http/signed_webhook.ts";
import { openInbox } from "../../shared/inbox/open_inbox.ts";
import {
  parseEasyPostEvent,
  verifyEasyPostWebhook,
} from "../../shared/shipping/providers/easypost/parse_webhook.ts";
import { IdText } from "../../shared/values/schemas.ts";
import { REFUSAL } from "./refusal.ts";

const secret = readEasyPostWebhookSecret();

export default signedWebhook({
  name: "carrier-webhooks",
  source: "easypost",
  verify: (body, headers) => verifyEasyPostWebhook(secret, body, headers.get("x-hmac-signature")),
  refusal: REFUSAL,
  parse(text) {
    const { id, contentDigest, description, tracker } = parseEasyPostEvent(text);
    const objectId = IdText.safeParse(tracker?.tracking_code).data ?? null;
    return { eventType: description, externalId: id, contentDigest, shopId: null, objectId };
  },
  ...openInbox(),
});
