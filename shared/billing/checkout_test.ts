import assert from "node:assert/strict";
import {
  ADA,
  type Asked,
  BOB,
  CONFIG,
  keys,
  makeDatabase,
  missing,
  RefusedByDatabase,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { DatabaseError } from "../database/errors.ts";
import { Problem } from "../http/problem.ts";
import { beginCheckout, beginPortal, type CheckoutDependencies } from "./checkout.ts";
import { hashesOf, openId, sealId } from "./encrypted_ids.ts";
import type { PaidPlan } from "./plans.ts";
import { BillingError } from "./stripe.ts";

const COLUMN = "stripe_customers.stripe_customer_id";
const APP_URL = "https://app.example/billing?billing=old&tab=plan#top";

interface Session {
  id: string;
  customer: string;
  status: "open" | "complete" | "expired";
  url: string | null;
  metadata: Record<string, string> | null;
}

/** Stripe in memory: as much of it as the checkout asks. */
class Account {
  /** The newest first. */
  sessions: Session[] = [];
  /** Status by the customer's id. */
  subscriptions: Record<string, string[]> = {};
  customers: { id: string; user: string }[] = [];
  readonly #kept = new Map<string, { asked: string; answer: unknown }>();

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

  answer = (asked: Asked): unknown => {
    const { method, path, parameters, headers } = asked;
    const key = headers.get("idempotency-key");
    const known = key === null ? undefined : this.#kept.get(key);
    const text = path + JSON.stringify(parameters);
    if (known !== undefined) {
      return known.asked === text ? known.answer : Response.json({
        error: {
          type: "idempotency_error",
          message: "Keys can only be used with the same parameters",
        },
      }, { status: 400 });
    }
    const answer = this.#answerFirst(`${method} ${path.replace("/v1/", "")}`, parameters);
    if (key !== null) this.#kept.set(key, { asked: text, answer });
    return answer;
  };

  #answerFirst(call: string, parameters: Record<string, string>): unknown {
    const list = (data: unknown[]) => ({ object: "list", data, has_more: false });
    const { customer = "" } = parameters;
    switch (call) {
      case "GET customers/search": {
        const user = /^metadata\['user_id'\]:'([0-9a-f-]{36})'$/.exec(parameters.query ?? "")?.[1];
        return list(this.customers.filter((known) => known.user === user));
      }
      case "POST customers": {
        const made = { id: `cus_${this.customers.length + 1}` };
        this.customers.push({ ...made, user: parameters["metadata[user_id]"] ?? "" });
        return made;
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
        return { url: `https://portal.stripe.test/${customer}` };
    }
    const expired = /^POST checkout\/sessions\/(\w+)\/expire$/.exec(call)?.[1];
    const session = this.sessions.find(({ id, status }) => id === expired && status === "open");
    if (session === undefined) return missing();
    session.status = "expired";
    session.url = null;
    return session;
  }
}

/** A seller, whose customer may be stored already; `raced` is bound while one is made. */
async function withSeller(
  use: (world: {
    account: Account;
    asked: Asked[];
    calls: [name: string, args: Record<string, string>][];
    dependencies: CheckoutDependencies;
    begin: (plan: PaidPlan) => ReturnType<typeof beginCheckout>;
  }) => Promise<void>,
  { customer, raced }: { customer?: string; raced?: string } = { customer: "cus_1" },
): Promise<void> {
  const account = new Account();
  const seal = async (id: string) => (await sealId(keys, COLUMN, id)).text;
  let bound = customer === undefined ? null : await seal(customer);
  const { database, calls } = makeDatabase({
    get_stripe_customer: ({ p_user_id }) => {
      if (p_user_id !== ADA) throw new RefusedByDatabase("PT404");
      return { email: "ada@example.com", stripe_customer_id: bound };
    },
    store_stripe_customer: async ({ p_stripe_customer_id }) => {
      if (raced !== undefined) bound = await seal(raced);
      return bound ??= p_stripe_customer_id;
    },
  });
  await withStripe(account.answer, async (stripe, asked) => {
    const dependencies = { database, keys, stripe, config: CONFIG, appUrl: APP_URL };
    const begin = (plan: PaidPlan) => beginCheckout(dependencies, ADA, plan);
    await use({ account, asked, calls, dependencies, begin });
  });
}

const pathsOf = (asked: Asked[]) =>
  asked.map(({ method, path }) => `${method} ${path.replace("/v1/", "")}`);

const keyOf = (asked: Asked | undefined) => asked?.headers.get("idempotency-key");

const BEFORE = ["GET customers/cus_1", "GET subscriptions", "GET checkout/sessions"];

Deno.test("the first checkout makes the customer, binds it, and opens a session for the plan", async () => {
  await withSeller(async ({ account, asked, calls, begin }) => {
    assert.deepEqual(await begin("growth"), {
      url: "https://checkout.stripe.test/cs_1",
      kind: "checkout",
    });
    assert.deepEqual(pathsOf(asked), [
      "GET customers/search",
      "POST customers",
      ...BEFORE,
      "POST checkout/sessions",
    ]);
    const [search, create, , subscriptions, sessions, session] = asked;
    assert.deepEqual(search?.parameters, { query: `metadata['user_id']:'${ADA}'`, limit: "2" });
    assert.deepEqual(create?.parameters, { email: "ada@example.com", "metadata[user_id]": ADA });
    assert.equal(keyOf(create), `customer:${ADA}`);
    assert.deepEqual(subscriptions?.parameters, { customer: "cus_1", status: "all", limit: "100" });
    assert.deepEqual(sessions?.parameters, { customer: "cus_1", limit: "100" });
    assert.deepEqual(session?.parameters, {
      mode: "subscription",
      customer: "cus_1",
      "line_items[0][price]": "price_growth",
      "line_items[0][quantity]": "1",
      client_reference_id: ADA,
      "metadata[user_id]": ADA,
      "metadata[price]": "price_growth",
      "subscription_data[metadata][user_id]": ADA,
      success_url: "https://app.example/billing?billing=subscribed&tab=plan#top",
      cancel_url: "https://app.example/billing?billing=cancelled&tab=plan#top",
    });
    assert.equal(keyOf(session), "checkout:cus_1:first");
    assert.deepEqual(calls.map(([name]) => name), ["get_stripe_customer", "store_stripe_customer"]);
    const stored = calls[1]?.[1] ?? {};
    assert.equal(stored.p_user_id, ADA);
    assert.equal(await openId(keys, COLUMN, stored.p_stripe_customer_id ?? ""), "cus_1");
    const [hash] = await hashesOf(keys, COLUMN, "cus_1");
    assert.equal(stored.p_stripe_customer_id_hash, hash);
    assert.equal(account.customers.length, 1);
  }, {});
});

Deno.test("the price is that of the plan", async () => {
  for (const plan of ["starter", "growth", "scale"] as const) {
    await withSeller(async ({ account, begin }) => {
      await begin(plan);
      assert.equal(account.sessions[0]?.metadata?.price, `price_${plan}`);
    });
  }
});

Deno.test("a customer that is bound is used; one of a call whose answer was lost is found again", async () => {
  await withSeller(async ({ asked, begin }) => {
    await begin("growth");
    const [customer, ...more] = asked;
    assert.equal(pathsOf(asked)[0], "GET customers/cus_9");
    assert.ok(customer !== undefined && more.length === 3);
    assert.ok(more.every(({ parameters }) => parameters.customer === "cus_9"));
  }, { customer: "cus_9" });
  await withSeller(async ({ account, asked, begin }) => {
    account.customers = [{ id: "cus_of_bob", user: BOB }, { id: "cus_lost", user: ADA }];
    await begin("growth");
    assert.ok(!pathsOf(asked).includes("POST customers"));
    assert.equal(account.sessions[0]?.customer, "cus_lost");
  }, {});
});

Deno.test("where two calls make customers, the one that is bound is used by both", async () => {
  await withSeller(async ({ account, begin }) => {
    await begin("growth");
    assert.equal(account.sessions[0]?.customer, "cus_raced");
  }, { raced: "cus_raced" });
});

Deno.test("an open session for the same price is used again", async () => {
  await withSeller(async ({ account, asked, begin }) => {
    const first = await begin("growth");
    assert.deepEqual(await begin("growth"), first);
    assert.equal(account.sessions.length, 1);
    assert.deepEqual(pathsOf(asked).slice(4), BEFORE);
  });
});

Deno.test("open sessions for other prices are expired before there is a new one", async () => {
  await withSeller(async ({ account, asked, begin }) => {
    account.addSession({ metadata: { price: "price_starter" } });
    account.addSession({ metadata: { price: "price_growth" }, status: "expired", url: null });
    account.addSession({ metadata: null });
    account.addSession({ metadata: { price: "price_growth" }, status: "complete", url: null });
    account.addSession({ customer: "cus_of_bob", metadata: { price: "price_growth" } });
    assert.deepEqual(await begin("growth"), {
      url: "https://checkout.stripe.test/cs_6",
      kind: "checkout",
    });
    assert.deepEqual(pathsOf(asked), [
      ...BEFORE,
      "POST checkout/sessions/cs_3/expire",
      "POST checkout/sessions/cs_1/expire",
      "POST checkout/sessions",
    ]);
    assert.deepEqual(account.sessions.map(({ id, status }) => `${id} ${status}`), [
      ...[
        "cs_6 open",
        "cs_5 open",
        "cs_4 complete",
        "cs_3 expired",
        "cs_2 expired",
        "cs_1 expired",
      ],
    ]);
    assert.equal(keyOf(asked.at(-1)), "checkout:cus_1:cs_4");
  });
});

Deno.test("an open session without an address is of no use", async () => {
  await withSeller(async ({ account, begin }) => {
    account.addSession({ metadata: { price: "price_growth" }, url: null });
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_2");
    assert.equal(account.sessions[1]?.status, "expired");
  });
});

Deno.test("another plan, and the first one again: each time one session is open, with a key of its own", async () => {
  await withSeller(async ({ account, asked, begin }) => {
    const urls: string[] = [];
    for (const plan of ["starter", "growth", "starter", "starter", "growth"] as const) {
      urls.push((await begin(plan)).url);
      assert.equal(account.sessions.filter(({ status }) => status === "open").length, 1);
    }
    assert.deepEqual(urls.map((url) => url.at(-1)), ["1", "2", "3", "3", "4"]);
    const made = asked.filter(({ method, path }) =>
      method === "POST" && path.endsWith("/sessions")
    );
    assert.deepEqual(made.map(keyOf), [
      "checkout:cus_1:first",
      "checkout:cus_1:cs_1",
      "checkout:cus_1:cs_2",
      "checkout:cus_1:cs_3",
    ]);
  });
});

Deno.test("requests at the same time get one session together", async () => {
  for (const customer of [undefined, "cus_1"]) {
    await withSeller(async ({ account, begin }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => begin("growth")));
      assert.equal(new Set(answers.map(({ url }) => url)).size, 1);
      assert.equal(account.sessions.length, 1);
      assert.ok(account.customers.length <= 1);
    }, customer === undefined ? {} : { customer });
  }
});

Deno.test("who has a subscription that is not over is sent to the portal, and nothing is begun", async () => {
  const notOver = ["active", "trialing", "past_due", "unpaid", "incomplete", "paused", "brand_new"];
  for (const status of notOver) {
    await withSeller(async ({ account, asked, begin }) => {
      account.subscriptions = { cus_1: ["canceled", status, "incomplete_expired"] };
      account.addSession({ metadata: { price: "price_growth" } });
      assert.deepEqual(await begin("growth"), {
        url: "https://portal.stripe.test/cus_1",
        kind: "portal",
      });
      assert.deepEqual(pathsOf(asked), [
        "GET customers/cus_1",
        "GET subscriptions",
        "POST billing_portal/sessions",
      ]);
      assert.deepEqual(asked[2]?.parameters, {
        customer: "cus_1",
        return_url: "https://app.example/billing?billing=returned&tab=plan#top",
      });
      assert.equal(account.sessions.length, 1);
    });
  }
});

Deno.test("who had subscriptions that are over may subscribe again; others' do not count", async () => {
  await withSeller(async ({ account, begin }) => {
    account.subscriptions = { cus_1: ["canceled", "incomplete_expired"], cus_2: ["active"] };
    assert.equal((await begin("starter")).kind, "checkout");
  });
});

Deno.test("what Stripe or the database refuses is thrown, and no session is made", async () => {
  await withSeller(async ({ dependencies, asked }) => {
    await assert.rejects(beginCheckout(dependencies, BOB, "growth"), (error) => {
      assert.ok(error instanceof DatabaseError);
      return error.code === "PT404";
    });
    assert.deepEqual(asked, []);
  });
  // It was paid in the meantime: a second one would be paid too.
  await withSeller(async ({ account, asked, begin }) => {
    const open = account.addSession({ metadata: { price: "price_starter" } });
    Object.defineProperty(open, "status", { get: () => asked.length > 3 ? "complete" : "open" });
    await assert.rejects(begin("growth"), BillingError);
    assert.ok(!pathsOf(asked).includes("POST checkout/sessions"));
  });
});

Deno.test("a session without an address is an error", async () => {
  const { database } = makeDatabase({
    get_stripe_customer: async () => ({
      email: "ada@example.com",
      stripe_customer_id: (await sealId(keys, COLUMN, "cus_1")).text,
    }),
  });
  const answer = ({ method }: Asked) =>
    method === "GET" ? { object: "list", data: [] } : { id: "cs_s3cret", url: null };
  await withStripe(answer, async (stripe) => {
    const dependencies = { database, keys, stripe, config: CONFIG, appUrl: APP_URL };
    await assert.rejects(beginCheckout(dependencies, ADA, "growth"), (error) => {
      assert.doesNotMatch(String(error), /s3cret/);
      return true;
    });
  });
});

Deno.test("the portal is for who has a customer: without one there is nothing to change", async () => {
  await withSeller(async ({ dependencies, asked }) => {
    assert.deepEqual(await beginPortal(dependencies, ADA), {
      url: "https://portal.stripe.test/cus_1",
    });
    assert.deepEqual(pathsOf(asked), ["POST billing_portal/sessions"]);
    await assert.rejects(beginPortal(dependencies, BOB), { code: "PT404" });
  });
  await withSeller(async ({ dependencies, asked, calls }) => {
    await assert.rejects(beginPortal(dependencies, ADA), (error) => {
      assert.ok(error instanceof Problem);
      assert.deepEqual([error.status, error.code], [409, "no_subscription"]);
      return true;
    });
    assert.deepEqual(asked, []);
    assert.equal(calls.length, 1);
  }, {});
});

Deno.test("two visits to the portal are two sessions of the portal's", async () => {
  await withSeller(async ({ dependencies, asked }) => {
    await beginPortal(dependencies, ADA);
    await beginPortal(dependencies, ADA);
    assert.notEqual(keyOf(asked[0]), keyOf(asked[1]));
  });
});
