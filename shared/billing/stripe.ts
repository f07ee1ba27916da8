/** The one client of Stripe's API. */
import Stripe from "stripe";
import * as z from "zod";
import type { StripeConfig } from "../config.ts";
import { inVendorSpan } from "../logging/spans.ts";
import { checkAnswer } from "./stripe_answers.ts";
import { LoggableError } from "../loggable_error.ts";

/** Stripe answered with an error, or not at all. Its messages quote ids: only its codes are kept. */
export class BillingError extends LoggableError {
  override name = "BillingError";
  /** Stripe's error code, e.g. `resource_missing`; empty if the error has none. */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** Stripe has this answer saved for the Idempotency-Key of an earlier request. */
  readonly isReplayed: boolean;

  constructor(error: InstanceType<typeof Stripe.errors.StripeError>) {
    const { type, code, statusCode, requestId } = error;
    const names = [type, code, requestId].map((name) => /^\w{1,99}$/.test(name ?? "") ? name : "");
    super(["Stripe:", names[0], names[1], statusCode, names[2]].filter(Boolean).join(" "));
    this.code = code ?? "";
    this.status = statusCode ?? 0;
    this.isReplayed = error.headers?.["idempotent-replayed"] === "true" ||
      type === "StripeIdempotencyError";
  }
}

/** Stripe does not have the object, or has it in another account. */
export function isMissing(error: unknown): boolean {
  return error instanceof BillingError && error.code === "resource_missing";
}

/**
 * The client repeats calls that failed for the moment, with one Idempotency-Key for all attempts. Make every
 * call through `callStripe`: it removes Stripe's messages.
 */
export function createStripe({ secretKey, apiUrl }: StripeConfig): Stripe {
  const { protocol, hostname, port, pathname } = new URL(apiUrl);
  // The client takes a host, but no path in front of its own.
  const fetchBelowBase: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    url.pathname = `${pathname.replace(/\/$/, "")}${url.pathname}`;
    const call = { method: init?.method ?? "GET", path: url.pathname };
    return await inVendorSpan("Stripe", call, async () => {
      return await checkAnswer(await fetch(url, { ...init, redirect: "manual" }));
    });
  };
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(fetchBelowBase),
    protocol: protocol === "http:" ? "http" : "https",
    host: hostname,
    port: port || (protocol === "http:" ? "80" : "443"),
    maxNetworkRetries: 2,
    timeout: 10_000,
    telemetry: false,
  });
}

/** @throws {BillingError} */
export async function callStripe<T>(call: Promise<T>): Promise<T> {
  let answer: T;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) throw new BillingError(error);
    throw error;
  }
  // The client takes JSON without "error" for a success; a proxy in front of Stripe may send that.
  const { statusCode } = (answer as Partial<Stripe.Response<object>> | null)?.lastResponse ?? {};
  if (statusCode !== undefined && statusCode >= 400) {
    throw new BillingError(new Stripe.errors.StripeAPIError({ type: "api_error", statusCode }));
  }
  return answer;
}

/** As `callStripe`, and checks the members that the caller reads. @throws {BillingError} */
export async function readStripe<Shape>(
  schema: z.ZodType<Shape>,
  call: Promise<unknown>,
): Promise<Shape> {
  const { success, data } = schema.safeParse(await callStripe(call));
  if (success) return data;
  const unreadable = { type: "api_error", code: "unreadable_answer", statusCode: 200 } as const;
  throw new BillingError(new Stripe.errors.StripeAPIError(unreadable));
}

/** A list of Stripe's whose elements all have these members. */
export function listOf<Element extends z.ZodType>(element: Element) {
  return z.looseObject({ data: z.array(element), has_more: z.boolean().optional() });
}
