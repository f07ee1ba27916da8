/** A Stripe account in memory, for the unit tests of checkout and portal. */
import { beginCheckout } from "../../shared/billing/checkout.ts";
import type { BillingPageDependencies } from "../../shared/billing/dependencies.ts";
import { encryptId } from "../../shared/billing/encrypted_ids.ts";
import type { PaidPlan } from "../../shared/billing/plans.ts";
import {
  ADA,
  CONFIG,
  keys,
  makeDatabase,
  missing,
  RefusedByDatabase,
  type StripeRequest,
  withStripe,
} from "./stripe_stand_in.ts";

export const APP_URL = "https://app.example/billing?billing=old&tab=plan#top";

interface Session {
  id: string;
  customer: string;
  status: "open" | "complete" | "expired";
  url: string | null;
  metadata: Record<string, string> | null;
}

/** An error that Stripe saves for its Idempotency-Key. */
export class Failure {
  constructor(readonly status: number) {}
}

function toResponse({ status }: Failure, isReplayed: boolean): Response {
  const type = status < 500 ? "invalid_request_error" : "api_error";
  const headers = isReplayed ? { "idempotent-replayed": "true" } : {};
  return Response.json({ error: { type, message: "refused" } }, {
    status,
    headers: headers as HeadersInit,
  });
}

/** The part of Stripe that checkout and portal call. */
export class StripeAccount {
  /** The newest first. */
  sessions: Session[] = [];
  /** Statuses by customer id. */
  subscriptions: Record<string, string[]> = {};
  customers: { id: string; user: string }[] = [];
  /** Failures of the next calls, by call. */
  failures: Record<string, Failure[]> = {};
  readonly #answers = new Map<string, { request: string; answer: unknown }>();

  addSession(changes: Partial<Session> = {}): Session {
    const id = `cs_${this.sessions.length + 1}`;
    const url = `https://checkout.stripe.test/${id}`;
    const session = {
      id,
      customer: "cus_1",
      status: "open" as const,
      url,
      metadata: {},
      ...changes,
    };
    this.sessions.unshift(session);
    return session;
  }

  /** Repeats the answer of an Idempotency-Key, and refuses the key for another request. */
  answer = ({ method, path, parameters, headers }: StripeRequest): unknown => {
    const key = headers.get("idempotency-key");
    const known = key === null ? undefined : this.#answers.get(key);
    const request = path + JSON.stringify(parameters);
    if (known !== undefined) {
      if (known.request === request) {
        return known.answer instanceof Failure ? toResponse(known.answer, true) : known.answer;
      }
      return Response.json({
        error: {
          type: "idempotency_error",
          message: "Keys can only be used with the same parameters",
        },
      }, { status: 400 });
    }
    const call = `${method} ${path.replace("/v1/", "")}`;
    const failure = this.failures[call]?.shift();
    const answer = failure ?? this.#answerOnce(call, parameters);
    // As Stripe: the first answer is kept, a failure too.
    if (key !== null) this.#answers.set(key, { request, answer });
    return failure === undefined ? answer : toResponse(failure, false);
  };

  #answerOnce(call: string, parameters: Record<string, string>): unknown {
    const list = (data: unknown[]) => ({ object: "list", data, has_more: false });
    const { customer = "" } = parameters;
    switch (call) {
      case "GET customers/search": {
        const user = /^metadata\['user_id'\]:'([0-9a-f-]{36})'$/.exec(parameters.query ?? "")?.[1];
        return list(this.customers.filter((known) => known.user === user));
      }
      case "POST customers": {
        const created = { id: `cus_${this.customers.length + 1}`, email: parameters.email };
        this.customers.push({ id: created.id, user: parameters["metadata[user_id]"] ?? "" });
        return created;
      }
      case "GET subscriptions": {
        const statuses = this.subscriptions[customer] ?? [];
        const live = (status: string) => parameters.status === "all" || status !== "canceled";
        return list(statuses.filter(live).map((status, n) => ({ id: `sub_${n}`, status })));
      }
      case "GET checkout/sessions":
        return list(this.sessions.filter((session) => session.customer === customer));
      case "POST checkout/sessions": {
        const entries = Object.entries(parameters)
          .map(([name, value]) => [/^metadata\[(\w+)\]$/.exec(name)?.[1], value])
          .filter(([name]) => name !== undefined);
        return this.addSession({ customer, metadata: Object.fromEntries(entries) });
      }
      case "POST billing_portal/sessions":
        return { id: "bps_1", url: `https://portal.stripe.test/${customer}` };
    }
    const expired = /^POST checkout\/sessions\/(\w+)\/expire$/.exec(call)?.[1];
    const session = this.sessions.find(({ id, status }) => id === expired && status === "open");
    if (session === undefined) return missing();
    session.status = "expired";
    session.url = null;
    return session;
  }
}

export interface BillingWorld {
  account: StripeAccount;
  requests: StripeRequest[];
  calls: [name: string, args: Record<string, string>][];
  dependencies: BillingPageDependencies;
  /** Begins Ada's checkout. */
  begin: (plan: PaidPlan) => ReturnType<typeof beginCheckout>;
}

/**
 * Runs `use` with Ada as the only seller.
 * @param customer Ada's stored customer, if she has one.
 * @param raced A customer that another request stores while one is being created.
 */
export async function withSeller(
  use: (world: BillingWorld) => Promise<void>,
  { customer, raced }: { customer?: string; raced?: string } = { customer: "cus_1" },
): Promise<void> {
  const account = new StripeAccount();
  const encrypted = async (id: string) =>
    (await encryptId(keys, "stripe_customers.stripe_customer_id", id)).text;
  let attempt = 0;
  let stored = customer === undefined ? null : await encrypted(customer);
  const { database, calls } = makeDatabase({
    get_stripe_customer: ({ p_user_id }) => {
      if (p_user_id !== ADA) throw new RefusedByDatabase("PT404");
      return { email: "ada@example.com", stripe_customer_id: stored, attempt };
    },
    raise_stripe_attempt: ({ p_failed }) => attempt = Math.max(attempt, Number(p_failed) + 1),
    store_stripe_customer: async ({ p_stripe_customer_id }) => {
      if (raced !== undefined) stored = await encrypted(raced);
      return stored ??= p_stripe_customer_id;
    },
  });
  await withStripe(account.answer, async (stripe, requests) => {
    const loadStripe = () => Promise.resolve(stripe);
    const dependencies = { database, keys, loadStripe, config: CONFIG, appUrl: APP_URL };
    const begin = (plan: PaidPlan) => beginCheckout(dependencies, ADA, plan);
    await use({ account, requests, calls, dependencies, begin });
  });
}

/** "METHOD path" of each request. */
export const callsOf = (requests: StripeRequest[]) =>
  requests.map(({ method, path }) => `${method} ${path.replace("/v1/", "")}`);

export const idempotencyKeyOf = (request: StripeRequest | undefined) =>
  request?.headers.get("idempotency-key");
