/** Calls of Stripe's API: errors without Stripe's messages, answers with the members that the caller reads. */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { BillingError } from "./errors.ts";

/** @throws {BillingError} */
export async function callStripe<T>(call: Promise<T>): Promise<T> {
  let answer: T;
  try {
    answer = await call;
  } catch (error) {
    // The client that was called is loaded.
    const { isStripeError } = await import("./stripe_client.ts");
    if (isStripeError(error)) throw new BillingError(error);
    throw error;
  }
  // The client takes JSON without "error" for a success; a proxy in front of Stripe may send that.
  const { statusCode } = (answer as Partial<Stripe.Response<object>> | null)?.lastResponse ?? {};
  if (statusCode !== undefined && statusCode >= 400) {
    throw new BillingError({ type: "StripeAPIError", statusCode });
  }
  return answer;
}

/** As `callStripe`, and checks the members that the caller reads. @throws {BillingError} */
export async function readStripe<Shape>(
  schema: z.ZodMiniType<Shape>,
  call: Promise<unknown>,
): Promise<Shape> {
  const { success, data } = schema.safeParse(await callStripe(call));
  if (success) return data;
  throw new BillingError({ type: "StripeAPIError", code: "unreadable_answer", statusCode: 200 });
}

/** A Stripe list whose elements all have these members. */
export function listOf<Element extends z.ZodMiniType>(element: Element) {
  return z.looseObject({ data: z.array(element), has_more: z.optional(z.boolean()) });
}
