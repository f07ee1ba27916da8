/** Where personal data are in the whole database, before and after their time. */
import assert from "node:assert/strict";
import { subscribeAtStripe } from "../support/billing.ts";
import { findTexts } from "../support/find_texts.ts";
import { callShipments, FROM, PARCEL, processDueEvents, receiveOrder } from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Of the simulated orders' recipient. */
const BUYER = [
  "Rosa",
  "Delgado",
  "118 Alder",
  "5035550142",
  "97205",
  "scs1.tiktok.com",
  "blue door",
];

/** Of the sender that the labels name. */
const SENDER = [FROM.name.replace("'", ""), "Kiln Road", FROM.phone, FROM.postal_code];

/** A seller with a plan, a shipped order, a batch, and events of all senders. */
async function liveThroughMonth(stack: TestStack): Promise<ConnectedSeller> {
  const seller = await connectSeller(stack);
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

test("a deleted account leaves no personal data in any column of any table", async (stack) => {
  const seller = await liveThroughMonth(stack);
  const { data } = await seller.client.from("users").select("email").single();
  const email = String(data?.email);
  const before = await findTexts(stack.sql, [email]);
  assert.ok(before.includes(`public.users: ${email}`));
  await stack.sql`delete from auth.users where id = ${seller.id}`;
  const left = await findTexts(stack.sql, [...BUYER, ...SENDER, email, seller.shopId]);
  // Auth's own log, which only Auth may change: docs/privacy.md says how it is switched off.
  assert.deepEqual(left, [`auth.audit_log_entries: ${email}`]);
});
