/** tiktok-oauth: its callers, TikTok's authorization pages, and the seller's way through the browser. */
import assert from "node:assert/strict";
import { beginAuthorization, readOutcome } from "../../local/stack/seller.ts";
import { SUBSCRIBED_TOPICS } from "../../shared/tiktok/webhooks/subscriptions.ts";
import {
  callOAuth,
  complete,
  countConnections,
  finish,
  NO_CONNECTIONS,
  redirectOf,
  signUp,
} from "../support/oauth.ts";
import { settledEvents, settleTasks } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { startTestStack } from "../support/stack.ts";

/** Follows the link of TikTok's page by which the seller authorizes the app. Returns the redirect's target. */
async function authorizeOnPage(pageUrl: string, openId: string): Promise<string> {
  const page = await (await fetch(pageUrl)).text();
  const agree = [...page.matchAll(/href="([^"]*decision=agree[^"]*)"/g)]
    .map((match) => (match[1] as string).replaceAll("&amp;", "&"))
    .find((href) => href.includes(openId)) as string;
  const response = await fetch(new URL(agree, pageUrl), { redirect: "manual" });
  await response.body?.cancel();
  return response.headers.get("location") as string;
}

test("a seller connects a shop in the browser; its webhooks are subscribed and its orders arrive", async (stack) => {
  const seller = await signUp(stack);
  const { id: shopId, openId } = stack.tiktok.addShop({ id: "7480000000000001001", name: "Ferns" });
  const recent = stack.tiktok.addOrder({ shopId });
  const now = Math.floor(Date.now() / 1000);
  stack.tiktok.addOrder({ shopId, updateTime: now - 31 * 86400 });

  const begun = await callOAuth(stack, "POST", "/authorize", { seller });
  assert.equal(begun.status, 200);
  assert.deepEqual(Object.keys(begun.json).sort(), ["expires_at", "url"]);
  const validFor = Date.parse(begun.json.expires_at as string) - Date.now();
  assert.ok(validFor > 14 * 60_000 && validFor <= 15 * 60_000);

  const callbackUrl = await authorizeOnPage(begun.json.url as string, openId);
  const callback = await fetch(callbackUrl, { redirect: "manual" });
  await callback.body?.cancel();
  assert.equal(callback.status, 303);
  const location = callback.headers.get("location") as string;
  assert.ok(location.startsWith(`${stack.env.APP_URL}?status=confirm#claim=v1.`), location);
  assert.equal(callback.headers.get("cache-control"), "no-store");
  const { claim } = readOutcome(location);
  const shown = await complete(stack, seller, claim);
  const { expires_at, ...rest } = shown.json;
  assert.ok(Date.parse(expires_at as string) > Date.now());
  assert.deepEqual(rest, {
    status: "unconfirmed",
    shops: [{ shop_id: shopId, shop_name: "Ferns", region: "US" }],
  });
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const connected = await complete(stack, seller, claim, true);
  assert.equal(connected.json.status, "connected");

  await settleTasks(stack);
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  const { data } = await seller.client.from("orders").select("tiktok_order_id");
  assert.deepEqual(data, [{ tiktok_order_id: recent.id }]);
  const webhookUrl = `${stack.env.SUPABASE_URL}/functions/v1/tiktok-webhooks`;
  const subscriptions = stack.tiktok.state.all("subscriptions");
  assert.deepEqual(
    new Set(subscriptions.map((entry) => entry.eventType)),
    new Set(SUBSCRIBED_TOPICS),
  );
  assert.ok(subscriptions.every((entry) => entry.address === webhookUrl));
  const { data: shops } = await seller.client.from("tiktok_shops").select("shop_name, webhook_url");
  assert.deepEqual(shops, [{ shop_name: "Ferns", webhook_url: webhookUrl }]);
});

Deno.test("sellers in the United States get their own authorization page", async () => {
  await using stack = await startTestStack({
    environment: {
      TIKTOK_AUTHORIZE_URL: "https://services.example/open/authorize",
      TIKTOK_AUTHORIZE_URL_US: "https://services.us.example/open/authorize?from=link",
      TIKTOK_SERVICE_ID: "7100000000000000001",
    },
  });
  const seller = await signUp(stack);
  const urlFor = async (region?: string) =>
    new URL((await beginAuthorization(stack.env, seller.accessToken, region)).url);
  assert.equal((await urlFor()).host, "services.example");
  assert.equal((await urlFor("GB")).host, "services.example");
  const us = await urlFor("US");
  assert.equal(us.host, "services.us.example");
  assert.equal(us.searchParams.get("from"), "link");
  assert.equal(us.searchParams.get("service_id"), "7100000000000000001");
  assert.match(us.searchParams.get("state") ?? "", /^[A-Za-z0-9_-]{43}$/);
  const states = await stack.sql`select state_hash from private.tiktok_authorizations`;
  assert.equal(states.length, 3);
  assert.ok(!states.some((row) => row.state_hash === us.searchParams.get("state")));
});

test("a body of /authorize that is not as documented is 400, and issues no state", async (stack) => {
  const seller = await signUp(stack);
  const bodies = ['{"region":"us"}', '{"region":"USA"}', '{"region":7}', '{"other":1}', "{", "[]"];

  for (const body of bodies) {
    const refused = await callOAuth(stack, "POST", "/authorize", { seller, body });
    assert.equal(refused.status, 400, body);
    assert.match(String(refused.json.code), /^invalid_(body|json)$/);
  }

  assert.equal((await stack.sql`select from private.tiktok_authorizations`).length, 0);
});

test("every route but the callback requires the access token of a signed-in user", async (stack) => {
  const seller = await signUp(stack);
  const { SUPABASE_PUBLISHABLE_KEY: key, SUPABASE_SECRET_KEY: secret } = stack.env;
  const [header, payload] = seller.accessToken.split(".") as [string, string];
  const none = `${btoa('{"alg":"none","typ":"JWT"}').replaceAll("=", "")}.${payload}.`;
  const strangers: (Record<string, string> | undefined)[] = [
    undefined,
    { apikey: key },
    { apikey: secret },
    { authorization: `Bearer ${key}` },
    { authorization: `Bearer ${secret}` },
    { authorization: seller.accessToken },
    { authorization: `Basic ${seller.accessToken}` },
    { authorization: `Bearer ${header}.${payload}.AAAA` },
    { authorization: `Bearer ${none}` },
    { authorization: `Bearer ${none}AAAA` },
    { authorization: "Bearer a.b.c" },
  ];
  const id = crypto.randomUUID();
  for (const headers of strangers) {
    for (
      const [method, path] of [
        ["POST", "/authorize"],
        ["POST", "/complete"],
        ["GET", "/shops"],
        ["DELETE", `/shops/${id}`],
      ] as const
    ) {
      const refused = await callOAuth(stack, method, path, headers ? { headers } : {});
      assert.equal(refused.status, 401, `${method} ${path} ${JSON.stringify(headers)}`);
      assert.equal(refused.headers.get("content-type"), "application/problem+json");
      assert.equal(refused.headers.get("access-control-allow-origin"), "*");
    }
  }
  assert.equal((await stack.sql`select from private.tiktok_authorizations`).length, 0);
});

test("the token of a deleted user is refused", async (stack) => {
  const seller = await signUp(stack);
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  assert.equal((await callOAuth(stack, "POST", "/authorize", { seller })).status, 401);
});

test("an expired token is refused with its own code", async (stack) => {
  const seller = await signUp(stack);
  const [header, payload] = seller.accessToken.split(".") as [string, string];
  const claims = { ...JSON.parse(atob(payload)), exp: 1 };
  const accessToken = `${header}.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.AAAA`;
  const answer = await callOAuth(stack, "GET", "/shops", { seller: { accessToken } });
  assert.deepEqual([answer.status, answer.json.code], [401, "token_expired"]);
  const wrong = await callOAuth(stack, "GET", "/shops", {
    seller: { accessToken: `${header}.${payload}.AAAA` },
  });
  assert.deepEqual([wrong.status, wrong.json.code], [401, "invalid_token"]);
});

test("other methods are 405, and neither they nor a link preview use a state up", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000003001" });
  const { state } = await beginAuthorization(stack.env, seller.accessToken);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  for (
    const [method, path, allow] of [
      ["POST", `/callback${back.search}`, "GET, HEAD"],
      ["GET", "/authorize", "POST"],
      ["PUT", "/complete", "POST"],
      ["POST", "/shops", "GET, HEAD"],
      ["GET", `/shops/${crypto.randomUUID()}`, "DELETE"],
    ] as const
  ) {
    const refused = await callOAuth(stack, method, path, { seller });
    assert.equal(refused.status, 405, `${method} ${path}`);
    assert.equal(refused.headers.get("allow"), allow);
  }
  assert.equal((await callOAuth(stack, "GET", "/nothing", { seller })).status, 404);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  for (const method of ["HEAD", "GET", "GET"]) {
    assert.equal((await callOAuth(stack, method, `/callback${back.search}`)).status, 303);
  }
  const outcome = await redirectOf(stack, back.search);
  assert.deepEqual(await finish(stack, seller, outcome), { status: "connected" });
});
