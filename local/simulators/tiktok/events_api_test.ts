/** The simulated Event API, and the addresses that webhooks are sent to. */
import assert from "node:assert/strict";
import { fixture } from "../../../tests/support/fulfillment.ts";
import { type Seen, withServer } from "../../../tests/support/local_server.ts";
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

Deno.test("subscriptions are created, replaced, listed and deleted as by TikTok", async () => {
  const { caller, call } = await connected();
  const put = await call("PUT", { address: ADDRESS, event_type: "ORDER_STATUS_CHANGE" });
  const { data, message } = await fixture("29-shop-webhook-put-or-delete-success");
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

Deno.test("an invalid subscription is refused, and the existing one stays", async () => {
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

Deno.test("each shop of a login has its own subscriptions", async () => {
  const { caller, token, call } = await connected();
  const event_type = "ORDER_STATUS_CHANGE";
  await call("PUT", { address: ADDRESS, event_type });
  const other = (method: string, body?: string) =>
    caller.call(PATH, token, { shop_cipher: "cipher2" }, { method, ...(body && { body }) });
  assert.deepEqual((await other("GET")).data, { total_count: 0, webhooks: [] });
  assert.equal((await other("DELETE", JSON.stringify({ event_type }))).code, 0);
  assert.equal((await call("GET")).data.total_count, 1);
});

Deno.test("addresses of 255 characters and of the local stack are accepted", async () => {
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

Deno.test("a call must be signed over the bytes of its body, and name a shop of the login", async () => {
  const { caller, token, call, subscriptions } = await connected();
  const body = { address: ADDRESS, event_type: "ORDER_STATUS_CHANGE" };
  const spaced = await call("PUT", body, { signedBody: JSON.stringify(body, null, 1) });
  assert.deepEqual([spaced.status, spaced.code], [401, 106001]);
  assert.equal((await call("DELETE", body, { signedBody: "" })).code, 106001);
  // Signed with a body that a GET does not have.
  assert.equal((await call("GET", undefined, { signedBody: "{}" })).code, 106001);
  assert.equal((await call("GET")).code, 0);

  const put = (parameters: Record<string, string>) =>
    caller.call(PATH, token, parameters, { method: "PUT", body: JSON.stringify(body) });
  assert.equal((await put({})).code, 106013);
  assert.equal((await put({ shop_cipher: "cipher3" })).code, 101000);
  assert.deepEqual(subscriptions(), []);
});

Deno.test("a webhook goes to the subscription of its shop and topic, otherwise to the default", async () => {
  const journalPath = await Deno.makeTempFile();
  const got = (requests: Seen[]) =>
    requests.map(({ body }) => JSON.parse(body)).map(({ shop_id, type }) => [shop_id, type]);
  const ok = () => new Response();
  await withServer(
    ok,
    (defaultUrl, byDefault) =>
      withServer(ok, async (subscribedUrl, bySubscription) => {
        const options = { webhookUrl: defaultUrl, journalPath };
        const { caller: { simulator }, call } = await connected(options);
        await call("PUT", { address: subscribedUrl, event_type: "SELLER_DEAUTHORIZATION" });
        simulator.close();

        const { caller: { simulator: restarted }, call: callAgain } = await connected(options);
        const expiring = restarted.expirationNotice("1", NOW / 1000);
        for (const shopId of ["1", "3"]) await restarted.send(restarted.deauthorize(shopId));
        await restarted.send(expiring);
        assert.deepEqual(got(bySubscription), [["1", 6]]);
        assert.deepEqual(got(byDefault), [["3", 6], ["1", 7]]);

        assert.equal((await callAgain("GET")).code, 36009004);
        restarted.close();
      }),
  );
  await Deno.remove(journalPath);
});

Deno.test("a topic whose subscription TikTok has lost is neither listed nor sent, until it is subscribed again", async () => {
  await withServer(() => new Response(), async (url, requests) => {
    const { caller: { simulator }, call } = await connected({ webhookUrl: url });
    const put = (event_type: string) => call("PUT", { address: url, event_type });
    await put("SELLER_DEAUTHORIZATION");
    await put("UPCOMING_AUTHORIZATION_EXPIRATION");
    simulator.loseSubscription("1", "UPCOMING_AUTHORIZATION_EXPIRATION");
    const listed = (await call("GET")).data.webhooks as { event_type: string }[];
    assert.deepEqual(listed.map((entry) => entry.event_type), ["SELLER_DEAUTHORIZATION"]);

    const notice = simulator.expirationNotice("1", NOW / 1000);
    assert.equal(await simulator.send(notice), 0);
    assert.deepEqual(requests, []);
    await put("UPCOMING_AUTHORIZATION_EXPIRATION");
    assert.equal(await simulator.send(notice), 200);
    assert.equal(await simulator.send(simulator.deauthorize("1")), 200);
    assert.equal(requests.length, 2);
    simulator.close();
  });
});
