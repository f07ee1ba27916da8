/** The one client of Stripe's API. Its package takes longer to load than most functions: only `import()` loads it. */
import Stripe from "stripe";
import type { StripeConfig } from "../config.ts";
import { inVendorSpan } from "../logging/spans.ts";
import { checkAnswer } from "./stripe_answers.ts";

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

/** Whether the package threw it. */
export function isStripeError(error: unknown): error is Stripe.errors.StripeError {
  return error instanceof Stripe.errors.StripeError;
}
