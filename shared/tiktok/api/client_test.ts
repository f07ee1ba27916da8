import assert from "node:assert/strict";
import * as z from "zod/mini";
import { type Answer, withRudeServer } from "../../../tests/support/local_server.ts";
import {
  CONFIG,
  errorOf,
  inTurn,
  read,
  SHOP,
  success,
  withClient,
  write,
} from "../../../tests/support/tiktok_client.ts";
import { page } from "../../../tests/support/tiktok_stand_in.ts";
import { TikTokClient } from "./client.ts";
import { TikTokError } from "./errors.ts";

Deno.test("code 0 is success and another code is an error, at any HTTP status", async () => {
  for (const status of [200, 401, 500]) {
    await withClient(
      () => Response.json({ code: 106001, message: "bad sign", request_id: "r1" }, { status }),
      async (client) => {
        const error = await errorOf(read(client));
        assert.equal(error.code, 106001);
        assert.equal(error.message, "TikTok 106001 (/order/202309/orders)");
        assert.equal(error.words, "bad sign");
      },
    );
  }
});

Deno.test("a proxy's page, a broken response and a hanging server are errors without an envelope", async () => {
  await withClient(
    page(503, { "retry-after": "7" }),
    async (client) => {
      const error = await errorOf(read(client));
      assert.deepEqual([error.code, error.retryAfterSeconds], [0, 7]);
      assert.match(error.message, /HTTP 503/);
    },
  );
  await withClient(
    success({ orders: "many" }),
    async (client) => {
      assert.match((await errorOf(read(client))).message, /not readable/);
    },
  );
  const release = Promise.withResolvers<Response>();
  await withClient(
    () => release.promise,
    async (client) => {
      assert.match((await errorOf(read(client))).message, /within 200 ms/);
      release.resolve(new Response());
    },
    { timeoutMs: 200 },
  );
  const unreachable = new TikTokClient({ ...CONFIG, apiUrl: "http://127.0.0.1:1" });
  assert.match(
    (await errorOf(read(unreachable))).message,
    /could not be reached/,
  );
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
    await withClient(limited(header), async (client) => {
      assert.equal((await errorOf(read(client))).retryAfterSeconds, seconds);
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
      await withClient(inTurn(answer, success()), async (client, requests, waits) => {
        try {
          assert.match((await errorOf(call(client))).message, /within 200 ms/);
          // On a busy machine the time may be over before the server has the request.
          assert.deepEqual([requests.slice(1), waits], [[], []]);
        } finally {
          release();
        }
      }, { timeoutMs: 200 });
    }
  }
});

Deno.test("a write is sent once when the response is cut off", async () => {
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"code":0,';
  await withRudeServer(async (apiUrl, seen) => {
    const wait = () => assert.fail("it waited for another attempt");
    await errorOf(write(new TikTokClient({ ...CONFIG, apiUrl }, { wait })));
    assert.equal(seen(), 1);
  }, half);
});

Deno.test("a redirect is not followed, and does not count as a success: no other host receives the token", async () => {
  const strangers: (string | null)[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    strangers.push(request.headers.get("x-tts-access-token"));
    return Response.json({ code: 0, data: {} });
  });
  try {
    const headers = { location: `http://localhost:${other.addr.port}/` };
    for (const status of [301, 302, 303, 307, 308]) {
      for (const body of [null, JSON.stringify({ code: 0, data: {} }), '{"code":36009002}']) {
        await withClient(
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
