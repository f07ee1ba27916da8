/** Attacks on the authorization: links that would hand a shop to an account that is not its owner's. */
import assert from "node:assert/strict";
import { beginAuthorization, visitCallback } from "../../local/stack/seller.ts";
import {
  complete,
  countConnections,
  installFromStore,
  NO_CONNECTIONS,
  signUp,
} from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";

test("attack: a seller who follows another account's authorization link keeps their shop", async (stack) => {
  const [mallory, ada] = [await signUp(stack), await signUp(stack)];
  const { openId } = stack.tiktok.addShop({ id: "7480000000000014001", name: "Ada's Ferns" });
  // Mallory sends her own link; Ada agrees at TikTok, and her browser follows the redirect.
  const { state } = await beginAuthorization(stack.env, mallory.accessToken);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  const { claim } = await visitCallback(stack.env, Object.fromEntries(back.searchParams));

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  assert.equal(stack.tiktok.tokenRequests.length, 0, "the callback exchanges nothing");
  for (const confirm of [undefined, true]) {
    const refused = await complete(stack, ada, claim, confirm);
    assert.deepEqual([refused.status, refused.json.code], [403, "state_of_another_user"]);
  }
  assert.equal(stack.tiktok.tokenRequests.length, 0);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("attack: a stranger's callback link of a store installation connects nothing unasked", async (stack) => {
  const [ada, mallory] = [await signUp(stack), await signUp(stack)];
  const { openId } = stack.tiktok.addShop({ id: "7480000000000014002", name: "Mallory's Knives" });
  // Ada opens the link; her app shows what it would connect, and she closes the page.
  const { claim } = await installFromStore(stack, openId);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  assert.equal(stack.tiktok.tokenRequests.length, 0, "the callback exchanges nothing");
  const shown = await complete(stack, ada, claim);
  assert.equal(shown.status, 200);
  assert.equal(shown.json.status, "unconfirmed");
  assert.deepEqual((shown.json.shops as { shop_name: string }[]).map((shop) => shop.shop_name), [
    "Mallory's Knives",
  ]);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  // Nor can another account finish what Ada was shown.
  const taken = await complete(stack, mallory, claim, true);
  assert.deepEqual([taken.status, taken.json.code], [409, "claim_used"]);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("attack: tokens of an authorization that is never confirmed do not outlive the claim", async (stack) => {
  const ada = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000014003" });
  const { claim } = await installFromStore(stack, openId);
  assert.equal((await complete(stack, ada, claim)).status, 200);
  const tokens = stack.tiktok.newestTokens(openId);
  const [waiting] = await stack.sql`select sealed_grant, expires_at from private.tiktok_claims`;
  assert.match(waiting?.sealed_grant, /^v1\./);
  assert.ok(!waiting?.sealed_grant.includes(tokens?.accessToken));
  assert.ok(waiting?.expires_at - Date.now() <= 15 * 60_000);

  await stack.sql`update private.tiktok_claims set expires_at = now()`;
  for (const confirm of [undefined, true]) {
    const late = await complete(stack, ada, claim, confirm);
    assert.deepEqual([late.status, late.json.code], [410, "claim_expired"]);
  }
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  await stack.sql`select private.delete_expired_claims()`;
  assert.deepEqual([...await stack.sql`select from private.tiktok_claims`], []);
});

test("attack: a waiting grant that is moved to another seller does not decrypt", async (stack) => {
  const [ada, mallory] = [await signUp(stack), await signUp(stack)];
  const { openId } = stack.tiktok.addShop({ id: "7480000000000014004" });
  const { claim } = await installFromStore(stack, openId);
  assert.equal((await complete(stack, ada, claim)).status, 200);
  await stack.sql`update private.tiktok_claims set user_id = ${mallory.id}`;
  assert.equal((await complete(stack, mallory, claim, true)).status, 500);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("attack: a crash between exchange and confirmation leaves no token", async (stack) => {
  const ada = await signUp(stack);
  const { openId } = stack.tiktok.addShop({ id: "7480000000000014005" });
  const { claim } = await installFromStore(stack, openId);
  const signature = "store_tiktok_claim(uuid, text, text)";
  await stack.sql.unsafe(`revoke execute on function public.${signature} from service_role`);
  assert.equal((await complete(stack, ada, claim)).status, 500);
  await stack.sql.unsafe(`grant execute on function public.${signature} to service_role`);
  assert.equal(stack.tiktok.tokenRequests.length, 1, "the code was exchanged");

  const rows = await stack.sql`select sealed_grant from private.tiktok_claims`;
  assert.deepEqual(rows.map((row) => row.sealed_grant), [null]);
  for (const confirm of [undefined, true]) {
    assert.equal((await complete(stack, ada, claim, confirm)).json.code, "claim_used");
  }
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});
