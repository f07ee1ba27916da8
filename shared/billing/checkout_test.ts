import assert from "node:assert/strict";
import {
  APP_URL,
  callsOf,
  Failure,
  idempotencyKeyOf,
  withSeller,
} from "../../tests/support/stripe_account.ts";
import {
  ADA,
  BOB,
  CONFIG,
  keys,
  makeDatabase,
  type StripeRequest,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { DatabaseError } from "../database/errors.ts";
import { beginCheckout } from "./checkout.ts";
import { decryptId, encryptId, idHashes } from "./encrypted_ids.ts";
import { BillingError, isRefused } from "./errors.ts";

const COLUMN = "stripe_customers.stripe_customer_id";

const BEFORE = ["GET customers/cus_1", "GET subscriptions", "GET checkout/sessions"];

Deno.test("the first checkout creates and stores the customer, and opens a session for the plan", async () => {
  await withSeller(async ({ account, requests, calls, begin }) => {
    assert.deepEqual(await begin("growth"), {
      url: "https://checkout.stripe.test/cs_1",
      kind: "checkout",
    });
    assert.deepEqual(callsOf(requests), [
      "GET customers/search",
      "POST customers",
      ...BEFORE,
      "POST checkout/sessions",
    ]);
    const [search, create, , subscriptions, sessions, session] = requests;
    assert.deepEqual(search?.parameters, { query: `metadata['user_id']:'${ADA}'`, limit: "100" });
    assert.deepEqual(create?.parameters, { email: "ada@example.com", "metadata[user_id]": ADA });
    assert.equal(idempotencyKeyOf(create), `customer:${ADA}:0`);
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
    assert.equal(idempotencyKeyOf(session), "checkout:cus_1:first:0");
    const stores = calls.filter(([name]) => name !== "get_stripe_customer");
    assert.deepEqual(stores.map(([name]) => name), ["store_stripe_customer"]);
    const stored = stores[0]?.[1] ?? {};
    assert.equal(stored.p_email, "ada@example.com");
    assert.equal(stored.p_user_id, ADA);
    assert.equal(await decryptId(keys, COLUMN, stored.p_stripe_customer_id ?? ""), "cus_1");
    const [hash] = idHashes(keys, COLUMN, "cus_1");
    assert.equal(stored.p_stripe_customer_id_hash, hash);
    assert.equal(account.customers.length, 1);
  }, {});
});

Deno.test("a checkout sells the price of the plan", async () => {
  for (const plan of ["starter", "growth", "scale"] as const) {
    await withSeller(async ({ account, begin }) => {
      await begin(plan);
      assert.equal(account.sessions[0]?.metadata?.price, `price_${plan}`);
    });
  }
});

Deno.test("a stored customer is used; a customer whose creation was never stored is found again", async () => {
  await withSeller(async ({ requests, begin }) => {
    await begin("growth");
    const [customer, ...more] = requests;
    assert.equal(callsOf(requests)[0], "GET customers/cus_9");
    assert.ok(customer !== undefined && more.length === 3);
    assert.ok(more.every(({ parameters }) => parameters.customer === "cus_9"));
  }, { customer: "cus_9" });
  await withSeller(async ({ account, requests, begin }) => {
    account.customers = [{ id: "cus_of_bob", user: BOB }, { id: "cus_lost", user: ADA }];
    await begin("growth");
    assert.ok(!callsOf(requests).includes("POST customers"));
    assert.equal(account.sessions[0]?.customer, "cus_lost");
  }, {});
});

Deno.test("of two customers created at once, both calls use the stored one", async () => {
  await withSeller(async ({ account, begin }) => {
    await begin("growth");
    assert.equal(account.sessions[0]?.customer, "cus_raced");
  }, { raced: "cus_raced" });
});

Deno.test("an open session for the same price is reused", async () => {
  await withSeller(async ({ account, requests, begin }) => {
    const first = await begin("growth");
    assert.deepEqual(await begin("growth"), first);
    assert.equal(account.sessions.length, 1);
    assert.deepEqual(callsOf(requests).slice(4), BEFORE);
  });
});

Deno.test("open sessions for other prices are expired before a new one is created", async () => {
  await withSeller(async ({ account, requests, begin }) => {
    account.addSession({ metadata: { price: "price_starter" } });
    account.addSession({ metadata: { price: "price_growth" }, status: "expired", url: null });
    account.addSession({ metadata: null });
    account.addSession({ metadata: { price: "price_growth" }, status: "complete", url: null });
    account.addSession({ customer: "cus_of_bob", metadata: { price: "price_growth" } });
    assert.deepEqual(await begin("growth"), {
      url: "https://checkout.stripe.test/cs_6",
      kind: "checkout",
    });
    assert.deepEqual(callsOf(requests), [
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
    assert.equal(idempotencyKeyOf(requests.at(-1)), "checkout:cus_1:cs_4:0");
  });
});

Deno.test("an open session without an address is replaced", async () => {
  await withSeller(async ({ account, begin }) => {
    account.addSession({ metadata: { price: "price_growth" }, url: null });
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_2");
    assert.equal(account.sessions[1]?.status, "expired");
  });
});

Deno.test("a seller who changes plans back and forth has one open session at a time, each with its own key", async () => {
  await withSeller(async ({ account, requests, begin }) => {
    const urls: string[] = [];
    for (const plan of ["starter", "growth", "starter", "starter", "growth"] as const) {
      urls.push((await begin(plan)).url);
      assert.equal(account.sessions.filter(({ status }) => status === "open").length, 1);
    }
    assert.deepEqual(urls.map((url) => url.at(-1)), ["1", "2", "3", "3", "4"]);
    const created = requests.filter(({ method, path }) =>
      method === "POST" && path.endsWith("/sessions")
    );
    assert.deepEqual(created.map(idempotencyKeyOf), [
      "checkout:cus_1:first:0",
      "checkout:cus_1:cs_1:0",
      "checkout:cus_1:cs_2:0",
      "checkout:cus_1:cs_3:0",
    ]);
  });
});

Deno.test("concurrent requests get one session", async () => {
  for (const customer of [undefined, "cus_1"]) {
    await withSeller(async ({ account, begin }) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => begin("growth")));
      assert.equal(new Set(answers.map(({ url }) => url)).size, 1);
      assert.equal(account.sessions.length, 1);
      assert.ok(account.customers.length <= 1);
    }, customer === undefined ? {} : { customer });
  }
});

Deno.test("a seller whose subscription has not ended gets the portal, and no session is created", async () => {
  const notEnded = [
    "active",
    "trialing",
    "past_due",
    "unpaid",
    "incomplete",
    "paused",
    "brand_new",
  ];
  for (const status of notEnded) {
    await withSeller(async ({ account, requests, begin }) => {
      account.subscriptions = { cus_1: ["canceled", status, "incomplete_expired"] };
      account.addSession({ metadata: { price: "price_growth" } });
      assert.deepEqual(await begin("growth"), {
        url: "https://portal.stripe.test/cus_1",
        kind: "portal",
      });
      assert.deepEqual(callsOf(requests), [
        "GET customers/cus_1",
        "GET subscriptions",
        "POST billing_portal/sessions",
      ]);
      assert.deepEqual(requests[2]?.parameters, {
        customer: "cus_1",
        return_url: "https://app.example/billing?billing=returned&tab=plan#top",
      });
      assert.equal(account.sessions.length, 1);
    });
  }
});

Deno.test("a seller whose subscriptions have ended may subscribe again; other customers do not count", async () => {
  await withSeller(async ({ account, begin }) => {
    account.subscriptions = { cus_1: ["canceled", "incomplete_expired"], cus_2: ["active"] };
    assert.equal((await begin("starter")).kind, "checkout");
  });
});

Deno.test("refusals of Stripe and of the database are thrown, and no session is created", async () => {
  await withSeller(async ({ dependencies, requests }) => {
    await assert.rejects(beginCheckout(dependencies, BOB, "growth"), (error) => {
      assert.ok(error instanceof DatabaseError);
      return error.code === "PT404";
    });
    assert.deepEqual(requests, []);
  });
  // The open session was paid in the meantime: the seller might pay a second one too.
  await withSeller(async ({ account, requests, begin }) => {
    const open = account.addSession({ metadata: { price: "price_starter" } });
    Object.defineProperty(open, "status", { get: () => requests.length > 3 ? "complete" : "open" });
    await assert.rejects(begin("growth"), BillingError);
    assert.ok(!callsOf(requests).includes("POST checkout/sessions"));
  });
});

Deno.test("a portal that Stripe refuses is one error at once; a session that is no longer open is looked at again", async () => {
  await withSeller(async ({ account, requests, begin }) => {
    account.subscriptions = { cus_1: ["active"] };
    account.failures["POST billing_portal/sessions"] = [new Failure(400)];
    await assert.rejects(begin("growth"), (error) => {
      return error instanceof BillingError && isRefused(error);
    });
    assert.deepEqual(callsOf(requests), [
      "GET customers/cus_1",
      "GET subscriptions",
      "POST billing_portal/sessions",
    ]);
  });
  await withSeller(async ({ account, begin }) => {
    account.addSession({ metadata: { price: "price_starter" } });
    account.failures["POST checkout/sessions/cs_1/expire"] = [new Failure(400)];
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_2");
    assert.equal(account.sessions[1]?.status, "expired");
  });
});

Deno.test("a session without an address is an error", async () => {
  const { database } = makeDatabase({
    get_stripe_customer: async () => ({
      email: "ada@example.com",
      attempt: 0,
      stripe_customer_id: (await encryptId(keys, COLUMN, "cus_1")).text,
    }),
  });
  const answer = ({ method }: StripeRequest) =>
    method === "GET" ? { object: "list", data: [] } : { id: "cs_s3cret", url: null };
  await withStripe(answer, async (stripe) => {
    const loadStripe = () => Promise.resolve(stripe);
    const dependencies = { database, keys, loadStripe, config: CONFIG, appUrl: APP_URL };
    await assert.rejects(beginCheckout(dependencies, ADA, "growth"), (error) => {
      assert.doesNotMatch(String(error), /s3cret/);
      return true;
    });
  });
});

Deno.test("a refused checkout does not pin the key: another plan and the same plan open afterwards", async () => {
  await withSeller(async ({ account, begin }) => {
    account.failures["POST checkout/sessions"] = [new Failure(400)];
    await assert.rejects(begin("growth"), BillingError);
    assert.deepEqual(account.sessions, []);
    assert.equal((await begin("starter")).url, "https://checkout.stripe.test/cs_1");
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_2");
    const open = account.sessions.filter(({ status }) => status === "open");
    assert.deepEqual(open.map(({ id }) => id), ["cs_2"]);
  });
});

Deno.test("a process that ended after a saved failure pins nothing: the next click passes it", async () => {
  for (const status of [400, 500]) {
    await withSeller(async ({ account, dependencies, begin }) => {
      // The failed call of another process, which did not raise the attempt.
      account.failures["POST checkout/sessions"] = [new Failure(status)];
      const { database } = dependencies;
      const crashed = makeDatabase({
        get_stripe_customer: async () =>
          (await database.rpc("get_stripe_customer", { p_user_id: ADA })).data,
      }).database;
      await assert.rejects(beginCheckout({ ...dependencies, database: crashed }, ADA, "growth"));
      assert.deepEqual(account.sessions, []);
      assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_1");
    });
  }
});

Deno.test("an internal error of a create is tried again under another key, once", async () => {
  await withSeller(async ({ account, begin }) => {
    account.failures["POST checkout/sessions"] = [new Failure(500)];
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_1");
  });
  await withSeller(async ({ account, requests, begin }) => {
    account.failures["POST checkout/sessions"] = [new Failure(500), new Failure(500)];
    await assert.rejects(begin("growth"), BillingError);
    const keys = requests.filter(({ method, path }) =>
      method === "POST" && path.endsWith("/sessions")
    )
      .map(idempotencyKeyOf);
    assert.deepEqual([...new Set(keys)], [0, 1].map((n) => `checkout:cus_1:first:${n}`));
    assert.equal((await begin("growth")).url, "https://checkout.stripe.test/cs_1");
  });
});

Deno.test("a refused customer does not pin the key, and eight clicks afterwards create one", async () => {
  for (const status of [400, 500]) {
    await withSeller(async ({ account, begin }) => {
      account.failures["POST customers"] = [new Failure(status), new Failure(status)];
      await assert.rejects(begin("growth"), BillingError);
      assert.deepEqual(account.customers, []);
      account.failures = {};
      const answers = await Promise.all(Array.from({ length: 8 }, () => begin("growth")));
      assert.equal(new Set(answers.map(({ url }) => url)).size, 1);
      assert.deepEqual([account.customers.length, account.sessions.length], [1, 1]);
    }, {});
  }
});
