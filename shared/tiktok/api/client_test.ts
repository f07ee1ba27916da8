import assert from "node:assert/strict";
import * as z from "zod/mini";
import { TikTokClient, type TikTokClientOptions } from "./client.ts";
import { TikTokError } from "./errors.ts";
import { signApiRequest } from "./signing.ts";

const CONFIG = { appKey: "key", appSecret: "top-secret", authUrl: "http://127.0.0.1:1" };
const SHOP = { accessToken: "TTP_token", shopCipher: "cipher" };

/** A request that the server received. */
interface Seen {
  method: string;
  url: URL;
  headers: Headers;
  body: Uint8Array;
}

type Answer = () => Response | Promise<Response>;

/**
 * A client, the requests of its server, and the client's waits between them; its clock only moves by these
 * waits.
 */
async function withServer(
  answer: Answer,
  use: (client: TikTokClient, requests: Seen[], waits: number[]) => Promise<void>,
  { now = 1_790_000_000_000, timeoutMs = 200, ...config } = {} as
    & Partial<typeof CONFIG>
    & { now?: number; timeoutMs?: number },
): Promise<void> {
  const requests: Seen[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.bytes();
      const { method, url, headers } = request;
      requests.push({ method, url: new URL(url), headers: new Headers(headers), body });
      return await answer();
    },
  );
  const apiUrl = `http://127.0.0.1:${server.addr.port}/base`;
  const waits: number[] = [];
  let clock = now;
  const options: TikTokClientOptions = {
    timeoutMs,
    now: () => clock,
    wait: (ms) => {
      waits.push(ms);
      clock += ms;
      return Promise.resolve();
    },
  };
  try {
    await use(new TikTokClient({ ...CONFIG, ...config, apiUrl }, options), requests, waits);
  } finally {
    await server.shutdown();
  }
}

const ok: Answer = () => Response.json({ code: 0, data: {} });

/** A response of TikTok. */
const refusal = (code: number, status = 200, headers: HeadersInit = {}): Answer => () =>
  Response.json({ code, message: "no", request_id: "r1" }, { status, headers });

/** A response of a proxy before TikTok, without envelope. */
const page = (status: number, headers: HeadersInit = {}): Answer => () =>
  new Response("<html>", { status, headers });

/** Responses in their order; the last one is repeated. */
function inTurn(...answers: [Answer, ...Answer[]]): Answer {
  let next = 0;
  return () => (answers[next++] ?? answers.at(-1) as Answer)();
}

async function errorOf(call: Promise<unknown>): Promise<TikTokError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof TikTokError);
  assert.doesNotMatch(error.message, /top-secret|TTP_token|sign=|http/);
  return error;
}

Deno.test("getOrders() signs the API's path, also where the base URL has one of its own", async () => {
  await withServer(
    () => Response.json({ code: 0, data: {} }),
    async (client, requests) => {
      const { orders } = await client.getOrders(SHOP, ["576461413038785752", "576461413038785753"]);
      assert.equal(orders.size, 0);
      const [{ url, headers }] = requests as [Seen];
      assert.equal(url.pathname, "/base/order/202309/orders");
      assert.equal(url.searchParams.get("ids"), "576461413038785752,576461413038785753");
      assert.equal(url.searchParams.get("timestamp"), "1790000000");
      const query = Object.fromEntries(url.searchParams);
      const path = "/order/202309/orders";
      assert.equal(query.sign, await signApiRequest({ path, query }, "top-secret"));
      assert.equal(headers.get("x-tts-access-token"), "TTP_token");
    },
  );
});

Deno.test("getOrders() keeps every digit of ids that are numbers above 2^53", async () => {
  await withServer(
    () =>
      new Response('{"code":0,"data":{"orders":[{"id":576461413038785753,"status":"UNPAID"}]}}'),
    async (client) => {
      const { orders } = await client.getOrders(SHOP, ["576461413038785753"]);
      assert.deepEqual([...orders.keys()], ["576461413038785753"]);
    },
  );
});

Deno.test("getOrders() returns the readable orders, and the odd one with its own error", async () => {
  const odd = { id: "2", status: "UNPAID", line_items: [{ id: "21", sale_price: "Rosa" }] };
  const orders = [{ id: "1", status: "UNPAID" }, odd, null, { id: "3", status: "ON_HOLD" }];
  await withServer(() => Response.json({ code: 0, data: { orders } }), async (client) => {
    const answer = await client.getOrders(SHOP, ["1", "2", "3"]);
    assert.deepEqual([...answer.orders.keys()], ["1", "3"]);
    assert.deepEqual(answer.unreadable.map(({ id }) => id), ["2", null]);
    const message = answer.unreadable[0]?.error.message ?? "";
    assert.match(message, /element 2 .*line_items\.0\.sale_price/s);
    assert.doesNotMatch(message, /Rosa/);
  });
});

Deno.test("searchOrders() returns the readable orders, the odd ones, and the token of the next page", async () => {
  const orders = [{ id: "1", update_time: 5 }, { id: "2", update_time: "soon" }, "3"];
  const data = { orders, next_page_token: "next" };
  await withServer(() => Response.json({ code: 0, data }), async (client) => {
    const page = await client.searchOrders(SHOP, { from: 1, to: 2, pageSize: 50 });
    assert.deepEqual(page.orders.map(({ id }) => id), ["1"]);
    assert.deepEqual(page.unreadable.map(({ id }) => id), ["2", null]);
    assert.equal(page.nextPageToken, "next");
  });
});

Deno.test("a list that is absent, null or empty text is empty, and the last page has no token", async () => {
  for (const data of [{}, { orders: null }, { orders: "", next_page_token: "" }]) {
    await withServer(() => Response.json({ code: 0, data }), async (client) => {
      assert.equal((await client.getOrders(SHOP, ["1"])).orders.size, 0);
      const page = await client.searchOrders(SHOP, { from: 1, to: 2, pageSize: 50 });
      assert.deepEqual([page.orders, page.nextPageToken], [[], undefined]);
    });
  }
});

Deno.test("code 0 is success and another code is an error, at any HTTP status", async () => {
  for (const status of [200, 401, 500]) {
    await withServer(
      () => Response.json({ code: 106001, message: "bad sign", request_id: "r1" }, { status }),
      async (client) => {
        const error = await errorOf(client.getOrders(SHOP, ["1"]));
        assert.equal(error.code, 106001);
        assert.equal(error.message, "TikTok 106001 (/order/202309/orders)");
        assert.equal(error.words, "bad sign");
      },
    );
  }
});

Deno.test("a proxy's page, a broken response and a hanging server are errors without an envelope", async () => {
  await withServer(
    () => new Response("<html>", { status: 503, headers: { "retry-after": "7" } }),
    async (client) => {
      const error = await errorOf(client.getOrders(SHOP, ["1"]));
      assert.deepEqual([error.code, error.retryAfterSeconds], [0, 7]);
      assert.match(error.message, /HTTP 503/);
    },
  );
  await withServer(
    () => Response.json({ code: 0, data: { orders: "many" } }),
    async (client) => {
      assert.match((await errorOf(client.getOrders(SHOP, ["1"]))).message, /not readable/);
    },
  );
  const release = Promise.withResolvers<Response>();
  await withServer(
    () => release.promise,
    async (client) => {
      assert.match((await errorOf(client.getOrders(SHOP, ["1"]))).message, /within 200 ms/);
      release.resolve(new Response());
    },
  );
  const unreachable = new TikTokClient({ ...CONFIG, apiUrl: "http://127.0.0.1:1" });
  assert.match((await errorOf(unreachable.getOrders(SHOP, ["1"]))).message, /could not be reached/);
});

Deno.test("Retry-After may be a date, and is never longer than an hour", async () => {
  const limited = (retryAfter: string) => () =>
    Response.json({ code: 36009002, message: "Too many requests" }, {
      status: 429,
      headers: { "retry-after": retryAfter },
    });
  const cases: [string, number | undefined][] = [
    [new Date(1_790_000_030_000).toUTCString(), 30],
    [new Date(1_789_999_000_000).toUTCString(), undefined],
    ["999999", 3600],
    ["soon", undefined],
  ];
  for (const [header, seconds] of cases) {
    await withServer(limited(header), async (client) => {
      assert.equal((await errorOf(client.getOrders(SHOP, ["1"]))).retryAfterSeconds, seconds);
    });
  }
});

const read = (client: TikTokClient) => client.getOrders(SHOP, ["1"]);

/** Buys a label: a repetition would be paid twice. */
const write = (client: TikTokClient) =>
  client.call(z.unknown(), SHOP, {
    method: "POST",
    path: "/fulfillment/202309/packages",
    body: { order_id: "1", note: "café ✓ 東京" },
    repeatable: false,
  });

Deno.test("a read is retried after growing waits when the next attempt may succeed", async () => {
  const passing = [
    refusal(36009002, 429),
    refusal(36009003),
    refusal(36009007, 500),
    page(429),
    ...[500, 502, 503, 504].map((status) => page(status)),
  ];
  for (const answer of passing) {
    await withServer(inTurn(answer, answer, ok), async (client, requests, waits) => {
      assert.equal((await read(client)).orders.size, 0);
      assert.equal(requests.length, 3);
      const [first, second, ...more] = waits as [number, number];
      assert.ok(first >= 500 && first <= 750 && second >= 1000 && second <= 1500, String(waits));
      assert.deepEqual(more, []);
    });
  }
});

Deno.test("a read by POST, or a repeatable write, is retried like any read", async () => {
  const calls: ((client: TikTokClient) => Promise<unknown>)[] = [
    (client) => client.searchOrders(SHOP, { from: 1, to: 2, pageSize: 50 }),
    (client) => client.putWebhook(SHOP, "PACKAGE_UPDATE", "https://x.example/"),
    (client) => client.deleteWebhook(SHOP, "PACKAGE_UPDATE"),
  ];
  for (const call of calls) {
    await withServer(inTurn(refusal(36009003), ok), async (client, requests) => {
      await call(client);
      const [first, second, ...more] = requests as [Seen, Seen];
      assert.deepEqual([second.method, second.body], [first.method, first.body]);
      assert.deepEqual(more, []);
    });
  }
});

Deno.test("a read is sent three times at most, and ends with TikTok's last response", async () => {
  await withServer(
    inTurn(page(503), refusal(36009002, 429), refusal(36009003), ok),
    async (client, requests, waits) => {
      assert.equal((await errorOf(read(client))).code, 36009003);
      assert.deepEqual([requests.length, waits.length], [3, 2]);
    },
  );
});

Deno.test("a Retry-After up to 5 s is waited for; a longer one is left to the caller", async () => {
  for (const seconds of [2, 5]) {
    const limited = refusal(36009002, 429, { "retry-after": String(seconds) });
    await withServer(inTurn(limited, ok), async (client, requests, waits) => {
      await read(client);
      assert.deepEqual([requests.length, waits], [2, [seconds * 1000]]);
    });
  }
  for (
    const answer of [
      refusal(36009002, 429, { "retry-after": "6" }),
      page(503, { "retry-after": "6" }),
    ]
  ) {
    await withServer(answer, async (client, requests, waits) => {
      assert.equal((await errorOf(read(client))).retryAfterSeconds, 6);
      assert.deepEqual([requests.length, waits], [1, []]);
    });
  }
});

Deno.test("a read is sent once when TikTok refuses it, or when the response is unreadable", async () => {
  const unreadable = () => Response.json({ code: 0, data: { orders: "none" } });
  const codes = [106001, 105005, 105002, 36009004, 101000, 36009043];
  // With a code, the HTTP status does not count.
  const refusals = codes.flatMap((code) => [200, 429, 503].map((status) => refusal(code, status)));
  for (const answer of [...refusals, page(400), page(404), unreadable]) {
    await withServer(inTurn(answer, ok), async (client, requests, waits) => {
      await errorOf(read(client));
      assert.deepEqual([requests.length, waits], [1, []]);
    });
  }
});

/** A response that waits for `release`; with `afterHeaders`, only its body waits. */
function hanging(afterHeaders: boolean): { answer: Answer; release: () => void } {
  const released = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream({
      async pull(controller) {
        await released.promise;
        controller.close();
      },
    });
  const answer = async () => {
    if (!afterHeaders) await released.promise;
    return new Response(body());
  };
  return { answer, release: released.resolve };
}

Deno.test("a request that timed out is not retried, neither a read nor a write", async () => {
  for (const call of [read, write]) {
    for (const afterHeaders of [false, true]) {
      const { answer, release } = hanging(afterHeaders);
      await withServer(inTurn(answer, ok), async (client, requests, waits) => {
        try {
          assert.match((await errorOf(call(client))).message, /within 200 ms/);
          assert.deepEqual([requests.length, waits], [1, []]);
        } finally {
          release();
        }
      });
    }
  }
});

Deno.test("a write with an unknown outcome is sent once", async () => {
  const unknown = [
    refusal(36009003),
    refusal(36009003, 503),
    refusal(36009007, 429),
    ...[429, 500, 502, 503, 504].map((status) => page(status)),
    page(500, { "retry-after": "1" }),
    () => new Response('{"code":0,"da'),
  ];
  for (const answer of unknown) {
    await withServer(inTurn(answer, ok), async (client, requests, waits) => {
      await errorOf(write(client));
      assert.deepEqual([requests.length, waits], [1, []]);
    });
  }
});

Deno.test("a write is retried when TikTok refused it before any effect", async () => {
  for (const answer of [refusal(36009002, 429), refusal(36009002)]) {
    await withServer(inTurn(answer, ok), async (client, requests, waits) => {
      await write(client);
      const [first, second, ...more] = requests as [Seen, Seen];
      assert.deepEqual(second.body, first.body);
      assert.deepEqual([more, waits.length], [[], 1]);
    });
  }
});

Deno.test("a write is sent once when the response is cut off", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(4096));
      const half = 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"code":0,';
      await connection.write(new TextEncoder().encode(half));
      connection.close();
    }
  })();
  const config = { ...CONFIG, apiUrl: `http://127.0.0.1:${listener.addr.port}` };
  const wait = () => assert.fail("it waited for another attempt");
  try {
    await errorOf(write(new TikTokClient(config, { wait })));
  } finally {
    listener.close();
    await serving;
  }
  assert.equal(connections, 1);
});

/** Whether the signature is that of the received bytes and query. */
async function assertSigned({ url, body }: Seen, appSecret = CONFIG.appSecret): Promise<void> {
  const query = Object.fromEntries(url.searchParams);
  const path = url.pathname.replace(/^\/base/, "");
  assert.equal(query.sign, await signApiRequest({ path, query, body }, appSecret));
}

Deno.test("the bytes that are signed are the bytes that are sent", async () => {
  const body = { note: "café ✓ 東京", nested: { b: 1, a: [null, "x y"] } };
  for (const method of ["POST", "PUT", "DELETE"] as const) {
    await withServer(ok, async (client, requests) => {
      await client.call(z.unknown(), SHOP, { method, path: "/x/y", body, repeatable: false });
      const [request] = requests as [Seen];
      assert.equal(request.method, method);
      assert.equal(request.headers.get("content-type"), "application/json");
      assert.equal(new TextDecoder().decode(request.body), JSON.stringify(body));
      await assertSigned(request);
    });
  }
});

Deno.test("a page token is sent and signed exactly as TikTok issued it", async () => {
  for (const pageToken of ["6AsPQ/N5M1+kHYcZ==", "a b&c=d%2B+/=", "é✓"]) {
    await withServer(ok, async (client, requests) => {
      await client.searchOrders(SHOP, { from: 1, to: 2, pageSize: 50, pageToken });
      const [request] = requests as [Seen];
      assert.equal(request.url.searchParams.get("page_token"), pageToken);
      assert.ok(!request.url.search.includes(pageToken), "it was not encoded");
      await assertSigned(request);
    });
  }
});

Deno.test("the first page is requested without a page token, also if the token is empty", async () => {
  for (const pageToken of [undefined, ""]) {
    await withServer(ok, async (client, requests) => {
      await client.searchOrders(SHOP, { from: 1, to: 2, pageSize: 50, pageToken });
      const [request] = requests as [Seen];
      assert.equal(request.url.searchParams.has("page_token"), false);
      await assertSigned(request);
    });
  }
});

Deno.test("a GET has no body and signs none, and a call for the login names no shop", async () => {
  await withServer(
    () => Response.json({ code: 0, data: { shops: [] } }),
    async (client, requests) => {
      assert.deepEqual((await client.getAuthorizedShops("TTP_token")).read, []);
      const [request] = requests as [Seen];
      assert.equal(request.method, "GET");
      assert.equal(request.body.length, 0);
      assert.deepEqual([...request.url.searchParams.keys()].sort(), [
        "app_key",
        "sign",
        "timestamp",
      ]);
      await assertSigned(request);
    },
  );
});

Deno.test("the calls of the signing vectors have the vectors' signatures", async () => {
  const file = new URL("../../../tests/fixtures/tiktok/signing-vectors.json", import.meta.url);
  const vectors = JSON.parse(await Deno.readTextFile(file)) as {
    app_key: string;
    app_secret: string;
    api: { id: string; path: string; sign: string; body: string }[];
  };
  const shop = { accessToken: "TTP_token", shopCipher: "ROW_cfTestCipher0001" };
  const calls: Record<string, (client: TikTokClient) => Promise<unknown>> = {
    V1: (client) => client.getAuthorizedShops("TTP_token"),
    V2: (client) => client.getOrders(shop, ["576461413038785752", "576461413038785753"]),
    V3: (client) =>
      client.searchOrders(shop, {
        from: 1_759_990_000,
        to: 1_760_000_000,
        pageSize: 50,
        pageToken: "6AsPQ/N5M1+kHYcZ==",
      }),
    V4: (client) =>
      client.putWebhook(
        shop,
        "ORDER_STATUS_CHANGE",
        "https://example.functions.supabase.co/tiktok-webhook",
      ),
    V5: (client) => client.deleteWebhook(shop, "ORDER_STATUS_CHANGE"),
    V11: (client) =>
      client.call(z.unknown(), shop, {
        method: "POST",
        path: "/fulfillment/202309/orders/576461413038785752/packages",
        body: { note: "café ✓ 東京" },
        repeatable: false,
      }),
  };
  for (const [id, call] of Object.entries(calls)) {
    const vector = vectors.api.find((vector) => vector.id === id);
    assert.ok(vector);
    await withServer(
      () => Response.json({ code: 0, data: { shops: [] } }),
      async (client, requests) => {
        await call(client);
        const [{ url, body }] = requests as [Seen];
        assert.equal(url.pathname, `/base${vector.path}`);
        assert.equal(new TextDecoder().decode(body), vector.body);
        assert.equal(url.searchParams.get("sign"), vector.sign, id);
      },
      { now: 1_760_000_000_999, appKey: vectors.app_key, appSecret: vectors.app_secret },
    );
  }
});

Deno.test("every attempt has its own timestamp and signature", async () => {
  const limited = refusal(36009002, 429, { "retry-after": "2" });
  await withServer(limited, async (client, requests) => {
    await errorOf(write(client));
    const parameter = (name: string) => requests.map(({ url }) => url.searchParams.get(name));
    assert.deepEqual(parameter("timestamp"), ["1790000000", "1790000002", "1790000004"]);
    assert.equal(new Set(parameter("sign")).size, 3);
    for (const request of requests) await assertSigned(request);
  });
});

Deno.test("responses may have unknown fields", async () => {
  const order = { id: "1", status: "BRAND_NEW", line_items: [{ id: "2", later: {} }], later: [1] };
  const data = { orders: [order], later: true };
  await withServer(
    () => Response.json({ code: 0, message: "Success", later: {}, data }),
    async (client) => assert.equal((await read(client)).orders.get("1")?.status, "BRAND_NEW"),
  );
});

Deno.test("getAuthorizedShops() accepts ids that are numbers above 2^53, and unknown fields", async () => {
  const shop =
    '{"id":7495540735365777507,"cipher":"c","name":null,"seller_type":"LOCAL","later":{}}';
  await withServer(
    () => new Response(`{"code":0,"data":{"shops":[${shop}],"later":1},"later":2}`),
    async (client) => {
      const { read: [found, ...more] } = await client.getAuthorizedShops("TTP_token");
      assert.deepEqual([found?.id, found?.cipher, more], ["7495540735365777507", "c", []]);
    },
  );
});

Deno.test("a redirect is not followed, and is no success: no other host receives the token", async () => {
  const strangers: (string | null)[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    strangers.push(request.headers.get("x-tts-access-token"));
    return Response.json({ code: 0, data: {} });
  });
  try {
    const headers = { location: `http://localhost:${other.addr.port}/` };
    for (const status of [301, 302, 303, 307, 308]) {
      for (const body of [null, JSON.stringify({ code: 0, data: {} }), '{"code":36009002}']) {
        await withServer(
          () => new Response(body, { status, headers }),
          async (client, requests) => {
            for (const repeatable of [true, false]) {
              const call = { method: "POST", path: "/a", body: {}, repeatable } as const;
              await assert.rejects(client.call(z.unknown(), SHOP, call), (error) => {
                assert.ok(error instanceof TikTokError);
                assert.deepEqual([error.code, error.status], [0, status]);
                return true;
              });
            }
            assert.equal(requests.length, 2, "each call was sent once");
          },
          { timeoutMs: 5000 },
        );
      }
    }
  } finally {
    await other.shutdown();
  }
  assert.deepEqual(strangers, []);
});
