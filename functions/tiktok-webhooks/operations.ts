/** The routes of `tiktok-webhooks`, for the API's document. */
import type { FunctionOperations } from "../../shared/http/operations.ts";
import { WEBHOOK_PROBLEMS } from "../../shared/http/signed_webhook.ts";
import { REFUSAL } from "./refusal.ts";

export const operations: FunctionOperations = {
  description: "For TikTok: receives its signed webhooks. docs/inbox.md.",
  operations: [{
    id: "receiveTikTokWebhook",
    method: "post",
    path: "/",
    caller: "tiktok",
    summary: "Receives a webhook of TikTok",
    description: "Answered as soon as it is stored; it is processed afterwards. " +
      "A repetition changes nothing.",
    bodyDescription: "An event as TikTok's Partner Center describes it.",
    answers: { 200: { description: "The webhook is stored. No body." } },
    problems: { ...WEBHOOK_PROBLEMS, invalid_signature: REFUSAL },
  }],
};
