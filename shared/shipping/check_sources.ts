/** CHECK_SOURCES: notices each day which senders of webhooks no longer send them. */
import * as z from "zod/mini";
import { ConfigError, type Environment, readEasyPostConfig } from "../config.ts";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { type ClaimedEvent, type EventResult, EventSource } from "../inbox/events.ts";
import { log } from "../log.ts";
import {
  checkEasyPostWebhook,
  type EasyPostWebhookState,
} from "./providers/easypost/check_webhook.ts";
import { EasyPostClient } from "./providers/easypost/client.ts";

const Checked = z.object({
  outcome: z.string(),
  unhealthy: z._default(
    z.array(z.object({
      source: EventSource,
      state: z.string(),
      since: z.string(),
      last_received_at: z.nullable(z.string()),
    })),
    [],
  ),
});

/** @throws {EasyPostError} */
export async function checkSources(
  database: DatabaseClient,
  event: ClaimedEvent,
  carrierWebhookUrl: string,
  env?: Environment,
): Promise<EventResult> {
  const easypost = await readEasyPostState(carrierWebhookUrl, env);
  const args = { p_event_id: event.event_id, p_easypost: easypost };
  const { outcome, unhealthy } = await callFunction(
    database,
    "record_source_health",
    args,
    Checked,
  );
  for (const source of unhealthy) log.error("source of webhooks is not healthy", source);
  return { outcome };
}

/** `null` where EasyPost is not configured: then no label needs its webhooks. */
async function readEasyPostState(
  url: string,
  env?: Environment,
): Promise<EasyPostWebhookState | null> {
  try {
    const config = readEasyPostConfig(env);
    const isTest = config.apiKey.startsWith("EZTK");
    return await checkEasyPostWebhook(new EasyPostClient(config), { url, isTest });
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}
