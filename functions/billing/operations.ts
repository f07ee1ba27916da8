/** The routes of `billing`, for the API's document. */
import { type FunctionOperations, pickProblems } from "../../shared/http/operations.ts";
import { CheckoutAnswer, PlanPriceAnswer, PortalAnswer, PricesAnswer } from "./answers.ts";
import { CheckoutBody, PortalBody } from "./bodies.ts";
import { PROBLEMS } from "./problems.ts";

export const operations: FunctionOperations = {
  description: "Plans: Stripe's checkout and customer portal. docs/billing.md.",
  operations: [
    {
      id: "listPrices",
      method: "get",
      path: "/prices",
      caller: "user",
      summary: "Prices of the plans",
      description: "As Stripe has them, at most ten minutes ago. Limits are rows of `plans`.",
      answers: {
        200: {
          description: "Every plan that can be bought.",
          body: {
            id: "PlanPrices",
            schema: PricesAnswer,
            description: "Prices of the plans.",
            fields: { prices: "The smallest plan first." },
            parts: [{
              id: "PlanPrice",
              schema: PlanPriceAnswer,
              description: "What a plan costs.",
              fields: {
                plan: "The plan.",
                amount: "Decimal; null for a price that depends on the quantity.",
                currency: "ISO 4217.",
                interval: "null for a price that is paid once.",
                interval_count: "A payment every so many intervals.",
              },
            }],
            example: {
              prices: [{
                ...{ plan: "growth", amount: "79.00", currency: "USD" },
                ...{ interval: "month", interval_count: 1 },
              }],
            },
          },
        },
      },
      problems: pickProblems(PROBLEMS, "stripe_refused", "stripe_unavailable"),
    },
    {
      id: "beginCheckout",
      method: "post",
      path: "/checkout",
      caller: "user",
      summary: "Opens Stripe's checkout of a plan",
      description:
        "A seller with a subscription gets the portal instead: there is never a second " +
        "subscription. Repeating the call returns the same open session.",
      isLimited: true,
      body: {
        id: "CheckoutRequest",
        schema: CheckoutBody,
        description: "The plan that the seller wants.",
        fields: { plan: "The plan; its price is Stripe's." },
        example: { plan: "growth" },
      },
      answers: {
        200: {
          description: "Where to send the seller.",
          body: {
            id: "CheckoutPage",
            schema: CheckoutAnswer,
            description: "A page of Stripe.",
            fields: {
              url: { format: "uri", description: "Send the seller's browser there." },
              kind: "portal: the seller has a subscription, and changes it there.",
            },
            example: { url: "https://checkout.stripe.com/c/pay/cs_1", kind: "checkout" },
          },
        },
      },
      problems: pickProblems(PROBLEMS, "stripe_refused", "stripe_unavailable"),
    },
    {
      id: "openPortal",
      method: "post",
      path: "/portal",
      caller: "user",
      summary: "Opens Stripe's customer portal",
      isLimited: true,
      body: {
        id: "PortalRequest",
        schema: PortalBody,
        description: "Empty.",
        example: {},
      },
      answers: {
        200: {
          description: "Where to send the seller.",
          body: {
            id: "PortalPage",
            schema: PortalAnswer,
            description: "A page of Stripe.",
            fields: { url: { format: "uri", description: "Send the seller's browser there." } },
            example: { url: "https://billing.stripe.com/p/session/1" },
          },
        },
      },
      problems: PROBLEMS,
    },
  ],
};
