import assert from "node:assert/strict";
import { TikTokClient } from "./client.ts";
import { TikTokError } from "./errors.ts";
import { signApiRequest } from "./signing.ts";

const CONFIG = { appKey: "key", appSecret: "top-secret", authUrl: "http://127.0.0.1:1" };
const SHOP = { accessToken: "TTP_token", shopCipher: "cipher" };

/** A client whose server gives one answer; and what that server was asked. */
async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  use: (client: TikTokClient, requests: { url: URL; headers: Headers }[]) => Promise<void>,
): Promise<void> {
  const requests: { url: URL; headers: Headers }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    requests.push({ url: new URL(request.url), headers: new Headers(request.headers) });
    return answer(request);
  });
  const config = { ...CONFIG, apiUrl: `http://127.0.0.1:${server.addr.port}/base` };
  await use(new TikTokClient(config, { timeoutMs: 200, now: () => 1_790_000_000_000 }), requests);
  await server.shutdown();
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
      const orders = await client.getOrders(SHOP, ["576461413038785752", "576461413038785753"]);
      assert.equal(orders.size, 0);
      const [{ url, headers }] = requests as [{ url: URL; headers: Headers }];
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

Deno.test("getOrders() takes ids that are numbers above 2^53 without losing a digit", async () => {
  await withServer(
    () =>
      new Response('{"code":0,"data":{"orders":[{"id":576461413038785753,"status":"UNPAID"}]}}'),
    async (client) => {
      const orders = await client.getOrders(SHOP, ["576461413038785753"]);
      assert.deepEqual([...orders.keys()], ["576461413038785753"]);
    },
  );
});

Deno.test("success is code 0 whatever the HTTP status, and an error is one whatever the status", async () => {
  for (const status of [200, 401, 500]) {
    await withServer(
      () => Response.json({ code: 106001, message: "bad sign", request_id: "r1" }, { status }),
      async (client) => {
        const error = await errorOf(client.getOrders(SHOP, ["1"]));
        assert.equal(error.code, 106001);
        assert.match(error.message, /TikTok 106001: bad sign \(\/order\/202309\/orders, r1\)/);
      },
    );
  }
});

Deno.test("a proxy's page, a broken answer and a hanging server are errors without an envelope", async () => {
  await withServer(
    () => new Response("<html>", { status: 503, headers: { "retry-after": "7" } }),
    async (client) => {
      const error = await errorOf(client.getOrders(SHOP, ["1"]));
      assert.deepEqual([error.code, error.retryAfterSeconds], [0, 7]);
      assert.match(error.message, /HTTP 503/);
    },
  );
  await withServer(
    () => Response.json({ code: 0, data: { orders: [{ id: "1" }] } }),
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
  const nobody = new TikTokClient({ ...CONFIG, apiUrl: "http://127.0.0.1:1" });
  assert.match((await errorOf(nobody.getOrders(SHOP, ["1"]))).message, /could not be reached/);
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
