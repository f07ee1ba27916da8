/** Where personal data are in the whole database, before and after their time. */
import assert from "node:assert/strict";
import { deleteAccountOf } from "../support/accounts.ts";
import { customerOf, requestSync, subscribeAtStripe } from "../support/billing.ts";
import { readAllRows } from "../support/all_rows.ts";
import { findTexts } from "../support/find_texts.ts";
import { callShipments, FROM, PARCEL, processDueEvents, receiveOrder } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectNewSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Words of the simulated orders' recipient. */
const BUYER = [
  "Rosa",
  "Delgado",
  "118 Alder",
  "5035550142",
  "97205",
  "scs1.tiktok.com",
  "blue door",
];

/** Words of the sender that the labels name. */
const SENDER = [FROM.name.replace("'", ""), "Kiln Road", FROM.phone, FROM.postal_code];

/** A seller with a plan, a shipped order, a batch, and events of all senders. */
async function liveThroughMonth(stack: TestStack): Promise<ConnectedSeller> {
  const seller = await connectNewSeller(stack);
  await subscribeAtStripe(stack, seller, "growth");
  const detail = { buyer_message: "Ring at the blue door", seller_note: "Likes the blue door" };
  const orders = [
    await receiveOrder(stack, seller, { detail }),
    await receiveOrder(stack, seller),
  ];
  const labels = orders.map(({ id }) => ({
    order_id: id,
    parcel: PARCEL,
    service: "cheapest",
    from: { ...FROM, name: "Adas Mugs" },
  }));
  const key = crypto.randomUUID();
  const batch = await callShipments(stack, seller, "/batch", { key, body: { labels } });
  assert.equal(batch.status, 202);
  await processDueEvents(stack);
  for (const { tiktokId } of orders) {
    const [row] = await stack.sql`
      select shipment.tracking_number from public.shipments as shipment
      join public.orders on orders.id = shipment.order_id where tiktok_order_id = ${tiktokId}`;
    assert.ok(row?.tracking_number, "the label was bought");
    const completed = stack.tiktok.changeOrder(tiktokId, "COMPLETED");
    await stack.tiktok.send(stack.tiktok.notificationOf(completed));
  }
  await settledEvents(stack);
  return seller;
}

/** Processes what is due, until Stripe and the inbox are at rest. */
async function settleDueEvents(stack: TestStack): Promise<void> {
  await stack.stripe.settled();
  await processDueEvents(stack);
}

/** Runs the clock as if so many days had passed since each order was final, and each shop ended. */
async function runClockAfter(stack: TestStack, days: number): Promise<void> {
  await stack.sql`update public.orders set final_at = now() - make_interval(days => ${days})`;
  await stack.sql`
    update public.tiktok_shops set ended_at = now() - make_interval(days => ${days})
    where ended_at is not null`;
  await stack.sql`
    update private.label_batches set created_at = now() - make_interval(days => ${days})`;
  await stack.sql`select private.remove_personal_data()`;
}

test("personal data is deleted in a timely manner: no column of any table has any after the clock ran", async (stack) => {
  const seller = await liveThroughMonth(stack);
  const before = await findTexts(stack.sql, [...BUYER, ...SENDER]);
  for (const place of ["public.orders: Rosa", "private.label_purchases: Kiln Road"]) {
    assert.ok(before.includes(place), `${place} is where the test looks for it`);
  }
  assert.ok(before.includes("private.label_batch_items: Kiln Road"), before.join());

  await runClockAfter(stack, 29);
  assert.deepEqual(await findTexts(stack.sql, [...BUYER, ...SENDER]), before, "a day too early");
  await runClockAfter(stack, 31);
  assert.deepEqual(await findTexts(stack.sql, BUYER), []);
  assert.deepEqual(
    await findTexts(stack.sql, SENDER),
    SENDER.map((text) => `private.senders: ${text}`),
    "the connected shop keeps its sender",
  );

  const [shop] = await stack.sql`select id from public.tiktok_shops`;
  const response = await fetch(
    `${stack.env.SUPABASE_URL}/functions/v1/tiktok-oauth/shops/${shop?.id}`,
    { method: "DELETE", headers: { authorization: `Bearer ${seller.accessToken}` } },
  );
  await response.body?.cancel();
  assert.ok(response.ok);
  await runClockAfter(stack, 31);
  assert.deepEqual(await findTexts(stack.sql, [...BUYER, ...SENDER]), []);
  const [kept] = await stack.sql`
    select count(*)::int as orders, sum(total_amount)::text as amount from public.orders`;
  assert.deepEqual(kept, { orders: 2, amount: "47.98" }, "the figures stay");
});

/** What names an account: of the account, its shops, orders and parcels, here and at the vendors. */
async function namesOf(stack: TestStack, seller: ConnectedSeller): Promise<string[]> {
  const rows = await stack.sql<{ name: string }[]>`
    select unnest(array[users.id::text, users.email]) as name from public.users
    union select unnest(array[id::text, open_id]) from public.tiktok_shops
    union select unnest(array[id::text, tiktok_order_id]) from public.orders
    union select unnest(array[id::text, tracking_number, label_url]) from public.shipments
    union select unnest(array[id::text, carrier_shipment_id]) from private.label_purchases
    union select id::text from private.label_batches`;
  const customer = customerOf(stack, seller).id;
  return [...rows.map(({ name }) => name).filter(Boolean), seller.shopId, customer];
}

/** Lets the log, Auth and the inbox name an account in every way that no foreign key ends. */
async function leaveTraces(stack: TestStack, seller: ConnectedSeller): Promise<void> {
  const { sql } = stack;
  await sql`select private.enqueue_customer_email(${seller.id})`;
  await sql`select public.set_label_limit(${seller.id}, '{"monthly_label_limit": 5}')`;
  await sql`select public.replay_webhook_events(${sql.json({ shop_id: seller.shopId })})`;
  await requestSync(stack, seller.id);
  // Raw, because nothing has processed them yet.
  await sql.begin(async (transaction) => {
    const events = await transaction`
      insert into private.webhook_events (source, external_id, event_type, object_id, body)
      select 'easypost', gen_random_uuid(), 'tracker.updated', tracking_number, '{"signed_by": "Rosa"}'
      from public.shipments where tracking_number is not null
      union all
      select 'stripe', gen_random_uuid(), 'charge.dispute.created', null,
        format('{"evidence": {"customer_email_address": "%s"}}', ${seller.email}::text)
      returning id`;
    await transaction`
      update private.event_queue set next_attempt_at = now() + interval '1 hour'
      where event_id = any (${events.map(({ id }) => id)})`;
  });
}

test("attack: after an account's deletion no column of any table names it, its shops, orders or parcels", async (stack) => {
  const seller = await liveThroughMonth(stack);
  await leaveTraces(stack, seller);
  await settleDueEvents(stack);
  const names = await namesOf(stack, seller);
  const before = await findTexts(stack.sql, names);
  for (const table of ["public.system_logs", "auth.audit_log_entries", "private.webhook_events"]) {
    assert.ok(before.some((place) => place.startsWith(`${table}: `)), `${table} names the account`);
  }

  const [begin] = await stack.sql`select clock_timestamp() as at`;
  assert.equal((await deleteAccountOf(stack, seller)).status, 204);
  const atOnce = await findTexts(stack.sql, [...BUYER, ...SENDER, seller.email]);
  // Stripe may have reported the end already: such an event is younger than the deletion.
  const ended = `private.webhook_events: ${seller.email}`;
  const older = await stack.sql`
    select source, event_type from private.webhook_events
    where strpos(body, ${seller.email}) > 0 and (source <> 'stripe' or received_at < ${begin?.at})`;
  assert.deepEqual([...older], [], "no event from before");
  assert.deepEqual(
    atOnce.filter((place) => place !== ended),
    [],
    "nothing personal, in the same transaction",
  );
  // Stripe's events about the end come afterwards, and the customer is forgotten a day later.
  await settleDueEvents(stack);
  await stack.sql`
    update private.stripe_customers set account_deleted_at = now() - interval '2 days'`;
  await requestSync(stack);
  await settleDueEvents(stack);
  const left = await findTexts(stack.sql, [...BUYER, ...SENDER, ...names]);
  // It has ids, expires, and on Supabase no role may delete from it: docs/privacy.md.
  assert.deepEqual(left.filter((place) => !place.startsWith("realtime.messages: ")), []);
});

test("the deletion of an account takes no row of another seller, whose parcel and payer it shares", async (stack) => {
  const [leaving, staying] = [await liveThroughMonth(stack), await liveThroughMonth(stack)];
  const { sql } = stack;
  const customer = customerOf(stack, staying).id;
  await sql`
    update public.shipments set tracking_number = '1ZSHARED'
    where user_id in (${leaving.id}, ${staying.id})`;
  await sql`
    insert into private.webhook_events (source, external_id, event_type, object_id, body)
    values
      ('easypost', 'of both', 'tracker.updated', '1ZSHARED', ${`{"of": "${staying.id}"}`}),
      ('stripe', 'of staying', 'invoice.paid', null,
        ${`{"data": {"object": {"customer": "${customer}", "email": "${leaving.email}"}}}`})`;
  const rowsOfStaying = async () => {
    const names = [staying.id, staying.email, staying.shopId, customer];
    return Object.entries(await readAllRows(sql)).flatMap(([table, rows]) =>
      ((rows ?? []) as unknown[]).map((row) => `${table} ${JSON.stringify(row)}`)
    ).filter((row) => names.some((name) => row.includes(name)));
  };
  const before = await rowsOfStaying();

  await sql`delete from auth.users where id = ${leaving.id}`;

  const after = await rowsOfStaying();
  const lost = before.filter((row) => !after.includes(row));
  assert.deepEqual(
    lost.map((row) => /"external_id":"([^"]*)"/.exec(row)?.[1] ?? row),
    ["of staying"],
    "only the address of the leaving payer is removed",
  );
  assert.equal(after.length, before.length);
  assert.deepEqual(await findTexts(sql, [leaving.email]), []);
});

test("a deletion past our function leaves nothing personal either", async (stack) => {
  const seller = await connectNewSeller(stack);
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  assert.deepEqual(await findTexts(stack.sql, [seller.email, seller.id, seller.shopId]), []);
});
