/** tiktok-oauth: TikTok's redirect back to us, with every code and state that it may bring. */
import assert from "node:assert/strict";
import { beginAuthorization, type Seller, visitCallback } from "../../local/stack/seller.ts";
import {
  callOAuth,
  countConnections,
  NO_CONNECTIONS,
  redirectOf,
  signUp,
} from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

const CONNECTED = { status: "connected" };
const REFUSED = { status: "refused", code: "access_denied" };

const failed = (code: string) => ({ status: "failed", code });

/** A state that is issued to the seller. */
async function issueState(stack: TestStack, seller: Seller): Promise<string> {
  return (await beginAuthorization(stack.env, seller.accessToken)).state;
}

/** A code that TikTok issues for the login. */
function issueCode(stack: TestStack, openId: string): string {
  const back = stack.tiktok.answerAuthorization({ openId, decision: "agree" });
  return back.searchParams.get("code") ?? "";
}

/** A seller, and a TikTok login with a shop. */
async function createSeller(stack: TestStack, shopId = "7480000000000004001") {
  const { openId } = stack.tiktok.addShop({ id: shopId });
  return { seller: await signUp(stack), openId };
}

test("a seller who refuses at TikTok returns as refused, and the state is used up", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const code = issueCode(stack, openId);

  for (const error of ["auth_denied", "access_denied"] as const) {
    const state = await issueState(stack, seller);
    const back = stack.tiktok.answerAuthorization({ decision: "refuse", state, error });
    const query = Object.fromEntries(back.searchParams);
    assert.deepEqual(await visitCallback(stack.env, query), REFUSED);
    assert.deepEqual(await visitCallback(stack.env, { state, code }), failed("state_used"));
  }
  const state = await issueState(stack, seller);
  for (
    const query of [{ code: "" }, { code: "null", state: "x" }, { error: "<script>", code, state }]
  ) {
    assert.deepEqual(await visitCallback(stack.env, query), REFUSED);
  }

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("a callback without a usable code fails, and leaves its state usable", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);

  assert.deepEqual(await visitCallback(stack.env, { state }), failed("code_missing"));
  assert.deepEqual(await visitCallback(stack.env, {}), failed("code_missing"));
  const unusable = [
    "<h1>Hello</h1>",
    "'; drop table",
    "a b c d e f g h",
    "x",
    "é".repeat(9),
    "a".repeat(2000),
  ];
  for (const code of unusable) {
    assert.deepEqual(await visitCallback(stack.env, { state, code }), failed("code_invalid"), code);
    assert.deepEqual(await visitCallback(stack.env, { code }), failed("code_invalid"), code);
  }

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const code = issueCode(stack, openId);
  assert.deepEqual(await visitCallback(stack.env, { state, code }), CONNECTED);
});

test("an unknown state fails, and leaves the real one usable", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);
  const tampered = (state.startsWith("A") ? "B" : "A") + state.slice(1);
  const unknown = [
    tampered,
    `${state}x`,
    state.slice(1),
    "s".repeat(10_240),
    "'--",
    "\0",
    "💥",
  ];

  for (const wrong of unknown) {
    const query = { state: wrong, code: issueCode(stack, openId) };
    const outcome = await visitCallback(stack.env, query);
    assert.deepEqual(outcome, failed("state_unknown"), wrong.slice(0, 50));
  }

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const code = issueCode(stack, openId);
  assert.deepEqual(await visitCallback(stack.env, { state, code }), CONNECTED);
});

test("an expired state fails, and is used up", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);
  await stack.sql`
    update private.tiktok_authorizations set expires_at = now()
    where state_hash = encode(sha256(${state}::bytea), 'hex')`;
  const visit = () => visitCallback(stack.env, { state, code: issueCode(stack, openId) });

  assert.deepEqual(await visit(), failed("state_expired"));
  assert.deepEqual(await visit(), failed("state_used"));
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("a code that TikTok refuses connects nothing; code and state work once", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const visit = async (code: string, state?: string) =>
    await visitCallback(stack.env, { state: state ?? await issueState(stack, seller), code });
  assert.deepEqual(await visit(`TTP_${"0".repeat(140)}`), failed("code_refused"));
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);

  const [state, code] = [await issueState(stack, seller), issueCode(stack, openId)];
  assert.deepEqual(await visit(code, state), CONNECTED);

  assert.deepEqual(await visit(issueCode(stack, openId), state), failed("state_used"));
  assert.deepEqual(await visit(code), failed("code_refused"));
  assert.equal((await countConnections(stack)).shops, 1);
});

test("a state connects to the account that it was issued to, in any browser", async (stack) => {
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const { openId } = stack.tiktok.addShop({ id: "7480000000000005001" });
  const { state } = await beginAuthorization(stack.env, ada.accessToken);
  // Another seller cannot redeem it as a claim.
  const asClaim = await callOAuth(stack, "POST", "/complete", {
    seller: bob,
    body: { claim: state },
  });
  assert.deepEqual([asClaim.status, asClaim.json.code], [400, "claim_unknown"]);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const back = stack.tiktok.answerAuthorization({ openId, state, decision: "agree" });
  // A redirect does not identify its user; a request that does must come from the same one.
  const other = await beginAuthorization(stack.env, ada.accessToken);
  const answer = stack.tiktok.answerAuthorization({
    openId,
    state: other.state,
    decision: "agree",
  });
  const known = await callOAuth(stack, "GET", `/callback${answer.search}`, { seller: bob });
  assert.match(known.headers.get("location") ?? "", /status=failed&code=state_of_another_user$/);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  assert.equal((await redirectOf(stack, back.search)).status, "connected");
  const owners = await stack.sql`select user_id from public.tiktok_shops`;
  assert.deepEqual(owners.map((row) => row.user_id), [ada.id]);
  assert.deepEqual((await callOAuth(stack, "GET", "/shops", { seller: bob })).json, { shops: [] });
});

test("25 callbacks with one state and one code at once: only one connects", async (stack) => {
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
  assert.equal(stack.tiktok.tokenRequests.length, 1, "one token request");
});
