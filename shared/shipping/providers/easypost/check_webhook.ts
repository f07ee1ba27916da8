/** Finds EasyPost's webhook for us, and switches it on again: EasyPost switches it off after failures. */
import { errorText, log } from "../../../log.ts";
import type { EasyPostClient } from "./client.ts";
import { EasyPostError } from "./easypost_error.ts";

export type EasyPostWebhookState = "healthy" | "webhook_missing" | "webhook_switched_off";

export interface WebhookReceiver {
  url: string;
  /** Whether the API key is one of test mode: each mode has webhooks of its own. */
  isTest: boolean;
}

/**
 * A webhook that is missing is reported, not created: the account may send to us through another address.
 * @throws {EasyPostError} if EasyPost did not answer
 */
export async function checkEasyPostWebhook(
  client: EasyPostClient,
  { url, isTest }: WebhookReceiver,
): Promise<EasyPostWebhookState> {
  const ours = (await client.listWebhooks()).filter((webhook) =>
    webhook.url === url && (webhook.mode ?? "test") === (isTest ? "test" : "production")
  );
  const [webhook] = ours;
  if (webhook === undefined) return "webhook_missing";
  if (ours.some(({ disabled_at }) => !disabled_at)) return "healthy";
  try {
    const { disabled_at } = await client.enableWebhook(webhook.id);
    if (disabled_at) return "webhook_switched_off";
  } catch (error) {
    if (!(error instanceof EasyPostError) || error.code === "") throw error;
    log.error("EasyPost's webhook could not be switched on", { error: errorText(error) });
    return "webhook_switched_off";
  }
  log.error("EasyPost's webhook was switched off: switched on again", { webhook_id: webhook.id });
  return "healthy";
}
