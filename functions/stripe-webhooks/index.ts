/** Called by Stripe, which signs the raw body: the webhook is stored and answered; event-worker processes it. */
import { parseStripeEvent, readStripeIds } from "../../shared/billing/parse_webhook.ts";
import { verifyStripeWebhook } from "../../shared/billing/verify_webhook.ts";
import { readStripeWebhookSecrets } from "../../shared/config.ts";
import { signedWebhook } from "../../shared/http/signed_webhook.ts";
import { openInbox } from "../../shared/inbox/open_inbox.ts";
import { REFUSAL } from "./refusal.ts";

const secrets = readStripeWebhookSecrets();

export default signedWebhook({
  name: "stripe-webhooks",
  source: "stripe",
  verify: (body, signature) => verifyStripeWebhook(secrets, body, signature),
  refusal: REFUSAL,
  parse(text) {
    const event = parseStripeEvent(text);
    const objectId = readStripeIds(event).subscriptionId;
    const { type, id, contentDigest } = event;
    return { eventType: type, externalId: id, contentDigest, shopId: null, objectId };
  },
  ...openInbox(),
});
