/** tiktok-oauth: TikTok's redirect back to us, and what /complete makes of the code and state in it. */
import assert from "node:assert/strict";
import { beginAuthorization, type Seller, visitCallback } from "../../local/stack/seller.ts";
import {
  callOAuth,
  complete,
  countConnections,
  finish,
  NO_CONNECTIONS,
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

/** The redirect with this query, and the seller's app after it. */
async function visitAndFinish(stack: TestStack, seller: Seller, query: Record<string, string>) {
  return await finish(stack, seller, await visitCallback(stack.env, query));
}

test("a seller who refuses at TikTok returns as refused, and nothing is connected", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const code = issueCode(stack, openId);
  const state = await issueState(stack, seller);

  for (const error of ["auth_denied", "access_denied"] as const) {
    const back = stack.tiktok.answerAuthorization({ decision: "refuse", state, error });
    const query = Object.fromEntries(back.searchParams);
    assert.deepEqual(await visitCallback(stack.env, query), REFUSED);
  }
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
  assert.deepEqual(await visitCallback(stack.env, { state, code: "x" }), failed("code_invalid"));

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  const code = issueCode(stack, openId);
  assert.deepEqual(await visitAndFinish(stack, seller, { state, code }), CONNECTED);
});

test("an unknown state fails, and leaves the real one and the code usable", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);
  const code = issueCode(stack, openId);
  const tampered = (state.startsWith("A") ? "B" : "A") + state.slice(1);

  for (const wrong of [tampered, `${state}x`, "s".repeat(10_240), "\0", "💥"]) {
    const outcome = await visitAndFinish(stack, seller, { state: wrong, code });
    assert.deepEqual(outcome, failed("state_unknown"), wrong.slice(0, 50));
  }

  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
  assert.deepEqual(await visitAndFinish(stack, seller, { state, code }), CONNECTED);
});

test("an expired state connects nothing", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);
  await stack.sql`
    update private.tiktok_authorizations set expires_at = now()
    where state_hash = encode(sha256(${state}::bytea), 'hex')`;
  const query = { state, code: issueCode(stack, openId) };

  assert.deepEqual(await visitAndFinish(stack, seller, query), failed("state_expired"));
  assert.equal(stack.tiktok.tokenRequests.length, 0);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("a code that TikTok refuses connects nothing; code and state work once", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const visit = async (code: string, state?: string) =>
    await visitAndFinish(stack, seller, { state: state ?? await issueState(stack, seller), code });
  assert.deepEqual(await visit(`TTP_${"0".repeat(140)}`), failed("code_refused"));
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);

  const [state, code] = [await issueState(stack, seller), issueCode(stack, openId)];
  assert.deepEqual(await visit(code, state), CONNECTED);

  assert.deepEqual(await visit(issueCode(stack, openId), state), failed("state_used"));
  assert.deepEqual(await visit(code), failed("claim_used"));
  await stack.sql`delete from private.tiktok_claims`;
  assert.deepEqual(await visit(code), failed("code_refused"));
  assert.equal((await countConnections(stack)).shops, 1);
});

test("a claim is not confirmed before its shops were shown, and nothing but a claim is taken", async (stack) => {
  const { seller, openId } = await createSeller(stack);
  const state = await issueState(stack, seller);
  const { claim } = await visitCallback(stack.env, { state, code: issueCode(stack, openId) });

  const unseen = await complete(stack, seller, claim, true);
  assert.deepEqual([unseen.status, unseen.json.code], [409, "claim_not_shown"]);
  for (const wrong of [state, `${claim}x`, claim?.replace("v1.", "v2.")]) {
    for (const confirm of [undefined, true]) {
      const refused = await complete(stack, seller, wrong, confirm);
      assert.deepEqual([refused.status, refused.json.code], [400, "claim_unknown"], wrong);
    }
  }
  for (const body of [{}, { claim: "" }, { claim, confirm: "true" }, { claim, confirm: 1 }]) {
    const refused = await callOAuth(stack, "POST", "/complete", { seller, body });
    assert.deepEqual([refused.status, refused.json.code], [400, "invalid_body"]);
  }

  assert.equal(stack.tiktok.tokenRequests.length, 0);
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);
});

test("nine calls at once with one claim exchange its code once and connect once", async (stack) => {
  const { seller, openId } = await createSeller(stack, "7480000000000006001");
  const state = await issueState(stack, seller);
  const { claim } = await visitCallback(stack.env, { state, code: issueCode(stack, openId) });
  // Twice nine: a seller may call 20 times a minute.
  const callNineTimes = async (confirm?: boolean) => {
    const calls = Array.from({ length: 9 }, () => complete(stack, seller, claim, confirm));
    return (await Promise.all(calls)).map(({ status, json }) => json.code ?? status);
  };

  const shown = await callNineTimes();
  assert.ok(shown.includes(200));
  assert.ok(shown.every((outcome) => outcome === 200 || outcome === "claim_used"));
  assert.equal(stack.tiktok.tokenRequests.length, 1, "one token request");
  assert.deepEqual(await countConnections(stack), NO_CONNECTIONS);

  const confirmed = await callNineTimes(true);
  assert.equal(confirmed.filter((outcome) => outcome === 200).length, 1);
  assert.equal(confirmed.filter((outcome) => outcome === "claim_used").length, 8);
  assert.equal((await countConnections(stack)).shops, 1);
});
