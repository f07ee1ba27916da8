/** Faults of the simulator: the answer that the caller gets, and the effect of the call. */
import assert from "node:assert/strict";
import { Caller } from "../../../tests/support/tiktok_caller.ts";

const REFRESH = "/api/v2/token/refresh";
const ORDERS = "/order/202309/orders";

async function connected() {
  const caller = new Caller();
  const { access_token, refresh_token } = await caller.connect("1");
  const { simulator } = caller;
  return { caller, simulator, faults: simulator.faults, access_token, refresh_token };
}

Deno.test("the auth host's own failures have no envelope and change no token", async () => {
  const { caller, simulator, faults, refresh_token } = await connected();
  const newest = simulator.newestTokens("one");
  const spoiled = async () => {
    const response = await caller.fetch(caller.refreshUrl(refresh_token));
    return { response, text: await response.text() };
  };
  faults.add({ path: REFRESH, kind: "internal", count: 1 });
  const internal = await spoiled();
  assert.equal(internal.response.status, 500);
  assert.throws(() => JSON.parse(internal.text));

  faults.add({ path: REFRESH, kind: "html", count: 1 });
  assert.equal((await spoiled()).response.status, 503);

  faults.add({ path: REFRESH, kind: "rate_limit", retryAfterSeconds: 7, count: 1 });
  const { response, text } = await spoiled();
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "7"]);
  const { code, data, request_id } = JSON.parse(text);
  assert.deepEqual([code, data, typeof request_id], [36009002, undefined, "string"]);

  assert.deepEqual(simulator.refreshes, []);
  assert.deepEqual(simulator.newestTokens("one"), newest);
  assert.deepEqual(simulator.tokenRequests.slice(1).map((request) => request.code), [
    null,
    null,
    36009002,
  ]);
  assert.equal((await caller.refresh(refresh_token)).code, 0);
});

Deno.test("a fault spoils only its path, and `expired` only calls of the Open API", async () => {
  const { caller, simulator, faults, access_token, refresh_token } = await connected();
  faults.add({ path: REFRESH, kind: "internal" });
  assert.equal((await caller.exchange(simulator.authorize("1"))).code, 0);
  assert.equal((await caller.call("/authorization/202309/shops", access_token, {})).code, 0);
  assert.equal((await caller.fetch(caller.refreshUrl(refresh_token))).status, 500);
  faults.clear();

  faults.add({ kind: "expired", count: 1 });
  const { refreshToken } = simulator.newestTokens("one") ?? {};
  assert.equal((await caller.refresh(refreshToken)).code, 0);
  const calls = simulator.calls.length;
  const good = { ids: "5", shop_cipher: "cipher1" };
  assert.equal((await caller.call(ORDERS, access_token, good)).code, 105002);
  assert.equal(simulator.calls.length, calls);
  assert.equal((await caller.call(ORDERS, access_token, good)).code, 0);
});

Deno.test("`lost`: the tokens rotate, and the caller does not receive the new ones", async () => {
  const { caller, simulator, faults, access_token, refresh_token } = await connected();
  faults.add({ path: REFRESH, kind: "lost", count: 1 });
  const lost = await caller.fetch(caller.refreshUrl(refresh_token));
  assert.deepEqual([lost.status, await lost.text()], [504, ""]);
  assert.equal(lost.headers.get("content-type"), null);
  assert.deepEqual(simulator.refreshes, ["one"]);
  const { code, openId } = simulator.tokenRequests.at(-1) ?? {};
  assert.deepEqual([code, openId], [0, "one"]);
  assert.equal((await caller.refresh(refresh_token)).code, 36004005);
  assert.equal((await caller.refresh(simulator.newestTokens("one")?.refreshToken)).code, 0);

  faults.add({ path: "/event/", kind: "lost", count: 1 });
  const put = caller.call("/event/202309/webhooks", access_token, { shop_cipher: "cipher1" }, {
    method: "PUT",
    body: '{"address":"https://example.com/","event_type":"PACKAGE_UPDATE"}',
  });
  await assert.rejects(put, SyntaxError);
  assert.equal(simulator.state.all("subscriptions").length, 1);
});

Deno.test("`late`: the tokens rotate at once, and the answer arrives after the delay", async () => {
  const { caller, simulator, faults, refresh_token } = await connected();
  faults.add({ path: REFRESH, kind: "late", delayMs: 60_000, count: 1 });
  let isAnswered = false;
  const late = caller.refresh(refresh_token).finally(() => isAnswered = true);
  assert.equal((await caller.refresh(refresh_token)).code, 36004005);
  assert.deepEqual(simulator.refreshes, ["one"]);
  assert.equal(isAnswered, false);
  faults.close();
  const { code, data } = await late;
  assert.equal(code, 0);
  assert.equal(data.refresh_token, simulator.newestTokens("one")?.refreshToken);
});

Deno.test("`delay` handles the call after its wait, `hang` does not handle it", async () => {
  const { caller, simulator, faults, refresh_token } = await connected();
  faults.add({ path: REFRESH, kind: "hang", delayMs: 60_000, count: 1 });
  const hanging = caller.fetch(caller.refreshUrl(refresh_token));
  // Lets the call reach the fault.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(simulator.tokenRequests.at(-1), { path: REFRESH, code: null });
  faults.close();
  assert.equal((await hanging).status, 504);
  assert.deepEqual(simulator.refreshes, []);

  faults.add({ path: REFRESH, kind: "delay", delayMs: 60_000, count: 1 });
  const delayed = caller.refresh(refresh_token);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(simulator.refreshes, []);
  faults.close();
  assert.equal((await delayed).code, 0);
  assert.deepEqual(simulator.refreshes, ["one"]);
});
