/** Labels of a seller whose shop another account has connected since. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import {
  agePurchases,
  assertProblem,
  callShipments,
  callsTo,
  processLaterEvents,
  receiveOrder,
  requestLabel,
  requestRates,
} from "../support/labels.ts";
import { callOAuth } from "../support/oauth.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const SHOP = "7480000000000000950";
/** Mark Package As Shipped. */
const MARK = { method: "POST", path: /\/orders\/\d+\/packages$/ };

async function disconnect(stack: TestStack, seller: ConnectedSeller): Promise<void> {
  const { json } = await callOAuth(stack, "GET", "/shops", { seller });
  const [shop] = json.shops as { id: string }[];
  assert.equal((await callOAuth(stack, "DELETE", `/shops/${shop?.id}`, { seller })).status, 204);
}

async function taskOf(stack: TestStack, type: string, shipmentId: string) {
  const rows = await stack.sql`
    select status, reason from private.webhook_events
    where event_type = ${type} and object_id = ${shipmentId}`;
  return rows.map(({ status, reason }) => [status, reason]);
}

test("the notification of a label rests while another account has the shop, and follows when it comes back", async (stack) => {
  const former = await connectSeller(stack, SHOP);
  const order = await receiveOrder(stack, former);
  stack.tiktok.faults.add({ ...MARK, kind: "internal" });
  const { status, body } = await requestLabel(stack, former, order.id);
  assert.equal(status, 201);
  await processLaterEvents(stack);
  await disconnect(stack, former);
  const next = await connectSeller(stack, SHOP);

  await settledEvents(stack);

  const task = () => taskOf(stack, "MARK_SHIPPED", body.id);
  assert.deepEqual(await task(), [["ignored", "shop_of_another_account"]]);
  await disconnect(stack, next);
  stack.tiktok.faults.clear();
  await connectWithCode(stack.env, former, await authorizeSimulatedShop(stack.env, SHOP));
  await settledEvents(stack);
  assert.deepEqual(await task(), [["done", null]]);
});

test("TikTok's parcels are not read while their shop is not connected, and no task fails for that", async (stack) => {
  const seller = await connectSeller(stack, SHOP);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const { status, body } = await requestLabel(stack, seller, order.id);
  assert.equal(status, 201);
  await processLaterEvents(stack);
  await stack.sql`update public.shipments set tracked_at = now() - interval '25 hours'`;
  await disconnect(stack, seller);
  await runEventWorker(stack);
  assert.deepEqual(await taskOf(stack, "CHECK_TRACKING", body.id), [], "nothing is enqueued");

  // The shop may be disconnected when they are already enqueued.
  const types = ["CHECK_TRACKING", "CHECK_VOID", "SETTLE_LABEL", "FETCH_LABEL"];
  await stack.sql`
    update public.shipments set label_url = null, label_expires_at = null where id = ${body.id}`;
  await stack.sql`
    delete from private.webhook_events where event_type = any (${types})`;
  await stack.sql`
    select private.enqueue_task(type, 'late', ${SHOP}, ${body.id}) from unnest(${types}::text[]) as type`;
  await runEventWorker(stack);
  await settledEvents(stack);
  const results = await Promise.all(types.map((type) => taskOf(stack, type, body.id)));
  assert.deepEqual(results, [
    [["ignored", "shop_not_connected"]],
    [["ignored", "no_void_pending"]],
    [["ignored", "purchase_settled"]],
    [["ignored", "shop_not_connected"]],
  ]);
});

/** Get Package Detail. */
const PACKAGE = /\/packages\/\d+$/;

async function readVoid(stack: TestStack, seller: ConnectedSeller, id: string): Promise<string[]> {
  const { body } = await callShipments(stack, seller, `/${id}`, { method: "GET" });
  return [body.state, body.reason];
}

test("TikTok's label is not voided while its shop is not connected, and the seller hears why", async (stack) => {
  const former = await connectSeller(stack, SHOP);
  const order = await receiveOrder(stack, former, { shippingType: "TIKTOK" });
  const { body: { id } } = await requestLabel(stack, former, order.id);
  const own = await receiveOrder(stack, former);
  const { body: easypost } = await requestLabel(stack, former, own.id);
  await settledEvents(stack);
  await disconnect(stack, former);

  const requestVoid = (label: string) => callShipments(stack, former, `/${label}/void`);
  for (let n = 0; n < 2; n++) assertProblem(await requestVoid(id), 422, "shop_not_connected");
  await connectSeller(stack, SHOP);
  assertProblem(await requestVoid(id), 422, "shop_not_connected");

  assert.deepEqual(await readVoid(stack, former, id), ["purchased", null]);
  assert.equal(callsTo(stack.tiktok.calls, PACKAGE), 0);
  const { status, body } = await requestVoid(easypost.id);
  assert.deepEqual([status, body.state], [200, "void_requested"]);
});

test("a void that TikTok has not decided waits for the shop, and continues when it comes back", async (stack) => {
  const seller = await connectSeller(stack, SHOP);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const { body: { id } } = await requestLabel(stack, seller, order.id);
  await settledEvents(stack);
  stack.tiktok.faults.add({ method: "GET", path: PACKAGE, kind: "internal" });
  const requestVoid = () => callShipments(stack, seller, `/${id}/void`);
  assertProblem(await requestVoid(), 503, "void_pending");
  await disconnect(stack, seller);

  assertProblem(await requestVoid(), 422, "shop_not_connected");
  assert.deepEqual(await readVoid(stack, seller, id), ["void_requested", "shop_not_connected"]);

  stack.tiktok.faults.clear();
  const [row] = await stack.sql`
    select tiktok_package_id from public.shipments where id = ${id}`;
  stack.tiktok.changePackage(row?.tiktok_package_id, "CANCELLED");
  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, SHOP));
  await agePurchases(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.deepEqual(await readVoid(stack, seller, id), ["voided", null]);
});

test("without the shop no label is shown or priced and no carrier listed, and the seller hears why", async (stack) => {
  const seller = await connectSeller(stack, SHOP);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK" });
  const { body: { id } } = await requestLabel(stack, seller, order.id);
  const unshipped = await receiveOrder(stack, seller);
  await settledEvents(stack);
  await disconnect(stack, seller);
  await stack.sql`
    update public.shipments set label_url = null, label_expires_at = null where id = ${id}`;

  const read = (path: string) => callShipments(stack, seller, path, { method: "GET" });
  const own = { order_id: unshipped.id, carrier: "UPS", tracking_number: "1Z999AA10123456784" };
  const answers = [
    await read(`/${id}/label`),
    await read(`/carriers?order_id=${unshipped.id}`),
    await requestRates(stack, seller, unshipped.id),
    await callShipments(stack, seller, "/own", { key: "own", body: own }),
  ];
  for (const answer of answers) assertProblem(answer, 422, "shop_not_connected");
});
