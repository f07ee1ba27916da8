/** The simulated Event API, and where webhooks go because of it. */
import assert from "node:assert/strict";
import { Caller, type CallOptions, NOW } from "../../../tests/support/tiktok_caller.ts";

const PATH = "/event/202309/webhooks";
const ADDRESS = "https://example.functions.supabase.co/tiktok-webhook";

async function connected(options: ConstructorParameters<typeof Caller>[0] = {}) {
  const caller = new Caller(options);
  const { access_token: token } = await caller.connect("1");
  const call = (method: string, body?: unknown, options: CallOptions = {}) =>
    caller.call(PATH, token, { shop_cipher: "cipher1" }, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...options,
    });
  return { caller, token, call, subscriptions: () => caller.simulator.state.all("subscriptions") };
}

async function fixture(name: string): Promise<Record<string, unknown>> {
  const url = new URL(`fixtures/tiktok/${name}`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

Deno.test("subscriptions are made, replaced, listed and deleted as TikTok does", async () => {
  const { caller, call } = await connected();
  const put = await call("PUT", { address: ADDRESS, event_type: "ORDER_STATUS_CHANGE" });
  const { data, message } = await fixture("29-shop-webhook-put-or-delete-success.json");
  assert.deepEqual([put.code, put.data, put.message], [0, data, message]);
  caller.now += 60_000;
  await call("PUT", { address: `${ADDRESS}/2`, event_type: "ORDER_STATUS_CHANGE" });
  await call("PUT", { address: ADDRESS, event_type: "SELLER_DEAUTHORIZATION" });

  const list = await call("GET");
  const [created, updated] = [NOW / 1000, NOW / 1000 + 60];
  assert.deepEqual(list.data, {
    total_count: 2,
    webhooks: [
      {
        event_type: "ORDER_STATUS_CHANGE",
        address: `${ADDRESS}/2`,
        create_time: created,
        update_time: updated,
      },
      {
        event_type: "SELLER_DEAUTHORIZATION",
        address: ADDRESS,
        create_time: updated,
        update_time: updated,
      },
    ],
  });

  for (let time = 0; time < 2; time++) {
    const deleted = await call("DELETE", { event_type: "ORDER_STATUS_CHANGE" });
    assert.deepEqual([deleted.code, deleted.data], [0, {}]);
    assert.equal((await call("GET")).data.total_count, 1);
  }
});

Deno.test("a subscription that TikTok would not take is refused, and the one before stays", async () => {
  const { call, subscriptions } = await connected();
  const event_type = "ORDER_STATUS_CHANGE";
  await call("PUT", { address: ADDRESS, event_type });
  const before = subscriptions();
  const refused: [unknown, string][] = [
    [undefined, "param body.address is missing"],
    [{ event_type }, "param body.address is missing"],
    [{ address: ADDRESS }, "param body.event_type is missing"],
    [{ address: 5, event_type }, "param body.address is invalid"],
    [{ address: ADDRESS, event_type: "REFUND_SUCCESS" }, "param body.event_type is invalid"],
    [{ address: ADDRESS, event_type: "order_status_change" }, "param body.event_type is invalid"],
  ];
  for (
    const address of [
      "not a url",
      "ftp://example.com/",
      "javascript:alert(1)",
      "http://example.com/",
      "https://example.com:8443/",
      "https://example.com:443/",
      "https://user@example.com/",
      "https://user:word@example.com/",
      "https://93.184.216.34/",
      "https://1572395042/",
      "https://[2606:2800::1]/",
      "https://gateway/",
      "http://127.0.0.1.example.com/",
      "http://127.0.0.2:8000/",
      `https://example.com/${"x".repeat(236)}`,
    ]
  ) {
    refused.push([{ address, event_type }, "param body.address is invalid"]);
  }
  for (const [body, message] of refused) {
    const answer = await call("PUT", body);
    assert.deepEqual(
      [answer.status, answer.code, answer.message, answer.data],
      [400, 36009004, message, null],
    );
  }
  assert.equal((await call("PUT", undefined, { body: "{" })).code, 36009004);
  assert.equal((await call("DELETE", {})).message, "param body.event_type is missing");
  assert.equal((await call("DELETE", { event_type: "ORDERS" })).code, 36009004);
  assert.deepEqual(subscriptions(), before);
});

Deno.test("the shops of a login have subscriptions of their own", async () => {
  const { caller, token, call } = await connected();
  const event_type = "ORDER_STATUS_CHANGE";
  await call("PUT", { address: ADDRESS, event_type });
  const other = (method: string, body?: string) =>
    caller.call(PATH, token, { shop_cipher: "cipher2" }, { method, ...(body && { body }) });
  assert.deepEqual((await other("GET")).data, { total_count: 0, webhooks: [] });
  assert.equal((await other("DELETE", JSON.stringify({ event_type }))).code, 0);
  assert.equal((await call("GET")).data.total_count, 1);
});

Deno.test("255 characters are taken, and addresses of a local stack", async () => {
  const { call, subscriptions } = await connected();
  for (
    const address of [
      `https://example.com/${"x".repeat(235)}`,
      "http://127.0.0.1:54321/functions/v1/tiktok-webhooks",
      "http://localhost:8000/",
    ]
  ) {
    assert.equal((await call("PUT", { address, event_type: "PACKAGE_UPDATE" })).code, 0);
    assert.deepEqual(subscriptions().map((entry) => entry.address), [address]);
  }
});

Deno.test("the call must be signed over the bytes of its body, and name a shop of the login", async () => {
  const { caller, token, call, subscriptions } = await connected();
  const body = { address: ADDRESS, event_type: "ORDER_STATUS_CHANGE" };
  const spaced = await call("PUT", body, { signedBody: JSON.stringify(body, null, 1) });
  assert.deepEqual([spaced.status, spaced.code], [401, 106001]);
  assert.equal((await call("DELETE", body, { signedBody: "" })).code, 106001);
  // Signed as if it had a body, which a GET has not.
  assert.equal((await call("GET", undefined, { signedBody: "{}" })).code, 106001);
  assert.equal((await call("GET")).code, 0);

  const put = (parameters: Record<string, string>) =>
    caller.call(PATH, token, parameters, { method: "PUT", body: JSON.stringify(body) });
  assert.equal((await put({})).code, 106013);
  assert.equal((await put({ shop_cipher: "cipher3" })).code, 101000);
  assert.deepEqual(subscriptions(), []);
});

/** Answers 200, and keeps what it was sent. */
function receiver() {
  const received: { type: number; shop_id: string }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (r) => {
    received.push(await r.json());
    return new Response();
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return { url, received, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("a webhook goes to the subscription of its shop and topic, or else to the default", async () => {
  await using byDefault = receiver();
  await using bySubscription = receiver();
  const journalPath = await Deno.makeTempFile();
  const options = { webhookUrl: byDefault.url, journalPath };
  const { caller: { simulator }, call } = await connected(options);
  await call("PUT", { address: bySubscription.url, event_type: "SELLER_DEAUTHORIZATION" });
  simulator.close();

  const { caller: { simulator: restarted }, call: callAgain } = await connected(options);
  const expiring = restarted.expirationNotice("1", NOW / 1000);
  for (const shopId of ["1", "3"]) await restarted.send(restarted.deauthorize(shopId));
  await restarted.send(expiring);
  const got = (list: typeof byDefault.received) => list.map((body) => [body.shop_id, body.type]);
  assert.deepEqual(got(bySubscription.received), [["1", 6]]);
  assert.deepEqual(got(byDefault.received), [["3", 6], ["1", 7]]);

  assert.equal((await callAgain("GET")).code, 36009004);
  restarted.close();
  await Deno.remove(journalPath);
});
