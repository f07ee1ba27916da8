import assert from "node:assert/strict";
import type Stripe from "stripe";
import * as z from "zod/mini";
import {
  CONFIG,
  makeSubscription,
  missing,
  type StripeAnswer,
  withStripe,
} from "../../tests/support/stripe_stand_in.ts";
import { BillingError, isMissing } from "./errors.ts";
import { callStripe, listOf, readStripe } from "./stripe.ts";
import { createStripe } from "./stripe_client.ts";

const read = (stripe: Stripe) => callStripe(stripe.subscriptions.retrieve("sub_s3cret"));
const write = (stripe: Stripe, idempotencyKey?: string) =>
  callStripe(stripe.customers.create(
    { email: "s3cret@example.com" },
    idempotencyKey === undefined ? undefined : { idempotencyKey },
  ));

/** A Stripe error whose message quotes the request. */
const refusal =
  (status: number, error: object = {}, headers: Record<string, string> = {}): StripeAnswer => () =>
    Response.json(
      { error: { type: "api_error", message: "s3cret: No such customer: 'cus_s3cret'", ...error } },
      { status, headers: { "request-id": "req_1", ...headers } },
    );

const page = (status: number, body = "<html>s3cret</html>"): StripeAnswer => () =>
  new Response(body, { status });

/** The answers in their order; the last one repeats. */
function inTurn(...answers: [StripeAnswer, ...StripeAnswer[]]): StripeAnswer {
  let next = 0;
  return (request) => (answers[next++] ?? answers.at(-1) as StripeAnswer)(request);
}

const ok: StripeAnswer = () => makeSubscription();

/** Shortens timers of at most `longest` ms, so no test waits between attempts. `delays`: the requested ones. */
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
  // Nothing that could be printed contains it.
  assert.doesNotMatch(Deno.inspect(error, { depth: 9, showHidden: true }), /s3cret/);
  assert.equal(error.cause, undefined);
  return error;
}

Deno.test("createStripe() puts the path of the base URL in front of the API's own", async () => {
  for (const base of ["", "/", "/base", "/base/", "/a/b%20c"]) {
    await withStripe(ok, async (stripe, requests) => {
      assert.equal((await read(stripe)).id, "sub_1");
      await callStripe(stripe.subscriptions.list({ customer: "cus_1", status: "all" }));
      const prefix = base.replace(/\/$/, "");
      assert.deepEqual(requests.map(({ method, path }) => `${method} ${path}`), [
        `GET ${prefix}/v1/subscriptions/sub_s3cret`,
        `GET ${prefix}/v1/subscriptions`,
      ]);
      assert.deepEqual(requests[1]?.parameters, { customer: "cus_1", status: "all" });
    }, base);
  }
});

Deno.test("createStripe() uses the host, port and protocol of the base URL", async () => {
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

Deno.test("createStripe() sends the key, and no telemetry about earlier calls", async () => {
  const answer = () => Response.json(makeSubscription(), { headers: { "request-id": "req_1" } });
  await withStripe(answer, async (stripe, requests) => {
    await read(stripe);
    await read(stripe);
    for (const { headers } of requests) {
      assert.equal(headers.get("authorization"), "Bearer sk_test_s3cret");
      assert.equal(headers.get("x-stripe-client-telemetry"), null);
      assert.match(headers.get("stripe-version") ?? "", /^\d{4}-\d\d-\d\d\./);
    }
  });
});

/** Answers of Stripe, and the error that each becomes. */
const ERRORS: [StripeAnswer, message: string, code: string, status: number][] = [
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
  [page(200), "Stripe: StripeAPIError unreadable_answer 200", "unreadable_answer", 200],
];

Deno.test("callStripe() keeps type, code, status and request id of an error, but neither message nor ids", async () => {
  for (const [answer, message, code, status] of ERRORS) {
    await withStripe(answer, async (stripe, requests) => {
      const error = await errorOf(read(stripe));
      assert.deepEqual([error.name, error.message, error.code, error.status], [
        "BillingError",
        message,
        code,
        status,
      ]);
      assert.equal(requests.length, 1);
    });
  }
});

Deno.test("callStripe() passes on values and errors of other origins", async () => {
  assert.equal(await callStripe(Promise.resolve(5)), 5);
  const error = new TypeError("mine");
  await assert.rejects(callStripe(Promise.reject(error)), (thrown) => thrown === error);
});

Deno.test("an answer with an error status is an error, whatever its body", async () => {
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

Deno.test("isMissing() recognizes resource_missing, and no other error", async () => {
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

Deno.test("a call that failed for the moment is repeated twice with one Idempotency-Key", async () => {
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
        await withStripe(inTurn(answer, answer, ok), async (stripe, requests) => {
          await call(stripe, key);
          const sent = requests.map(({ headers }) => headers.get("idempotency-key"));
          assert.equal(sent.length, 3);
          assert.equal(new Set(sent).size, 1);
          if (call === read) assert.equal(sent[0], null);
          else if (key === undefined) {
            assert.match(sent[0] ?? "", /^stripe-node-retry-[0-9a-f-]{36}$/);
          } else assert.equal(sent[0], "mine");
          assert.deepEqual(requests[2]?.parameters, requests[0]?.parameters);
        });
        await withStripe(answer, async (stripe, requests) => {
          await errorOf(call(stripe, key));
          assert.equal(requests.length, 3, "it gives up");
        });
      }
    }
    const waits = delays.filter((delay) => delay > 0 && delay < 5000);
    assert.ok(waits.length >= passing.length * 3 * 4 && waits.every((wait) => wait >= 500));
  });
});

Deno.test("two calls of one kind have two keys", async () => {
  await withStripe(ok, async (stripe, requests) => {
    await write(stripe);
    await write(stripe);
    const [first, second] = requests.map(({ headers }) => headers.get("idempotency-key"));
    assert.ok(first && second);
    assert.notEqual(first, second);
  });
});

Deno.test("a final refusal is not repeated", async () => {
  const final = [
    ...[400, 401, 402, 403, 404, 429].map((status) => refusal(status)),
    refusal(500, {}, { "stripe-should-retry": "false" }),
  ];
  for (const answer of final) {
    for (const call of [read, write]) {
      await withStripe(answer, async (stripe, requests) => {
        await errorOf(call(stripe));
        assert.equal(requests.length, 1);
      });
    }
  }
});

Deno.test("a missing or endless answer is an error after ten seconds, three times", async () => {
  const endless = () =>
    new Response(new ReadableStream({ start: (part) => part.enqueue(new Uint8Array(1)) }));
  for (const kind of ["answer", "end"]) {
    const release = Promise.withResolvers<Response>();
    await withShortTimers(10_000, async (delays) => {
      await withStripe(
        () => kind === "answer" ? release.promise.then((response) => response.clone()) : endless(),
        async (stripe, requests) => {
          const { message, status, code } = await errorOf(write(stripe));
          assert.deepEqual([message, status, code], ["Stripe: StripeConnectionError", 0, ""]);
          assert.equal(requests.length, kind === "answer" ? 3 : requests.length);
          assert.ok(delays.includes(10_000));
          release.resolve(new Response());
        },
      );
    });
  }
});

Deno.test("an unreachable server is an error without a status", async () => {
  await withShortTimers(5000, async () => {
    const { message, status } = await errorOf(read(createStripe(CONFIG)));
    assert.deepEqual([message, status], ["Stripe: StripeConnectionError", 0]);
  });
});

Deno.test("a redirect is not followed, and does not count as a success: no other host receives the key", async () => {
  await withStripe(ok, async (_, strangers, otherUrl) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const headers = { location: `${otherUrl}/v1/customers` };
      for (const body of [null, JSON.stringify(makeSubscription()), "<html>s3cret</html>"]) {
        await withStripe(
          () => new Response(body, { status, headers }),
          async (stripe, requests) => {
            for (
              const call of [() => read(stripe), () => write(stripe), () => write(stripe, "k")]
            ) {
              const error = await errorOf(call());
              assert.deepEqual([error.code, error.status], ["unexpected_redirect", status]);
            }
            assert.equal(requests.length, 3, "each call was sent once");
          },
        );
      }
    }
    assert.deepEqual(strangers, []);
  });
});

Deno.test("an answer of Stripe without sense is an error, and does not end the process", async () => {
  const senseless = [
    ...["", "s3cret", "null", "5", "true", '"s3cret"', "[]", "[null]", "{}", '{"s3cret":1}'],
    ...['{"id":""}', '{"id":5}', '{"data":{}}', '{"data":null}', '{"error":5}', '{"error":[]}'],
    ...["[".repeat(5000), `{"id":"sub_1","deep":${"[".repeat(200)}${"]".repeat(200)}}`],
  ];
  for (const body of senseless) {
    await withStripe(() => new Response(body), async (stripe, requests) => {
      for (const call of [read, write]) {
        const error = await errorOf(call(stripe));
        assert.deepEqual([error.code, error.status], ["unreadable_answer", 200], body.slice(0, 40));
      }
      assert.equal(requests.length, 2);
    });
  }
  await withShortTimers(5000, async () => {
    for (const body of ["null", "5", '"s3cret"']) {
      await withStripe(page(503, body), async (stripe) => {
        assert.equal((await errorOf(read(stripe))).status, 503);
      });
    }
  });
});

Deno.test("readStripe() checks what its caller reads", async () => {
  const Page = listOf(z.looseObject({ id: z.string() }));
  assert.equal((await readStripe(Page, Promise.resolve({ data: [{ id: "a" }] }))).data.length, 1);
  for (const answer of [{ data: [null] }, { data: [{ id: 5 }] }, { id: "sub_s3cret" }]) {
    const error = await errorOf(readStripe(Page, Promise.resolve(answer)));
    assert.deepEqual([error.code, error.status], ["unreadable_answer", 200]);
  }
});
