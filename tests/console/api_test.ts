/** What the console reads and changes past the APIs, over HTTP: no browser is needed. */
import assert from "node:assert/strict";
import { usageOf } from "../support/billing.ts";
import { operatorLink } from "../support/console.ts";
import { receiveOrder, requestLabel } from "../support/labels.ts";
import { announceOrder, listOrderIds } from "../support/orders.ts";
import { sendEvents } from "../support/parcels.ts";
import { connectSeller, giveUpOrder, refuseOrders, settledEvents } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

// deno-lint-ignore no-explicit-any -- answers are read freely
type Call = (path: string, method?: string) => Promise<any>;

/** Calls the API; with `cookie` as an operator. @throws {AssertionError} unless it answers 200. */
function caller({ env }: TestStack, cookie = ""): Call {
  return async (path, method = "GET") => {
    const response = await fetch(`${env.SUPABASE_URL}/console/api/${path}`, {
      method,
      headers: { cookie },
    });
    assert.equal(response.status, 200, path);
    return await response.json();
  };
}

async function signInOperator(stack: TestStack): Promise<Call> {
  const [, token] = (await operatorLink(stack.env)).split("#");
  const response = await fetch(`${stack.env.SUPABASE_URL}/console/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  await response.body?.cancel();
  return caller(stack, response.headers.get("set-cookie")?.split(";")[0]);
}

test("an operator reads an event masked, its values with a note of it, and replays it", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await giveUpOrder(stack, seller);
  const call = await signInOperator(stack);
  const { events: [event], counts, slots } = await call("operator/inbox?status=dead");
  assert.equal(event.object_id, orderId);
  const dead = counts.filter(({ status }: { status: string }) => status === "dead");
  assert.deepEqual(dead.map(({ events }: { events: number }) => events), [1]);
  const received = slots.map((slot: { received: number }) => slot.received);
  assert.equal(received.length, 37);
  assert.ok(received.at(-1) + received.at(-2) >= 1);

  const reads = () => stack.sql`select what, object_ids from private.personal_data_reads`;
  const masked = await call(`operator/events/${event.event_id}`);
  assert.ok(masked.is_masked && !masked.body.includes(orderId));
  assert.deepEqual([...await reads()], []);
  const shown = await call(`operator/events/${event.event_id}?body=true`);
  assert.ok(!shown.is_masked && shown.body.includes(orderId));
  const note = { what: "event_body", object_ids: [String(event.event_id)] };
  assert.deepEqual([...await reads()], [note]);

  refuseOrders(stack, seller.shopId, false);
  const replay = await call(`operator/events/${event.event_id}/replay`, "POST");
  assert.deepEqual([replay.replayed, replay.status_before], [true, "dead"]);
  await settledEvents(stack);
  assert.deepEqual(await listOrderIds(seller), [orderId]);
  assert.deepEqual((await call("operator/inbox?status=dead")).events, []);
});

test("the operator's lists have the next run of each job, and neither tokens nor addresses", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const { status, body: label } = await requestLabel(stack, seller, order.id);
  assert.equal(status, 201);
  await sendEvents(stack, stack.easypost.adjustCost(label.id, 160));
  const call = await signInOperator(stack);
  const { jobs } = await call("operator/jobs");
  assert.ok(jobs.length >= 8);
  for (const { name, next_run_at } of jobs) {
    const wait = Date.parse(next_run_at) - Date.now();
    assert.ok(wait > -1000 && wait <= 25 * 3600_000, `${name} ${next_run_at}`);
  }
  const { connections } = await call("operator/connections");
  const shown = connections.map((row: Record<string, string>) => [row.shop_id, row.status]);
  assert.deepEqual(shown, [[seller.shopId, "active"]]);
  const { purchases } = await call("operator/purchases");
  const states = purchases.map((row: Record<string, string>) => [row.order_id, row.state]);
  assert.deepEqual(states, [[order.id, "purchased"]]);
  const [shipment] = await stack.sql`
    select (shipping_cost * 100)::int as cents from public.shipments`;
  assert.equal(purchases[0].cost_cents, shipment?.cents, "with what the carrier charged later");
  const text = JSON.stringify([connections, purchases]);
  assert.doesNotMatch(text, /access_token|refresh_token|cipher|Kiln Road|Rosa|@/);
});

test("when the month turns in World, usage begins again and held orders follow", async (stack) => {
  const seller = await connectSeller(stack);
  for (let count = 0; count < 12; count++) await announceOrder(stack, { shopId: seller.shopId });
  assert.equal((await settledEvents(stack)).held, 2);
  const { used, held } = await usageOf(seller);
  assert.deepEqual([used, held], [10, 2]);
  await stack.sql`
    update private.webhook_events set received_at = received_at - interval '1 hour' where status = 'held'`;
  const { turned, ...effect } = await caller(stack)("world/month", "POST");
  assert.deepEqual(effect, { renewed: 0, held_before: 2, held_after: 0 });
  const page = await fetch(stack.env.SUPABASE_URL, { headers: { accept: "text/html" } });
  assert.ok((await page.text()).includes(`&quot;turnedMonths&quot;:${turned}}`), "pages know it");
  await settledEvents(stack);
  const after = await usageOf(seller);
  assert.deepEqual([after.used, after.held], [2, 0]);
  const months = await stack.sql`select orders from private.monthly_order_counts order by month`;
  assert.deepEqual(months.map(({ orders }) => orders), [10, 2], "the month before keeps its count");
  const { slots } = await (await signInOperator(stack))("operator/inbox");
  const waits = slots.map(({ wait_seconds }: { wait_seconds: number }) => wait_seconds);
  assert.ok(Math.max(...waits) < 600, "what waited for the plan did not wait for us");
});

test("World's search finds an order whose webhook was lost", async (stack) => {
  const seller = await connectSeller(stack);
  const { id } = stack.tiktok.addOrder({ shopId: seller.shopId });
  assert.deepEqual(await listOrderIds(seller), []);
  await caller(stack)("world/search", "POST");
  await until("the order is stored", async () => (await listOrderIds(seller)).length === 1);
  assert.deepEqual(await listOrderIds(seller), [id]);
});
