import assert from "node:assert/strict";
import type { Seen } from "../../../tests/support/local_server.ts";
import {
  errorOf,
  inTurn,
  read,
  SHOP,
  success,
  withClient,
  write,
} from "../../../tests/support/tiktok_client.ts";
import { page, refusal } from "../../../tests/support/tiktok_stand_in.ts";
import type { TikTokClient } from "./client.ts";
import { searchOrders } from "./orders.ts";
import { deleteWebhook, putWebhook } from "./webhooks.ts";

Deno.test("a read is retried after growing waits when the next attempt may succeed", async () => {
  const passing = [
    refusal(36009002, 429),
    refusal(36009003),
    refusal(36009007, 500),
    page(429),
    ...[500, 502, 503, 504].map((status) => page(status)),
  ];
  for (const answer of passing) {
    await withClient(inTurn(answer, answer, success()), async (client, requests, waits) => {
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
    (client) => searchOrders(client, SHOP, { from: 1, to: 2, pageSize: 50 }),
    (client) => putWebhook(client, SHOP, "PACKAGE_UPDATE", "https://x.example/"),
    (client) => deleteWebhook(client, SHOP, "PACKAGE_UPDATE"),
  ];
  for (const call of calls) {
    await withClient(inTurn(refusal(36009003), success()), async (client, requests) => {
      await call(client);
      const [first, second, ...more] = requests as [Seen, Seen];
      assert.deepEqual([second.method, second.body], [first.method, first.body]);
      assert.deepEqual(more, []);
    });
  }
});

Deno.test("a read is sent three times at most, and ends with TikTok's last response", async () => {
  await withClient(
    inTurn(page(503), refusal(36009002, 429), refusal(36009003), success()),
    async (client, requests, waits) => {
      assert.equal((await errorOf(read(client))).code, 36009003);
      assert.deepEqual([requests.length, waits.length], [3, 2]);
    },
  );
});

Deno.test("a Retry-After up to 5 s is waited for; a longer one is left to the caller", async () => {
  for (const seconds of [2, 5]) {
    const limited = refusal(36009002, 429, { "retry-after": String(seconds) });
    await withClient(inTurn(limited, success()), async (client, requests, waits) => {
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
    await withClient(answer, async (client, requests, waits) => {
      assert.equal((await errorOf(read(client))).retryAfterSeconds, 6);
      assert.deepEqual([requests.length, waits], [1, []]);
    });
  }
});

Deno.test("a read is sent once when TikTok refuses it, or when the response is unreadable", async () => {
  const unreadable = success({ orders: "none" });
  const codes = [106001, 105005, 105002, 36009004, 101000, 36009043];
  // With a code, the HTTP status does not count.
  const refusals = codes.flatMap((code) => [200, 429, 503].map((status) => refusal(code, status)));
  for (const answer of [...refusals, page(400), page(404), unreadable]) {
    await withClient(inTurn(answer, success()), async (client, requests, waits) => {
      await errorOf(read(client));
      assert.deepEqual([requests.length, waits], [1, []]);
    });
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
    await withClient(inTurn(answer, success()), async (client, requests, waits) => {
      await errorOf(write(client));
      assert.deepEqual([requests.length, waits], [1, []]);
    });
  }
});

Deno.test("a write is retried when TikTok refused it before any effect", async () => {
  for (const answer of [refusal(36009002, 429), refusal(36009002)]) {
    await withClient(inTurn(answer, success()), async (client, requests, waits) => {
      await write(client);
      const [first, second, ...more] = requests as [Seen, Seen];
      assert.deepEqual(second.body, first.body);
      assert.deepEqual([more, waits.length], [[], 1]);
    });
  }
});
