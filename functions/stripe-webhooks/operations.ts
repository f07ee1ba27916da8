/** The routes of `stripe-webhooks`, for the API's document. */
import type { FunctionOperations } from "../../shared/http/operations.ts";
import { WEBHOOK_PROBLEMS } from "../../shared/http/signed_webhook.ts";
import { REFUSAL } from "./refusal.ts";

export const operations: FunctionOperations = {
  description: "For Stripe: receives its signed webhooks. docs/inbox.md.",
  operations: [{
    id: "receiveStripeWebhook",
    method: "post",
    path: "/",
    caller: "stripe",
    summary: "Receives a webhook of Stripe",
    description: "Answered as soon as it is stored; it is processed afterwards. " +
      "A repetition changes nothing.",
    bodyDescription: "An event object of Stripe.",
    answers: { 200: { description: "The webhook is stored. No body." } },
    problems: { ...WEBHOOK_PROBLEMS, invalid_signature: REFUSAL },
  }],
};
