/** Called by TikTok, which signs the raw body: the webhook is stored and answered; event-worker processes it. */
import { readTikTokConfig } from "../../shared/config.ts";
import { signedWebhook } from "../../shared/http/signed_webhook.ts";
import { openInbox } from "../../shared/inbox/open_inbox.ts";
import { verifyTikTokWebhook } from "../../shared/tiktok/api/signing.ts";
import { isPastLastRetry, parseTikTokWebhook } from "../../shared/tiktok/webhooks/parse_webhook.ts";
import { isHandledTopic } from "../../shared/tiktok/webhooks/topics.ts";
import { REFUSAL } from "./refusal.ts";

const config = readTikTokConfig();

export default signedWebhook({
  name: "tiktok-webhooks",
  source: "tiktok",
  verify: (body, signature) => verifyTikTokWebhook(config, body, signature),
  refusal: REFUSAL,
  parse(text) {
    const webhook = parseTikTokWebhook(text);
    const { topic, externalId, contentDigest, shopId, orderId } = webhook;
    const isReplay = isHandledTopic(topic) && isPastLastRetry(webhook, Date.now());
    const ignored = isReplay ? "past_last_retry" : undefined;
    return { eventType: topic, externalId, contentDigest, shopId, objectId: orderId, ignored };
  },
  ...openInbox(),
});
