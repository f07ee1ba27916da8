/** Live updates on the local stack, by the real client. */
import assert from "node:assert/strict";
import {
  addLiveSeller,
  addOrderRow,
  type Change,
  cutStream,
  joinChannel,
  listen,
  openClient,
  signToken,
  sockets,
} from "../support/live.ts";
import { test } from "../support/shared_stack.ts";
import { until } from "../support/until.ts";

const TABLES = ["orders", "shipments", "analytics_events"].map((table) => ({ table }));

async function waitFor(changes: Change[], table: string, eventType: string): Promise<Change> {
  return await until(
    `${eventType} of ${table}`,
    () =>
      Promise.resolve(
        changes.find((change) => change.table === table && change.eventType === eventType),
      ),
  );
}

test("an owner gets exactly their own order, shipment and analytics changes, another seller and a visitor none", async (stack) => {
  const [ada, bob] = [await addLiveSeller(stack), await addLiveSeller(stack)];
  const clients = [signToken(stack, ada.id), signToken(stack, bob.id), undefined]
    .map((token) => openClient(stack, token));
  const [adas = [], bobs = [], visitors = []] = await Promise.all(
    clients.map((client) => listen(client, TABLES)),
  );

  const order = await addOrderRow(stack, ada);
  await stack.sql`update public.orders set order_status = 'in_transit' where id = ${order}`;
  await stack.sql`
    insert into public.shipments (order_id, carrier, service_type)
    values (${order}, 'USPS', 'Priority')`;
  const { new: shipment } = await waitFor(adas, "shipments", "INSERT");
  await stack.sql`delete from public.orders where id = ${order}`;
  const bobsOrder = await addOrderRow(stack, bob);
  await waitFor(bobs, "orders", "INSERT");
  await waitFor(bobs, "analytics_events", "INSERT");

  const changesOf = (list: Change[]) =>
    list.map(({ table, eventType, new: row, old }) =>
      `${table} ${eventType} ${row.event_type ?? row.id ?? old.id ?? "-"}`
    );
  assert.deepEqual(
    changesOf(adas).sort(),
    [
      "analytics_events INSERT order_received",
      `orders INSERT ${order}`,
      `orders UPDATE ${order}`,
      `shipments INSERT ${shipment.id}`,
    ].sort(),
  );
  assert.equal(
    adas.find(({ eventType }) => eventType === "UPDATE")?.new.order_status,
    "in_transit",
  );
  // Of ada's rows he learns nothing, not even the ids of those that were deleted.
  assert.deepEqual(changesOf(bobs).sort(), [
    "analytics_events INSERT order_received",
    `orders INSERT ${bobsOrder}`,
  ]);
  assert.ok(visitors.every((change) => Object.keys({ ...change.new, ...change.old }).length === 0));
  assert.ok(visitors.length > 0);
  assert.ok(visitors.every(({ errors }) => errors?.[0] === "Error 401: Unauthorized"));
});

test("a seller joins their own topic only, and hears of their orders there", async (stack) => {
  const [ada, bob] = [await addLiveSeller(stack), await addLiveSeller(stack)];
  const client = openClient(stack, signToken(stack, ada.id));
  await client.realtime.setAuth();
  const topic = (id: string) => client.channel(`user:${id}`, { config: { private: true } });
  const heard: { event: string; payload: { orders: { order_id: string }[] } }[] = [];
  const own = topic(ada.id).on(
    "broadcast",
    { event: "*" },
    (message) => heard.push(message as never),
  );
  await joinChannel(own);
  await assert.rejects(joinChannel(topic(bob.id)), /You do not have permissions to read/);
  await assert.rejects(joinChannel(topic("*")), /You do not have permissions to read/);
  await addOrderRow(stack, bob);
  const order = await addOrderRow(stack, ada);
  await until("the message has come", () => Promise.resolve(heard.length > 0));
  assert.deepEqual(
    heard.map(({ event, payload }) => [event, payload.orders.map(({ order_id }) => order_id)]),
    [["orders_received", [order]]],
  );
});

test("no change is lost or comes twice when Postgres's stream is cut", async (stack) => {
  const ada = await addLiveSeller(stack);
  const client = openClient(stack, signToken(stack, ada.id));
  const changes = await listen(client, [{ table: "orders", event: "INSERT" }]);
  const orders: string[] = [];
  for (let cuts = 0; cuts < 3;) {
    for (let n = 0; n < 4; n++) orders.push(await addOrderRow(stack, ada));
    if (await cutStream(stack)) cuts++;
  }
  orders.push(await addOrderRow(stack, ada));
  await until(
    "the last order has come",
    () => Promise.resolve(changes.some((change) => change.new.id === orders.at(-1))),
  );
  assert.deepEqual(changes.map((change) => change.new.id), orders);
});

test("an update has the long column that it did not change, and filters compare values", async (stack) => {
  const ada = await addLiveSeller(stack);
  const client = openClient(stack, signToken(stack, ada.id));
  const changes = await listen(client, [
    { table: "orders", event: "UPDATE", filter: `total_amount=gt.9.5,currency=in.(USD,GBP)` },
  ]);
  const [order, cheap] = [
    await addOrderRow(stack, ada, { total_amount: "100.00" }),
    await addOrderRow(stack, ada, { total_amount: "9.00" }),
  ];
  // Longer than a page keeps, also when compressed.
  const items = Array.from({ length: 200 }, () => ({ id: crypto.randomUUID() }));
  await stack.sql`update public.orders set order_items = ${stack.sql.json(items)} where true`;
  await stack.sql`
    update public.orders set buyer_note = 'short' where id in (${cheap}, ${order})`;
  await until("both updates have come", () => Promise.resolve(changes.length >= 2));
  assert.deepEqual(changes.map((change) => change.new.id), [order, order]);
  assert.deepEqual(changes[1]?.new.order_items, items);
  assert.equal(changes[1]?.new.total_amount, 100);
  assert.deepEqual(changes[1]?.old, { id: order });
});

test("a client whose connection is cut joins again, and its token refresh is accepted", async (stack) => {
  const ada = await addLiveSeller(stack);
  const client = openClient(stack, signToken(stack, ada.id));
  await client.realtime.setAuth();
  const heard: { order_id: string }[][] = [];
  let joins = 0;
  const channel = client.channel(`user:${ada.id}`, { config: { private: true } })
    .on("broadcast", { event: "orders_received" }, ({ payload }) => heard.push(payload.orders))
    .subscribe((status) => void (status === "SUBSCRIBED" && joins++));
  await until("the channel is joined", () => Promise.resolve(joins === 1));
  sockets.at(-1)?.close(4000, "cut");
  await until("it is joined again", () => Promise.resolve(joins === 2));
  await client.realtime.setAuth(signToken(stack, ada.id, 7200));
  const order = await addOrderRow(stack, ada);
  await until("the message has come", () => Promise.resolve(heard.length > 0));
  assert.equal(heard.length, 1);
  assert.deepEqual(heard[0]?.map(({ order_id }) => order_id), [order]);
  assert.equal(
    await channel.send({ type: "broadcast", event: "orders_received", payload: {} }),
    "ok",
  );
  assert.equal(heard.length, 1, "a seller cannot send in the topic");
});
