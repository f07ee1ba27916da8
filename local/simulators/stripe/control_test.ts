/** `/control` of the simulator, as people and tests use it over HTTP, and its journal. */
import assert from "node:assert/strict";
import { Caller } from "../../../tests/support/stripe_caller.ts";

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- the fields that a caller gets
  body: any;
}

async function control(caller: Caller, path: string, body?: unknown, method = "POST") {
  const response = await fetch(`${caller.url}/control${path}`, {
    method,
    ...(method === "POST" && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    }),
  });
  const text = await response.text();
  const answer: Answer = { status: response.status, body: text === "" ? null : JSON.parse(text) };
  return answer;
}

Deno.test("GET /control lists the commands, changes, prices, customers and subscriptions", async () => {
  await using caller = new Caller();
  const { id, customer } = await caller.subscription();
  const { body } = await control(caller, "", undefined, "GET");
  assert.equal(body.what, "The Stripe simulator");
  assert.ok("POST /control/subscriptions/:id" in body.control && "renew" in body.changes);
  const ids = (entries: { id: string }[]) => entries.map((entry) => entry.id);
  assert.deepEqual(ids(body.prices), ["price_starter", "price_growth", "price_scale"]);
  assert.deepEqual([ids(body.customers), ids(body.subscriptions)], [[customer], [id]]);
});

Deno.test("/control changes a subscription and names its events", async () => {
  await using caller = new Caller();
  const { id } = await caller.subscription();
  const path = `/subscriptions/${id}`;
  const changed = await control(caller, path, { change: "change_price", price: "price_scale" });
  assert.deepEqual(changed.body.subscription.prices, ["price_scale"]);
  const failed = await control(caller, path, { change: "payment_fails" });
  assert.equal(failed.body.subscription.status, "past_due");
  assert.equal(failed.body.events.at(-1).type, "customer.subscription.updated");
});

Deno.test("/control sends an event of the present state, or an earlier event again", async () => {
  const signatures: string[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      signatures.push(request.headers.get("stripe-signature") ?? "");
      return new Response();
    },
  );
  await using caller = new Caller({ webhookUrl: `http://127.0.0.1:${server.addr.port}/` });
  const { id } = await caller.subscription();
  const sent = await control(caller, `/subscriptions/${id}/event`, { deliveries: 2 });
  assert.deepEqual(sent.body.answers, [200, 200]);
  const path = `/events/${sent.body.event_id}/send`;
  const again = await control(caller, path, { secret: "whsec_other", timestamp: 7 });
  assert.deepEqual(again.body, { event_id: sent.body.event_id, answers: [200] });
  assert.deepEqual([signatures.length, signatures[2]?.startsWith("t=7,v1=")], [3, true]);
});

Deno.test("/control sets the behaviour: versions, sending, the lag of the search, and the portal", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const set = {
    ...{ auto_send: true, api_version: "2024-06-20", search_lag_seconds: 60 },
    portal_configured: false,
  };
  const behaviour = {
    ...{ autoSend: true, apiVersion: "2024-06-20", searchLagSeconds: 60 },
    portalConfigured: false,
  };
  assert.deepEqual((await control(caller, "/behaviour", set)).body, set);
  assert.deepEqual(simulator.behaviour, behaviour);
  await caller.customer(null, { metadata: { user_id: "1" } });
  const query = "metadata['user_id']:'1'";
  assert.equal((await client.customers.search({ query })).data.length, 0);
  caller.now += 60_000;
  assert.equal((await client.customers.search({ query })).data.length, 1);
});

Deno.test("/control adds a fault, and removes all of them", async () => {
  await using caller = new Caller();
  assert.equal((await control(caller, "/faults", { kind: "internal", path: "/v1/" })).status, 201);
  const failed = await caller.fetch("POST", "/v1/customers", {});
  assert.deepEqual([failed.status, (await failed.json()).error.type], [500, "api_error"]);
  assert.equal((await control(caller, "/faults", undefined, "DELETE")).status, 204);
  const created = await caller.fetch("POST", "/v1/customers", {});
  assert.deepEqual([created.status, (await created.json()).object], [200, "customer"]);
});

Deno.test("/control refuses what it cannot do, with the reason, and changes nothing", async () => {
  await using caller = new Caller();
  const { id } = await caller.subscription();
  const before = caller.counts();
  const refused: [string, unknown, number][] = [
    ["/subscriptions/sub_unknown", { change: "renew" }, 404],
    ["/subscriptions/sub_unknown/event", {}, 404],
    [`/subscriptions/${id}/event`, { type: "customer.updated" }, 400],
    ["/events/evt_unknown/send", {}, 404],
    [`/subscriptions/${id}`, { change: "explode" }, 400],
    [`/subscriptions/${id}`, { change: "resume" }, 400],
    [`/subscriptions/${id}`, { change: "change_price" }, 400],
    [`/subscriptions/${id}`, { change: "change_price", price: "price_x" }, 400],
    ["/behaviour", { api_version: "latest" }, 400],
    ["/faults", { kind: "later" }, 400],
  ];
  for (const [path, body, status] of refused) {
    const answer = await control(caller, path, body);
    assert.equal(answer.status, status, path);
    assert.ok(answer.body.error, path);
  }
  assert.deepEqual(caller.counts(), before);
});

Deno.test("the journal survives a restart, and a line that a kill cut short", async () => {
  const journalPath = await Deno.makeTempFile();
  const key = { idempotencyKey: "key-1" };
  const id = await (async () => {
    await using caller = new Caller({ journalPath });
    const { id } = await caller.subscription();
    await caller.client.customers.create({ name: "Ada" }, key);
    await caller.simulator.advance(id, "renew");
    return id;
  })();
  await Deno.writeTextFile(journalPath, `["subscriptions","${id}`, { append: true });
  await using caller = new Caller({ journalPath });
  const { client, simulator } = caller;
  const before = caller.counts();
  await client.customers.create({ name: "Ada" }, key);
  assert.deepEqual(caller.counts(), before);
  assert.deepEqual([before.prices, before.invoices], [3, 2]);
  const present = await client.subscriptions.retrieve(id);
  const { subscription: renewed } = await simulator.advance(id, "renew");
  assert.deepEqual(
    renewed.items.data[0]?.current_period_start,
    present.items.data[0]?.current_period_end,
  );
  await Deno.remove(journalPath);
});
