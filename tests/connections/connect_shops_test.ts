/** tiktok-oauth: the shops of a TikTok login are connected all together or not at all. */
import assert from "node:assert/strict";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import { tokenContext } from "../../shared/tiktok/connections/encrypted_tokens.ts";
import { SUBSCRIBED_TOPICS } from "../../shared/tiktok/webhooks/subscriptions.ts";
import {
  dependenciesOf,
  expireTokensIn,
  runTokenRefresh,
  storedTokens,
} from "../support/logins.ts";
import {
  complete,
  connectionStates,
  connectLogin,
  countConnections,
  installFromStore,
  NO_CONNECTIONS,
  signUp,
} from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";
import { letTimePass, runEventWorker, settleTasks } from "../support/shop.ts";
import { until } from "../support/until.ts";

test("a cross-border login connects all its shops, with one token pair, ciphers, scopes and both dates", async (stack) => {
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
    select *, extract(year from refresh_token_expires_at)::int as authorized_until
    from public.tiktok_shops order by shop_id`;
  assert.deepEqual(rows.map((row) => row.region), regions);
  const newest = stack.tiktok.newestTokens(openId);
  const keys = parseKeyRing(stack.env.ENCRYPTION_KEYS);
  for (const row of rows) {
    const open = (column: "access_token" | "refresh_token") =>
      decrypt(keys, row[column], tokenContext(column, row.shop_id));
    assert.equal(await open("access_token"), newest?.accessToken);
    assert.equal(await open("refresh_token"), newest?.refreshToken);
    assert.equal(row.shop_cipher, stack.tiktok.state.get("shops", row.shop_id)?.cipher);
    assert.ok(row.granted_scopes.includes("seller.order.info"));
    assert.ok(row.authorized_until > 2100);
    const days = (row.token_expires_at - Date.now()) / 86400_000;
    assert.ok(days > 6.9 && days <= 7);
  }
  assert.equal(new Set(rows.map((row) => row.access_token)).size, 3, "each shop has its own text");
  assert.equal((await stack.sql`select from private.tiktok_logins`).length, 1);
});

test("an installation from TikTok's app store is completed once, by the seller who confirms", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const { openId, id: shopId } = stack.tiktok.addShop({ id: "7480000000000007001" });
  const { status, claim, code } = await installFromStore(stack, openId);
  assert.deepEqual([status, code], ["confirm", undefined]);
  assert.equal(stack.tiktok.tokenRequests.length, 0);

  // Both open it at once: it belongs to one of them.
  const shown = await Promise.all([ada, bob].map((seller) => complete(stack, seller, claim)));
  assert.deepEqual(shown.map((answer) => answer.status).sort(), [200, 409]);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const [owner, other] = shown[0]?.status === 200 ? [ada, bob] : [bob, ada];
  const late = await complete(stack, other, claim, true);
  assert.deepEqual([late.status, late.json.code], [409, "claim_used"]);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);

  const answer = await complete(stack, owner, claim, true);
  assert.deepEqual((answer.json.shops as { shop_id: string }[]).map((shop) => shop.shop_id), [
    shopId,
  ]);
  assert.equal((await complete(stack, owner, claim, true)).json.code, "claim_used");
  assert.equal(stack.tiktok.tokenRequests.length, 1);
  const owners = await stack.sql`select user_id from public.tiktok_shops`;
  assert.deepEqual(owners.map((row) => row.user_id), [owner.id]);
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
    const answer = await complete(stack, seller, claim);
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
  }
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("an outage of TikTok during the authorization connects nothing", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000010001" });
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
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("a database failure connects nothing, and the claim can be confirmed afterwards", async (stack) => {
  const seller = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000010001" });
  const signature = "connect_tiktok_shops(uuid, jsonb)";
  await stack.sql.unsafe(`revoke execute on function public.${signature} from service_role`);
  assert.deepEqual(await connectLogin(stack, seller, openId), {
    status: "failed",
    code: "internal_error",
  });
  const { claim } = await installFromStore(stack, openId);
  assert.equal((await complete(stack, seller, claim)).status, 200);
  const answer = await complete(stack, seller, claim, true);
  assert.deepEqual([answer.status, answer.json.code], [500, "internal_error"]);
  await stack.sql.unsafe(`grant execute on function public.${signature} to service_role`);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  assert.equal((await complete(stack, seller, claim, true)).status, 200);
});

test("a shop is connected although TikTok refuses its webhooks; the event worker subscribes them", async (stack) => {
  const seller = await signUp(stack);
  const { openId, id: shopId } = stack.tiktok.addShop({ id: "7480000000000010001" });
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

test("an attempt that fails after the exchange keeps the existing connection", async (stack) => {
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

test("of two authorizations at once, the token pair that TikTok issued later is kept", async (stack) => {
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

test("a further shop is not connected with tokens that a refresh replaced before the confirmation", async (stack) => {
  const seller = await signUp(stack);
  const openId = "growing";
  const [first, second] = ["7480000000000014001", "7480000000000014002"];
  stack.tiktok.addShop({ id: first, openId });
  await connectLogin(stack, seller, openId);
  await settleTasks(stack);
  stack.tiktok.addShop({ id: second, openId });
  const { claim } = await installFromStore(stack, openId);
  assert.equal((await complete(stack, seller, claim)).status, 200);
  await expireTokensIn(stack);
  assert.equal((await runTokenRefresh(stack)).refreshed, 1);

  const answer = await complete(stack, seller, claim, true);

  assert.deepEqual([answer.status, answer.json.code], [422, "code_refused"]);
  assert.deepEqual(await connectionStates(stack), [`${first} active`]);
  assert.equal((await connectLogin(stack, seller, openId)).status, "connected");
  assert.deepEqual(await connectionStates(stack), [`${first} active`, `${second} active`]);
});
