/** Stand-ins for the unit tests of shared/billing: a Stripe server, and SQL functions in memory. */
import type Stripe from "stripe";
import { createStripe } from "../../shared/billing/stripe_client.ts";
import type { StripeConfig } from "../../shared/config.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import type { DatabaseClient } from "../../shared/database/client.ts";

/** Two keys, as during a rotation: every id has two hashes. */
export const KEYS = ["new", "old"]
  .map((id, n) => `${id}:${btoa(String.fromCharCode(n).repeat(32))}`).join(",");

export const keys = parseKeyRing(KEYS);

export const CONFIG: StripeConfig = {
  secretKey: "sk_test_s3cret",
  apiUrl: "http://127.0.0.1:1",
  prices: { starter: "price_starter", growth: "price_growth", scale: "price_scale" },
  orphanedSubscriptions: "report",
};

export const ADA = "a0000000-0000-4000-8000-000000000001";
export const BOB = "b0000000-0000-4000-8000-000000000002";

/** A request that the server received. */
export interface StripeRequest {
  method: string;
  path: string;
  /** The query of a GET, the form of a POST. */
  parameters: Record<string, string>;
  headers: Headers;
}

/** Returns a `Response`, or a value that is sent as JSON. */
export type StripeAnswer = (request: StripeRequest) => unknown;

/** @param base Path in front of the API's own. */
export async function withStripe(
  answer: StripeAnswer,
  use: (stripe: Stripe, requests: StripeRequest[], apiUrl: string) => Promise<void>,
  base = "",
): Promise<void> {
  const requests: StripeRequest[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (received) => {
      const url = new URL(received.url);
      const request = {
        method: received.method,
        path: url.pathname,
        parameters: Object.fromEntries(
          received.method === "GET" ? url.searchParams : new URLSearchParams(await received.text()),
        ),
        headers: new Headers(received.headers),
      };
      requests.push(request);
      const result = await answer(request);
      return result instanceof Response ? result : Response.json(result);
    },
  );
  const apiUrl = `http://127.0.0.1:${server.addr.port}${base}`;
  try {
    await use(createStripe({ ...CONFIG, apiUrl }), requests, apiUrl);
  } finally {
    await server.shutdown();
  }
}

/** Stripe's answer for an unknown id; the message quotes the id. */
export function missing(): Response {
  const error = {
    type: "invalid_request_error",
    code: "resource_missing",
    message: "No such object: 'sub_s3cret'",
  };
  return Response.json({ error }, { status: 404, headers: { "request-id": "req_1" } });
}

export function makeSubscription(changes: object = {}): Stripe.Subscription {
  return {
    id: "sub_1",
    object: "subscription",
    customer: "cus_1",
    status: "active",
    metadata: {},
    cancel_at: null,
    cancel_at_period_end: false,
    items: { object: "list", data: [makeItem("price_growth")] },
    ...changes,
  } as unknown as Stripe.Subscription;
}

export function makeItem(price: string, start = 1_793_491_200, end = 1_796_083_200) {
  return { price: { id: price }, current_period_start: start, current_period_end: end };
}

// deno-lint-ignore no-explicit-any
type Arguments = any;

/** The error of an SQL function that refuses its call. */
export class RefusedByDatabase extends Error {
  constructor(readonly code: string) {
    super("secret values of the row");
  }
}

/** A client with these SQL functions, and the calls that it received. */
export function makeDatabase(functions: Record<string, (args: Arguments) => unknown>) {
  const calls: [name: string, args: Arguments][] = [];
  const rpc = async (name: string, args: Arguments) => {
    // On the wire a property that is undefined disappears.
    const received = JSON.parse(JSON.stringify(args));
    calls.push([name, received]);
    const call = functions[name];
    if (call === undefined) throw new Error(`Unexpected call of ${name}()`);
    try {
      return { data: await call(received), error: null };
    } catch (error) {
      if (!(error instanceof RefusedByDatabase)) throw error;
      return { data: null, error: { code: error.code } };
    }
  };
  return { database: { rpc } as unknown as DatabaseClient, calls };
}
