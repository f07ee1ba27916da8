/** Live updates on the local stack, by the real client. */
import assert from "node:assert/strict";
import {
  addLiveSeller,
  addOrderRow,
  type Change,
  joinChannel,
  listen,
  openClient,
  signToken,
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
  await waitFor(visitors, "shipments", "DELETE");

  const changesOf = (list: Change[]) =>
    list.map(({ table, eventType, new: row, old }) =>
      `${table} ${eventType} ${row.event_type ?? row.id ?? old.id ?? "-"}`
    );
  const deletions = [`orders DELETE ${order}`, `shipments DELETE ${shipment.id}`];
  assert.deepEqual(
    changesOf(adas).sort(),
    [
      "analytics_events INSERT order_received",
      ...deletions,
      `orders INSERT ${order}`,
      `orders UPDATE ${order}`,
      `shipments INSERT ${shipment.id}`,
    ].sort(),
  );
  assert.equal(
    adas.find(({ eventType }) => eventType === "UPDATE")?.new.order_status,
    "in_transit",
  );
  // As on Supabase, a deletion's primary key reaches every subscriber, and nothing else of another's row does.
  assert.deepEqual(changesOf(bobs.slice(0, 2)).sort(), deletions);
  assert.deepEqual(changesOf(bobs.slice(2)), [
    `orders INSERT ${bobsOrder}`,
    "analytics_events INSERT order_received",
  ]);
  assert.ok(visitors.every((change) => Object.keys({ ...change.new, ...change.old }).length === 0));
  const refused = visitors.filter(({ eventType }) => eventType !== "DELETE");
  assert.ok(refused.every(({ errors }) => errors?.[0] === "Error 401: Unauthorized"));
  await Promise.all(clients.map((client) => client.removeAllChannels()));
});

test("a seller joins their own topic only, and hears of their orders there", async (stack) => {
  const [ada, bob] = [await addLiveSeller(stack), await addLiveSeller(stack)];
  const client = openClient(stack, signToken(stack, ada.id));
  await client.realtime.setAuth();
  const topic = (id: string) => client.channel(`user:${id}`, { config: { private: true } });
  const heard: { event: string; payload: { order_id: string } }[] = [];
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
    heard.map(({ event, payload }) => [event, payload.order_id]),
    [["order_received", order]],
  );
  await client.removeAllChannels();
});
