/** Called by TikTok, which signs the raw body: the webhook is stored, answered, then processed. */
import { readTikTokConfig } from "../../shared/config.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { signedWebhook } from "../../shared/http/signed_webhook.ts";
import { verifyTikTokWebhook } from "../../shared/tiktok/api/signing.ts";
import { isPastLastRetry, parseTikTokWebhook } from "../../shared/tiktok/webhooks/parse_webhook.ts";
import { REFUSAL } from "./refusal.ts";

const config = readTikTokConfig();
// Under constant traffic processing never ends; if the platform ends the worker, the leases expire.
const { inbox, processor } = createEventProcessor({ budgetMs: Number.POSITIVE_INFINITY });

export default signedWebhook({
  name: "tiktok-webhooks",
  source: "tiktok",
  verify: (body, headers) => verifyTikTokWebhook(config, body, headers.get("authorization")),
  refusal: REFUSAL,
  parse(text) {
    const webhook = parseTikTokWebhook(text);
    const { topic, externalId, contentDigest, shopId, orderId } = webhook;
    const isReplay = isPastLastRetry(webhook, Date.now()) &&
      processor.handles({ source: "tiktok", event_type: topic });
    const ignored = isReplay ? "past_last_retry" : undefined;
    return { eventType: topic, externalId, contentDigest, shopId, objectId: orderId, ignored };
  },
  inbox,
  processor,
});
