/** tiktok-oauth: how a seller connects, sees and disconnects TikTok shops, and every way it may fail. */
import assert from "node:assert/strict";
import { beginAuthorization, visitCallback } from "../../local/stack/seller.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { SUBSCRIBED_TOPICS } from "../../shared/tiktok/webhooks/subscriptions.ts";
import {
  callOAuth,
  connectionStates,
  connectLogin,
  countConnections,
  installFromStore,
  redirectOf,
  signUp,
} from "../support/oauth.ts";
import {
  dependenciesOf,
  expireTokensIn,
  runTokenRefresh,
  storedTokens,
} from "../support/logins.ts";
import { letTimePass, runEventWorker, settledEvents, settleTasks } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { startTestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const NOTHING = { shops: 0, logins: 0, events: 0 };

test("the way of a browser: authorise page, consent, redirect; then webhooks and orders come", async (stack) => {
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

  const page = await (await fetch(begun.json.url as string)).text();
  const agree = [...page.matchAll(/href="([^"]*decision=agree[^"]*)"/g)]
    .map((match) => (match[1] as string).replaceAll("&#38;", "&"))
    .find((href) => href.includes(openId)) as string;
  const consent = await fetch(new URL(agree, begun.json.url as string), { redirect: "manual" });
  await consent.body?.cancel();
  const callback = await fetch(consent.headers.get("location") as string, { redirect: "manual" });
  await callback.body?.cancel();
  assert.equal(callback.status, 303);
  assert.equal(callback.headers.get("location"), `${stack.env.APP_URL}?status=connected`);
  assert.equal(callback.headers.get("cache-control"), "no-store");
  const app = await (await fetch(callback.headers.get("location") as string)).text();
  assert.match(app, /The TikTok shop is connected/);

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

test("a cross-border login brings all its shops, with one token pair, ciphers, scopes and both dates", async (stack) => {
  const seller = await signUp(stack);
  const openId = "cross-border";
  const regions = ["GB", "DE", "VN"];
  for (const [n, region] of regions.entries()) {
    stack.tiktok.addShop({
      id: `748000000000000200${n}`,
      openId,
      region,
      sellerType: "CROSS_BORDER",
    });
  }
  assert.deepEqual(await connectLogin(stack, seller, openId), { status: "connected" });

  const rows = await stack.sql`
    select *, extract(year from refresh_token_expires_at)::int as consent_until
    from public.tiktok_shops order by shop_id`;
  assert.deepEqual(rows.map((row) => row.region), regions);
  const newest = stack.tiktok.newestTokens(openId);
  const keys = await parseKeyRing(stack.env.ENCRYPTION_KEYS);
  for (const row of rows) {
    const open = (column: "access_token" | "refresh_token") =>
      decrypt(keys, row[column], tokenContext(column, row.shop_id));
    assert.equal(await open("access_token"), newest?.accessToken);
    assert.equal(await open("refresh_token"), newest?.refreshToken);
    assert.equal(row.shop_cipher, stack.tiktok.state.get("shops", row.shop_id)?.cipher);
    assert.ok(row.granted_scopes.includes("seller.order.info"));
    assert.ok(row.consent_until > 2100);
    const days = (row.token_expires_at - Date.now()) / 86400_000;
    assert.ok(days > 6.9 && days <= 7);
  }
  assert.equal(new Set(rows.map((row) => row.access_token)).size, 3, "each shop has its own text");
  assert.equal((await stack.sql`select from private.tiktok_logins`).length, 1);
});

Deno.test("US sellers get their own authorise address; other regions and none get the other", async () => {
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

  for (
    const body of ['{"region":"us"}', '{"region":"USA"}', '{"region":7}', '{"other":1}', "{", "[]"]
  ) {
    const refused = await callOAuth(stack, "POST", "/authorize", { seller, body });
    assert.equal(refused.status, 400, body);
    assert.match(String(refused.json.code), /^invalid_(body|json)$/);
  }
  assert.equal((await stack.sql`select from private.tiktok_authorizations`).length, 3);
});

test("only signed-in users may call it, and a browser may from any page", async (stack) => {
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

  const preflight = await callOAuth(stack, "OPTIONS", "/authorize", {
    headers: {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,x-client-info,apikey",
    },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);

  await stack.sql`delete from auth.users where id = ${seller.id}`;
  assert.equal((await callOAuth(stack, "POST", "/authorize", { seller })).status, 401);
});

test("wrong verbs are 405 and use nothing up, a preview's HEAD of the callback neither", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000003001" });
  const { state } = await beginAuthorization(stack.env, seller.accessToken);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  for (
    const [method, path, allow] of [
      ["HEAD", `/callback${back.search}`, "GET"],
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
  assert.deepEqual(await countConnections(stack), NOTHING);
  assert.deepEqual(await redirectOf(stack, back.search), { status: "connected" });
});

test("bad callbacks each have their outcome, and leave no row", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000004001" });
  const begin = async () => (await beginAuthorization(stack.env, seller.accessToken)).state;
  const code = () =>
    stack.tiktok.answerAuthorization({ openId, decision: "agree" }).searchParams.get("code") ?? "";
  const outcome = (query: Record<string, string>) => visitCallback(stack.env, query);
  const failed = (code: string) => ({ status: "failed", code });
  const refused = { status: "refused", code: "access_denied" };

  for (const error of ["auth_denied", "access_denied"] as const) {
    const state = await begin();
    const back = stack.tiktok.answerAuthorization({ decision: "refuse", state, error });
    assert.deepEqual(await outcome(Object.fromEntries(back.searchParams)), refused);
    assert.deepEqual(await outcome({ state, code: code() }), failed("state_used"));
  }
  assert.deepEqual(await outcome({ code: "" }), refused);
  assert.deepEqual(await outcome({ code: "null", state: "x" }), refused);
  assert.deepEqual(
    await outcome({ error: "<script>", code: code(), state: await begin() }),
    refused,
  );

  const kept = await begin();
  assert.deepEqual(await outcome({ state: kept }), failed("code_missing"));
  assert.deepEqual(await outcome({}), failed("code_missing"));
  for (
    const bad of [
      "<h1>Hello</h1>",
      "'; drop table",
      "a b c d e f g h",
      "x",
      "é".repeat(9),
      "a".repeat(2000),
    ]
  ) {
    assert.deepEqual(await outcome({ state: kept, code: bad }), failed("code_invalid"), bad);
    assert.deepEqual(await outcome({ code: bad }), failed("code_invalid"), bad);
  }
  const tampered = (kept.startsWith("A") ? "B" : "A") + kept.slice(1);
  for (
    const state of [tampered, `${kept}x`, kept.slice(1), "s".repeat(10_240), "'--", "\0", "💥"]
  ) {
    assert.deepEqual(
      await outcome({ state, code: code() }),
      failed("state_unknown"),
      state.slice(0, 50),
    );
  }
  const late = await begin();
  await stack.sql`
    update private.tiktok_authorizations set expires_at = now()
    where state_hash = encode(sha256(${late}::bytea), 'hex')`;
  assert.deepEqual(await outcome({ state: late, code: code() }), failed("state_expired"));
  assert.deepEqual(await outcome({ state: late, code: code() }), failed("state_used"));
  assert.deepEqual(
    await outcome({ state: await begin(), code: `TTP_${"0".repeat(140)}` }),
    failed("code_refused"),
  );
  assert.deepEqual(await countConnections(stack), NOTHING);

  // None of that has used up what was good.
  const good = code();
  assert.deepEqual(await outcome({ state: kept, code: good }), { status: "connected" });
  assert.deepEqual(await outcome({ state: kept, code: code() }), failed("state_used"));
  assert.deepEqual(await outcome({ state: await begin(), code: good }), failed("code_refused"));
  assert.equal((await countConnections(stack)).shops, 1);
});

test("a state connects to the account that asked for it, whoever's browser brings it", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const { openId } = stack.tiktok.addShop({ id: "7480000000000005001" });
  const { state } = await beginAuthorization(stack.env, ada.accessToken);
  // Bob cannot make it his: it is no claim, and his token says nothing at the callback.
  const asClaim = await callOAuth(stack, "POST", "/complete", {
    seller: bob,
    body: { claim: state },
  });
  assert.deepEqual([asClaim.status, asClaim.json.code], [400, "claim_unknown"]);
  assert.deepEqual(await countConnections(stack), NOTHING);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  // A redirect tells nothing of who is at the browser; where it is known, it must be the same.
  const other = await beginAuthorization(stack.env, ada.accessToken);
  const answer = stack.tiktok.answerAuthorization({
    openId,
    state: other.state,
    decision: "agree",
  });
  const known = await callOAuth(stack, "GET", `/callback${answer.search}`, { seller: bob });
  assert.match(known.headers.get("location") ?? "", /status=failed&code=state_of_another_user$/);
  assert.deepEqual(await countConnections(stack), NOTHING);
  assert.equal((await redirectOf(stack, back.search)).status, "connected");
  const owners = await stack.sql`select user_id from public.tiktok_shops`;
  assert.deepEqual(owners.map((row) => row.user_id), [ada.id]);
  assert.deepEqual((await callOAuth(stack, "GET", "/shops", { seller: bob })).json, { shops: [] });
});

test("25 callbacks with one state and one code at once: one connects", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000006001" });
  const { state } = await beginAuthorization(stack.env, seller.accessToken);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  const outcomes = await Promise.all(
    Array.from({ length: 25 }, () => redirectOf(stack, back.search)),
  );
  const counts = Object.groupBy(outcomes, (outcome) => outcome.code ?? outcome.status);
  assert.equal(counts.connected?.length, 1);
  assert.equal(counts.state_used?.length, 24);
  assert.equal(stack.tiktok.tokenRequests.length, 1, "TikTok was asked once");
});

test("an installation from TikTok's store waits for its seller, who finishes it once", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const { openId, id: shopId } = stack.tiktok.addShop({ id: "7480000000000007001" });
  const { status, claim, code } = await installFromStore(stack, openId);
  assert.deepEqual([status, code], ["sign_in", undefined]);
  assert.deepEqual(await countConnections(stack), NOTHING);
  assert.equal(stack.tiktok.tokenRequests.length, 0);

  const complete = (seller: typeof ada, body: unknown) =>
    callOAuth(stack, "POST", "/complete", { seller, body });
  for (const bad of ["x", `${claim}x`, claim?.replace("v1.", "v2."), ""]) {
    const refused = await complete(ada, { claim: bad });
    assert.equal(refused.status, 400, bad);
  }
  assert.equal((await complete(ada, {})).status, 400);
  assert.deepEqual(await countConnections(stack), NOTHING);

  const answers = await Promise.all(
    [ada, bob, ada, bob].map((seller) => complete(seller, { claim })),
  );
  const winner = answers.filter((answer) => answer.status === 200);
  assert.equal(winner.length, 1);
  assert.deepEqual((winner[0]?.json.shops as { shop_id: string }[]).map((shop) => shop.shop_id), [
    shopId,
  ]);
  const others = answers.filter((answer) => answer.status !== 200);
  assert.ok(others.every((answer) => answer.status === 409 && answer.json.code === "claim_used"));
  assert.equal(stack.tiktok.tokenRequests.length, 1);
});

test("logins that cannot sell are refused: creators, partners, and sellers without a shop", async (stack) => {
  const seller = await signUp(stack);
  const creator = stack.tiktok.addLogin({ userType: 1 });
  const partner = stack.tiktok.addLogin({ userType: 3 });
  const shopless = stack.tiktok.addLogin({ userType: 0 });
  const blind = stack.tiktok.addShop({ id: "7480000000000008001" });
  stack.tiktok.addLogin({ openId: blind.openId, scopes: ["seller.order.info"] });
  for (
    const [login, code, status] of [
      [creator, "not_a_seller", 422],
      [partner, "not_a_seller", 422],
      [shopless, "no_shops", 422],
      [blind, "permission_missing", 422],
    ] as const
  ) {
    assert.deepEqual(await connectLogin(stack, seller, login.openId), { status: "failed", code });
    const { claim } = await installFromStore(stack, login.openId);
    const answer = await callOAuth(stack, "POST", "/complete", { seller, body: { claim } });
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
  }
  assert.deepEqual(await countConnections(stack), NOTHING);
});

test("a shop that another account holds is refused whole; a dead connection makes room, its history stays", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const openId = "moved";
  const shops = ["7480000000000009001", "7480000000000009002"] as const;
  stack.tiktok.addShop({ id: shops[0], openId });
  assert.equal((await connectLogin(stack, ada, openId)).status, "connected");
  await settleTasks(stack);
  const order = stack.tiktok.addOrder({ shopId: shops[0] });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  stack.tiktok.addShop({ id: shops[1], openId });

  const taken = { status: "failed", code: "shop_taken" };
  assert.deepEqual(await connectLogin(stack, bob, openId), taken);
  const { claim } = await installFromStore(stack, openId);
  const answer = await callOAuth(stack, "POST", "/complete", { seller: bob, body: { claim } });
  assert.deepEqual([answer.status, answer.json.code], [409, "shop_taken"]);
  assert.deepEqual(await connectionStates(stack), [`${shops[0]} active`], "the free shop neither");

  const [own] = (await callOAuth(stack, "GET", "/shops", { seller: ada })).json.shops as {
    id: string;
  }[];
  assert.equal(
    (await callOAuth(stack, "DELETE", `/shops/${own?.id}`, { seller: ada })).status,
    204,
  );
  assert.deepEqual(await connectLogin(stack, bob, openId), { status: "connected" });
  await settleTasks(stack);
  await settledEvents(stack);
  assert.deepEqual(await connectionStates(stack), [
    `${shops[0]} active`,
    `${shops[0]} transferred connected_elsewhere`,
    `${shops[1]} active`,
  ]);
  // The order is TikTok's to show to whoever has the shop: each account has its own copy of it.
  const ordersOf = async (seller: typeof ada) =>
    (await seller.client.from("orders").select("tiktok_order_id, order_status")).data;
  assert.deepEqual(await ordersOf(ada), [{
    tiktok_order_id: order.id,
    order_status: "awaiting_shipment",
  }]);
  assert.deepEqual(await ordersOf(bob), await ordersOf(ada));
  const delivered = stack.tiktok.changeOrder(order.id, "DELIVERED");
  await stack.tiktok.send(stack.tiktok.notificationOf(delivered));
  await settledEvents(stack);
  assert.equal((await ordersOf(bob))?.[0]?.order_status, "delivered");
  assert.equal(
    (await ordersOf(ada))?.[0]?.order_status,
    "awaiting_shipment",
    "no news of what is not theirs",
  );
  assert.deepEqual(await connectLogin(stack, ada, openId), taken);
});

test("what fails on the way leaves nothing half connected, and no detail in the redirect", async (stack) => {
  const seller = await signUp(stack);
  const { openId, id: shopId } = stack.tiktok.addShop({ id: "7480000000000010001" });
  for (
    const fault of [
      { path: "/api/v2/token/get", kind: "html", count: 1 },
      { path: "/api/v2/token/get", kind: "lost", count: 1 },
      { path: "/api/v2/token/get", kind: "rate_limit", count: 1 },
      { path: "/authorization/", kind: "internal", count: 3 },
      { path: "/authorization/", kind: "html", count: 3 },
    ] as const
  ) {
    stack.tiktok.faults.add(fault);
    assert.deepEqual(await connectLogin(stack, seller, openId), {
      status: "failed",
      code: "tiktok_unavailable",
    }, JSON.stringify(fault));
  }
  const signature = "connect_tiktok_shops(uuid, jsonb)";
  await stack.sql.unsafe(`revoke execute on function public.${signature} from service_role`);
  assert.deepEqual(await connectLogin(stack, seller, openId), {
    status: "failed",
    code: "internal_error",
  });
  const { claim } = await installFromStore(stack, openId);
  const answer = await callOAuth(stack, "POST", "/complete", { seller, body: { claim } });
  assert.deepEqual([answer.status, answer.json.code], [500, "internal_error"]);
  await stack.sql.unsafe(`grant execute on function public.${signature} to service_role`);
  assert.deepEqual(await countConnections(stack), NOTHING);

  // The webhooks are not subscribed yet, but the shop is connected: the event worker goes on with it.
  stack.tiktok.faults.add({ path: "/event/", kind: "internal" });
  assert.deepEqual(await connectLogin(stack, seller, openId), { status: "connected" });
  await until("the subscription has failed", async () => {
    const [task] = await stack.sql`
      select last_error from private.webhook_events where event_type = 'SUBSCRIBE_WEBHOOKS'`;
    return task?.last_error?.includes("36009003");
  });
  assert.equal(stack.tiktok.state.all("subscriptions").length, 0);
  stack.tiktok.faults.clear();
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal(stack.tiktok.state.all("subscriptions").length, SUBSCRIBED_TOPICS.length);
  assert.deepEqual(await connectionStates(stack), [`${shopId} active`]);
});

test("GET /shops says in words how each shop stands; DELETE erases tokens and keeps the history", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const openId = "ada's";
  const shops = ["7480000000000011001", "7480000000000011002"] as const;
  for (const id of shops) stack.tiktok.addShop({ id, openId });
  await connectLogin(stack, ada, openId);
  await settleTasks(stack);
  const order = stack.tiktok.addOrder({ shopId: shops[0] });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);

  interface Shop {
    id: string;
    shop_id: string;
    status: string;
    reason: string | null;
    message: string;
    expires_at: string;
  }
  const list = async (seller: typeof ada) =>
    (await callOAuth(stack, "GET", "/shops", { seller })).json.shops as Shop[];
  const [first, second] = await list(ada) as [Shop, Shop];
  assert.deepEqual([first.status, first.reason], ["active", null]);
  assert.match(first.message, /^Connected\./);
  assert.ok(Date.parse(first.expires_at) > Date.UTC(2100, 0));
  assert.deepEqual(await list(bob), []);
  const text = JSON.stringify(await list(ada));
  for (const secret of ["token", "cipher", "TTP_", "v1."]) {
    assert.ok(!text.includes(secret), secret);
  }

  const remove = (seller: typeof ada, id: string) =>
    callOAuth(stack, "DELETE", `/shops/${id}`, { seller });
  for (const id of [first.id, crypto.randomUUID(), "1", "%00", `${first.id}x`]) {
    const refused = await remove(bob, id);
    assert.deepEqual([refused.status, refused.json.code], [404, "shop_not_found"], id);
  }
  assert.deepEqual(await connectionStates(stack), shops.map((id) => `${id} active`));

  assert.equal((await remove(ada, first.id)).status, 204);
  assert.equal((await remove(ada, first.id)).status, 204, "again is as good as once");
  const [row] = await stack.sql`
    select access_token, refresh_token, webhook_url from public.tiktok_shops where id = ${first.id}`;
  assert.deepEqual({ ...row }, { access_token: null, refresh_token: null, webhook_url: null });
  await until("the webhooks are unsubscribed", () =>
    Promise.resolve(
      !stack.tiktok.state.all("subscriptions").some((entry) => entry.shopId === shops[0]),
    ));
  assert.equal(
    stack.tiktok.state.all("subscriptions").filter((entry) => entry.shopId === shops[1]).length,
    SUBSCRIBED_TOPICS.length,
  );
  assert.equal((await ada.client.from("orders").select("id")).data?.length, 1);
  const after = await list(ada);
  assert.match(
    after.find((shop) => shop.id === first.id)?.message ?? "",
    /You disconnected this shop/,
  );
  assert.equal(after.find((shop) => shop.id === second.id)?.status, "active");

  // What TikTok still sends is kept, and worked when the shop is back.
  const late = stack.tiktok.addOrder({ shopId: shops[0] });
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(late)), 200);
  assert.deepEqual(await settledEvents(stack), { done: 1, ignored: 1 });
  await connectLogin(stack, ada, openId);
  await settleTasks(stack);
  await settledEvents(stack);
  assert.equal((await list(ada)).find((shop) => shop.id === first.id)?.status, "active");
  assert.equal((await ada.client.from("orders").select("id")).data?.length, 2);
});

test("an attempt that fails after the exchange does not end the connection that is there", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const openId = "held";
  stack.tiktok.addShop({ id: "7480000000000012001", openId });
  await connectLogin(stack, ada, openId);
  await settleTasks(stack);
  const { keys } = dependenciesOf(stack);
  const isNewest = async () => {
    const [pair] = await storedTokens(stack, keys);
    const { openId: _, ...tokens } = pair ?? {};
    assert.deepEqual(tokens, stack.tiktok.newestTokens(openId));
  };
  // TikTok has issued a new pair each time, and the old refresh token is dead.
  assert.equal((await connectLogin(stack, bob, openId)).code, "shop_taken");
  await isNewest();
  stack.tiktok.faults.add({ path: "/authorization/", kind: "internal", count: 3 });
  assert.equal((await connectLogin(stack, ada, openId)).code, "tiktok_unavailable");
  await isNewest();
  await expireTokensIn(stack);
  assert.equal((await runTokenRefresh(stack)).refreshed, 1);
  await isNewest();
});

test("of two ways back at once the pair that TikTok issued later is kept, though it came first", async (stack) => {
  const seller = await signUp(stack);
  const openId = "two-tabs";
  for (const id of ["7480000000000013001", "7480000000000013002"]) {
    stack.tiktok.addShop({ id, openId });
  }
  stack.tiktok.faults.add({ path: "/api/v2/token/get", kind: "late", delayMs: 60_000, count: 1 });
  const slow = connectLogin(stack, seller, openId);
  await until(
    "TikTok has issued the first pair",
    () => Promise.resolve(stack.tiktok.newestTokens(openId) !== undefined),
  );
  assert.equal((await connectLogin(stack, seller, openId)).status, "connected");
  stack.tiktok.faults.close();
  assert.equal((await slow).status, "connected");
  const { keys } = dependenciesOf(stack);
  const pairs = await storedTokens(stack, keys);
  assert.equal(pairs.length, 2);
  for (const { openId: _, ...pair } of pairs) {
    assert.deepEqual(pair, stack.tiktok.newestTokens(openId));
  }
});

test("an expired user token is told apart from a wrong one", async (stack) => {
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
