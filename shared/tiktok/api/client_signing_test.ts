import assert from "node:assert/strict";
import * as z from "zod/mini";
import type { Seen } from "../../../tests/support/local_server.ts";
import {
  CONFIG,
  errorOf,
  SHOP,
  success,
  withClient,
  write,
} from "../../../tests/support/tiktok_client.ts";
import { refusal } from "../../../tests/support/tiktok_stand_in.ts";
import type { TikTokClient } from "./client.ts";
import { getOrders, searchOrders } from "./orders.ts";
import { getAuthorizedShops } from "./shops.ts";
import { signApiRequest } from "./signing.ts";
import { deleteWebhook, putWebhook } from "./webhooks.ts";

/** Whether the signature is that of the received bytes and query. */
function assertSigned({ url, body }: Seen): void {
  const query = Object.fromEntries(url.searchParams);
  const request = {
    path: url.pathname.replace(/^\/base/, ""),
    query,
    body: new TextEncoder().encode(body),
  };
  assert.equal(query.sign, signApiRequest(request, CONFIG.appSecret));
}

Deno.test("the bytes that are signed are the bytes that are sent", async () => {
  const body = { note: "café ✓ 東京", nested: { b: 1, a: [null, "x y"] } };
  for (const method of ["POST", "PUT", "DELETE"] as const) {
    await withClient(success(), async (client, requests) => {
      await client.call(z.unknown(), SHOP, { method, path: "/x/y", body, repeatable: false });
      const [request] = requests as [Seen];
      assert.equal(request.method, method);
      assert.equal(request.headers.get("content-type"), "application/json");
      assert.equal(request.body, JSON.stringify(body));
      assertSigned(request);
    });
  }
});

Deno.test("getOrders() signs the API's path, also where the base URL has one of its own", async () => {
  await withClient(
    success(),
    async (client, requests) => {
      const { orders } = await getOrders(client, SHOP, [
        "576461413038785752",
        "576461413038785753",
      ]);
      assert.equal(orders.size, 0);
      const [{ url, headers }] = requests as [Seen];
      assert.equal(url.pathname, "/base/order/202309/orders");
      assert.equal(url.searchParams.get("ids"), "576461413038785752,576461413038785753");
      assert.equal(url.searchParams.get("timestamp"), "1790000000");
      const query = Object.fromEntries(url.searchParams);
      const path = "/order/202309/orders";
      assert.equal(query.sign, signApiRequest({ path, query }, "top-secret"));
      assert.equal(headers.get("x-tts-access-token"), "TTP_token");
    },
  );
});

Deno.test("a page token is sent and signed exactly as TikTok issued it", async () => {
  for (const pageToken of ["6AsPQ/N5M1+kHYcZ==", "a b&c=d%2B+/=", "é✓"]) {
    await withClient(success(), async (client, requests) => {
      await searchOrders(client, SHOP, { from: 1, to: 2, pageSize: 50, pageToken });
      const [request] = requests as [Seen];
      assert.equal(request.url.searchParams.get("page_token"), pageToken);
      assert.ok(!request.url.search.includes(pageToken), "it was not encoded");
      assertSigned(request);
    });
  }
});

Deno.test("the first page is requested without a page token, also if the token is empty", async () => {
  for (const pageToken of [undefined, ""]) {
    await withClient(success(), async (client, requests) => {
      await searchOrders(client, SHOP, { from: 1, to: 2, pageSize: 50, pageToken });
      const [request] = requests as [Seen];
      assert.equal(request.url.searchParams.has("page_token"), false);
      assertSigned(request);
    });
  }
});

Deno.test("a GET has no body and signs none, and a call for the login names no shop", async () => {
  await withClient(
    success({ shops: [] }),
    async (client, requests) => {
      assert.deepEqual((await getAuthorizedShops(client, "TTP_token")).read, []);
      const [request] = requests as [Seen];
      assert.equal(request.method, "GET");
      assert.equal(request.body.length, 0);
      assert.deepEqual([...request.url.searchParams.keys()].sort(), [
        "app_key",
        "sign",
        "timestamp",
      ]);
      assertSigned(request);
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
    V1: (client) => getAuthorizedShops(client, "TTP_token"),
    V2: (client) => getOrders(client, shop, ["576461413038785752", "576461413038785753"]),
    V3: (client) =>
      searchOrders(client, shop, {
        from: 1_759_990_000,
        to: 1_760_000_000,
        pageSize: 50,
        pageToken: "6AsPQ/N5M1+kHYcZ==",
      }),
    V4: (client) =>
      putWebhook(
        client,
        shop,
        "ORDER_STATUS_CHANGE",
        "https://example.functions.supabase.co/tiktok-webhook",
      ),
    V5: (client) => deleteWebhook(client, shop, "ORDER_STATUS_CHANGE"),
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
    await withClient(
      success({ shops: [] }),
      async (client, requests) => {
        await call(client);
        const [{ url, body }] = requests as [Seen];
        assert.equal(url.pathname, `/base${vector.path}`);
        assert.equal(body, vector.body);
        assert.equal(url.searchParams.get("sign"), vector.sign, id);
      },
      { now: 1_760_000_000_999, appKey: vectors.app_key, appSecret: vectors.app_secret },
    );
  }
});

Deno.test("every attempt has its own timestamp and signature", async () => {
  const limited = refusal(36009002, 429, { "retry-after": "2" });
  await withClient(limited, async (client, requests) => {
    await errorOf(write(client));
    const parameter = (name: string) => requests.map(({ url }) => url.searchParams.get(name));
    assert.deepEqual(parameter("timestamp"), ["1790000000", "1790000002", "1790000004"]);
    assert.equal(new Set(parameter("sign")).size, 3);
    for (const request of requests) assertSigned(request);
  });
});
