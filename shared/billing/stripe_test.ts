import assert from "node:assert/strict";
import type Stripe from "stripe";
import {
  type Answer,
  CONFIG,
  makeSubscription,
  missing,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { ask, BillingError, createStripe, isMissing } from "./stripe.ts";

const read = (stripe: Stripe) => ask(stripe.subscriptions.retrieve("sub_s3cret"));
const write = (stripe: Stripe, idempotencyKey?: string) =>
  ask(stripe.customers.create(
    { email: "s3cret@example.com" },
    idempotencyKey === undefined ? undefined : { idempotencyKey },
  ));

/** An error of Stripe's own; its message quotes what it was asked. */
const refusal =
  (status: number, error: object = {}, headers: Record<string, string> = {}): Answer => () =>
    Response.json(
      { error: { type: "api_error", message: "s3cret: No such customer: 'cus_s3cret'", ...error } },
      { status, headers: { "request-id": "req_1", ...headers } },
    );

const page = (status: number, body = "<html>s3cret</html>"): Answer => () =>
  new Response(body, { status });

/** One answer after the other; the last one again and again. */
function inTurn(...answers: [Answer, ...Answer[]]): Answer {
  let next = 0;
  return (asked) => (answers[next++] ?? answers.at(-1) as Answer)(asked);
}

const ok: Answer = () => makeSubscription();

/** Timers as short as these are shortened, so that nobody waits between attempts. Returns what was asked for. */
async function withShortTimers(longest: number, use: (delays: number[]) => Promise<void>) {
  const { setTimeout: real } = globalThis;
  const delays: number[] = [];
  const short = (callback: () => void, delay = 0, ...rest: []) => {
    delays.push(delay);
    return real(callback, delay <= longest ? delay / 100 : delay, ...rest);
  };
  globalThis.setTimeout = short as typeof setTimeout;
  try {
    await use(delays);
  } finally {
    globalThis.setTimeout = real;
  }
}

async function errorOf(call: Promise<unknown>): Promise<BillingError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof BillingError, `${error}`);
  // Not in anything that could be printed of it.
  assert.doesNotMatch(Deno.inspect(error, { depth: 9, showHidden: true }), /s3cret/);
  assert.equal(error.cause, undefined);
  return error;
}

Deno.test("createStripe() puts the path of the base URL in front of the API's own", async () => {
  for (const base of ["", "/", "/base", "/base/", "/a/b%20c"]) {
    await withStripe(ok, async (stripe, asked) => {
      assert.equal((await read(stripe)).id, "sub_1");
      await ask(stripe.subscriptions.list({ customer: "cus_1", status: "all" }));
      const prefix = base.replace(/\/$/, "");
      assert.deepEqual(asked.map(({ method, path }) => `${method} ${path}`), [
        `GET ${prefix}/v1/subscriptions/sub_s3cret`,
        `GET ${prefix}/v1/subscriptions`,
      ]);
      assert.deepEqual(asked[1]?.parameters, { customer: "cus_1", status: "all" });
    }, base);
  }
});

Deno.test("createStripe() asks the host, port and protocol of the base URL", async () => {
  const cases: [apiUrl: string, url: string][] = [
    ["https://api.stripe.com", "https://api.stripe.com/v1/"],
    ["http://stripe.test", "http://stripe.test/v1/"],
    ["https://stripe.test:8443/base", "https://stripe.test:8443/base/v1/"],
    ["http://127.0.0.1:12111", "http://127.0.0.1:12111/v1/"],
    ["http://stripe.test:443", "http://stripe.test:443/v1/"],
    ["https://stripe.test:80", "https://stripe.test:80/v1/"],
    ["http://[::1]:12111", "http://[::1]:12111/v1/"],
  ];
  const { fetch: real } = globalThis;
  const urls: string[] = [];
  globalThis.fetch = (input) => {
    urls.push(String(input));
    return Promise.resolve(Response.json(makeSubscription()));
  };
  try {
    for (const [apiUrl] of cases) await read(createStripe({ ...CONFIG, apiUrl }));
  } finally {
    globalThis.fetch = real;
  }
  assert.deepEqual(urls, cases.map(([, url]) => `${url}subscriptions/sub_s3cret`));
});

Deno.test("createStripe() signs in with the key, and tells Stripe nothing of calls before", async () => {
  const answer = () => Response.json(makeSubscription(), { headers: { "request-id": "req_1" } });
  await withStripe(answer, async (stripe, asked) => {
    await read(stripe);
    await read(stripe);
    for (const { headers } of asked) {
      assert.equal(headers.get("authorization"), "Bearer sk_test_s3cret");
      assert.equal(headers.get("x-stripe-client-telemetry"), null);
      assert.match(headers.get("stripe-version") ?? "", /^\d{4}-\d\d-\d\d\./);
    }
  });
});

Deno.test("ask() keeps type, code, status and request id of an error, and no message and no id", async () => {
  const cases: [Answer, message: string, code: string, status: number][] = [
    [
      refusal(404, {
        type: "invalid_request_error",
        code: "resource_missing",
        param: "cus_s3cret",
      }),
      "Stripe: StripeInvalidRequestError resource_missing 404 req_1",
      "resource_missing",
      404,
    ],
    [
      refusal(402, { type: "card_error", code: "card_declined", charge: "ch_s3cret" }),
      "Stripe: StripeCardError card_declined 402 req_1",
      "card_declined",
      402,
    ],
    [
      refusal(401, { type: "invalid_request_error" }),
      "Stripe: StripeAuthenticationError 401 req_1",
      "",
      401,
    ],
    [
      refusal(429, { type: "invalid_request_error", code: "rate_limit" }),
      "Stripe: StripeRateLimitError rate_limit 429 req_1",
      "rate_limit",
      429,
    ],
    [
      refusal(400, { type: "idempotency_error" }),
      "Stripe: StripeIdempotencyError 400 req_1",
      "",
      400,
    ],
    [
      refusal(400, { type: "something_new", code: "newer" }),
      "Stripe: StripeInvalidRequestError newer 400 req_1",
      "newer",
      400,
    ],
    [
      refusal(500, {}, { "stripe-should-retry": "false" }),
      "Stripe: StripeAPIError 500 req_1",
      "",
      500,
    ],
    [page(400), "Stripe: StripeAPIError", "", 0],
    [page(200), "Stripe: StripeAPIError", "", 0],
  ];
  for (const [answer, message, code, status] of cases) {
    await withStripe(answer, async (stripe, asked) => {
      const error = await errorOf(read(stripe));
      assert.deepEqual([error.name, error.message, error.code, error.status], [
        "BillingError",
        message,
        code,
        status,
      ]);
      assert.equal(asked.length, 1);
    });
  }
});

Deno.test("ask() passes on what is no error of Stripe's", async () => {
  assert.equal(await ask(Promise.resolve(5)), 5);
  const error = new TypeError("mine");
  await assert.rejects(ask(Promise.reject(error)), (thrown) => thrown === error);
});

Deno.test("an answer that is an error by its status is no success, whatever is in it", async () => {
  await withShortTimers(5000, async () => {
    for (const status of [400, 403, 404, 500, 502, 503]) {
      for (const body of ["{}", '{"message":"s3cret"}', '{"id":"sub_1","error":null}', "[]"]) {
        await withStripe(page(status, body), async (stripe) => {
          const error = await errorOf(read(stripe));
          assert.deepEqual([error.status, error.code, isMissing(error)], [status, "", false]);
        });
      }
    }
  });
});

Deno.test("isMissing() is what Stripe says it does not have, and no other error", async () => {
  await withStripe(missing, async (stripe) => assert.ok(isMissing(await errorOf(read(stripe)))));
  await withStripe(
    refusal(404),
    async (stripe) => assert.ok(!isMissing(await errorOf(read(stripe)))),
  );
  for (
    const odd of [undefined, null, "resource_missing", { code: "resource_missing" }, new Error("x")]
  ) {
    assert.equal(isMissing(odd), false);
  }
});

Deno.test("what failed for the moment is sent again, twice, with one Idempotency-Key", async () => {
  const passing = [
    refusal(409),
    refusal(500),
    refusal(503),
    page(502),
    refusal(400, {}, {
      "stripe-should-retry": "true",
    }),
  ];
  await withShortTimers(5000, async (delays) => {
    for (const answer of passing) {
      for (const [key, call] of [[undefined, write], ["mine", write], [undefined, read]] as const) {
        await withStripe(inTurn(answer, answer, ok), async (stripe, asked) => {
          await call(stripe, key);
          const sent = asked.map(({ headers }) => headers.get("idempotency-key"));
          assert.equal(sent.length, 3);
          assert.equal(new Set(sent).size, 1);
          if (call === read) assert.equal(sent[0], null);
          else if (key === undefined) {
            assert.match(sent[0] ?? "", /^stripe-node-retry-[0-9a-f-]{36}$/);
          } else assert.equal(sent[0], "mine");
          assert.deepEqual(asked[2]?.parameters, asked[0]?.parameters);
        });
        await withStripe(answer, async (stripe, asked) => {
          await errorOf(call(stripe, key));
          assert.equal(asked.length, 3, "it gives up");
        });
      }
    }
    const waits = delays.filter((delay) => delay > 0 && delay < 5000);
    assert.ok(waits.length >= passing.length * 3 * 4 && waits.every((wait) => wait >= 500));
  });
});

Deno.test("two calls of one kind have two keys: the second is not taken for the first", async () => {
  await withStripe(ok, async (stripe, asked) => {
    await write(stripe);
    await write(stripe);
    const [first, second] = asked.map(({ headers }) => headers.get("idempotency-key"));
    assert.ok(first && second);
    assert.notEqual(first, second);
  });
});

Deno.test("what is refused for good is not sent again", async () => {
  const final = [
    ...[400, 401, 402, 403, 404, 429].map((status) => refusal(status)),
    refusal(500, {}, { "stripe-should-retry": "false" }),
  ];
  for (const answer of final) {
    for (const call of [read, write]) {
      await withStripe(answer, async (stripe, asked) => {
        await errorOf(call(stripe));
        assert.equal(asked.length, 1);
      });
    }
  }
});

Deno.test("an answer that does not come is an error after ten seconds, three times", async () => {
  // Both of a call that is never answered, and of an answer that never ends.
  const endless = () =>
    new Response(new ReadableStream({ start: (part) => part.enqueue(new Uint8Array(1)) }));
  for (const kind of ["answer", "end"]) {
    const release = Promise.withResolvers<Response>();
    await withShortTimers(10_000, async (delays) => {
      await withStripe(
        () => kind === "answer" ? release.promise.then((response) => response.clone()) : endless(),
        async (stripe, asked) => {
          const { message, status, code } = await errorOf(write(stripe));
          assert.deepEqual([message, status, code], ["Stripe: StripeConnectionError", 0, ""]);
          assert.equal(asked.length, kind === "answer" ? 3 : asked.length);
          assert.ok(delays.includes(10_000));
          release.resolve(new Response());
        },
      );
    });
  }
});

Deno.test("a server that is not there is an error without a status", async () => {
  await withShortTimers(5000, async () => {
    const { message, status } = await errorOf(read(createStripe(CONFIG)));
    assert.deepEqual([message, status], ["Stripe: StripeConnectionError", 0]);
  });
});
