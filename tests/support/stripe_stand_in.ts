/** A server in place of Stripe and a client in place of the database, for the unit tests of shared/billing. */
import type Stripe from "stripe";
import type { StripeConfig } from "../../shared/config.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import type { DatabaseClient } from "../../shared/database/client.ts";
import { createStripe } from "../../shared/billing/stripe.ts";

/** Two keys, as during a rotation: every id has two hashes. */
export const keys = await parseKeyRing(
  ["new", "old"].map((id, n) => `${id}:${btoa(String.fromCharCode(n).repeat(32))}`).join(","),
);

export const CONFIG: StripeConfig = {
  secretKey: "sk_test_s3cret",
  apiUrl: "http://127.0.0.1:1",
  prices: { starter: "price_starter", growth: "price_growth", scale: "price_scale" },
};

export const ADA = "a0000000-0000-4000-8000-000000000001";
export const BOB = "b0000000-0000-4000-8000-000000000002";

/** A request that the server received. */
export interface Asked {
  method: string;
  path: string;
  /** The query of a GET, the form of a POST. */
  parameters: Record<string, string>;
  headers: Headers;
}

/** Returns a `Response`, or a value that is sent as JSON. */
export type Answer = (asked: Asked) => unknown;

/** @param base The path in front of `/v1`. */
export async function withStripe(
  answer: Answer,
  use: (stripe: Stripe, asked: Asked[]) => Promise<void>,
  base = "",
): Promise<void> {
  const all: Asked[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      const asked = {
        method: request.method,
        path: url.pathname,
        parameters: Object.fromEntries(
          request.method === "GET" ? url.searchParams : new URLSearchParams(await request.text()),
        ),
        headers: new Headers(request.headers),
      };
      all.push(asked);
      const result = await answer(asked);
      return result instanceof Response ? result : Response.json(result);
    },
  );
  const apiUrl = `http://127.0.0.1:${server.addr.port}${base}`;
  try {
    await use(createStripe({ ...CONFIG, apiUrl }), all);
  } finally {
    await server.shutdown();
  }
}

/** Stripe's answer for an unknown id; its message quotes the id. */
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

export class RefusedByDatabase extends Error {
  constructor(readonly code: string) {
    super("secret values of the row");
  }
}

/** A client with these SQL functions, and the calls that it received. */
export function makeDatabase(functions: Record<string, (args: Arguments) => unknown>) {
  const calls: [name: string, args: Arguments][] = [];
  const rpc = async (name: string, args: Arguments) => {
    calls.push([name, args]);
    const call = functions[name];
    if (call === undefined) throw new Error(`Unexpected call of ${name}()`);
    try {
      return { data: await call(args), error: null };
    } catch (error) {
      if (!(error instanceof RefusedByDatabase)) throw error;
      return { data: null, error: { code: error.code } };
    }
  };
  return { database: { rpc } as unknown as DatabaseClient, calls };
}
