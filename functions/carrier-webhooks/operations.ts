/** The routes of `carrier-webhooks`, for the API's document. */
import type { FunctionOperations } from "../../shared/http/operations.ts";
import { WEBHOOK_PROBLEMS } from "../../shared/http/signed_webhook.ts";
import { REFUSAL } from "./refusal.ts";

export const operations: FunctionOperations = {
  description: "For EasyPost: receives its signed webhooks. docs/inbox.md.",
  operations: [{
    id: "receiveEasyPostWebhook",
    method: "post",
    path: "/",
    caller: "easypost",
    summary: "Receives a webhook of EasyPost",
    description: "Answered as soon as it is stored; it is processed afterwards. " +
      "A repetition changes nothing.",
    bodyDescription: "An event object of EasyPost.",
    answers: { 200: { description: "The webhook is stored. No body." } },
    problems: { ...WEBHOOK_PROBLEMS, invalid_signature: REFUSAL },
  }],
};
