/** The seller's side of the seeded orders: labels and tracking numbers, and what becomes of the parcels. */
import { control } from "../stack/simulator_control.ts";
import type { SeededOrder, Seeding, Shipping } from "./seeded.ts";
import { until } from "./until.ts";

type Shipped = SeededOrder & { ship: Shipping };

const PARCEL = {
  ...{ length: 9, width: 6, height: 5, dimension_unit: "in" },
  ...{ weight: "1.4", weight_unit: "lb" },
};

const SENDER = {
  name: "CreatorFlow Seeds",
  phone: "+1 503 555 0100",
  line1: "12 Kiln Road",
  city: "Portland",
  state: "OR",
  postal_code: "97209",
  country: "US",
};

interface OrderRow {
  id: string;
  line_item_ids: string[];
}

interface Shipment {
  id: string;
  tracking_number: string;
}

/** An order that waits, and for which nothing was bought yet; another one is not changed. */
async function findUnshipped({ sql }: Seeding, order: SeededOrder): Promise<OrderRow | undefined> {
  const [row] = await sql<OrderRow[]>`
    select orders.id, array(
      select jsonb_array_elements_text(item -> 'line_item_ids')
      from jsonb_array_elements(orders.order_items) as item
    ) as line_item_ids
    from public.orders
    where orders.tiktok_order_id = ${order.id} and orders.order_status = 'awaiting_shipment'
      and not exists (select from public.shipments where shipments.order_id = orders.id)`;
  return row;
}

/** @throws {Error} with the function's code */
async function callShipments(
  { env, signIn, seeded }: Seeding,
  path: string,
  key: string,
  body?: unknown,
): Promise<Shipment> {
  const { accessToken } = await signIn();
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/shipments${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${accessToken}`,
      "idempotency-key": key,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json() as Shipment & { code?: string };
  if (response.ok) return answer;
  throw new Error(`${seeded.email} could not ship ${key}: ${answer.code ?? response.status}`);
}

function shipOrder(seeding: Seeding, row: OrderRow, { id, ship }: Shipped): Promise<Shipment> {
  const key = `seed-${id}`;
  if (ship.by === "own") {
    const { carrier, trackingNumber: tracking_number } = ship;
    return callShipments(seeding, "/own", key, { order_id: row.id, carrier, tracking_number });
  }
  return callShipments(seeding, "", key, {
    order_id: row.id,
    parcel: PARCEL,
    service: "cheapest",
    from: SENDER,
    // A picture, which the console shows on the order's page. TikTok has PDF files only.
    ...(ship.by === "easypost" && { label_format: "PNG" }),
    ...(ship.units && { line_item_ids: row.line_item_ids.slice(0, ship.units) }),
  });
}

/** TikTok has the number of a label that it did not sell. */
async function waitForNotice({ sql }: Seeding, { id, ship }: Shipped): Promise<void> {
  if (ship.by === "tiktok") return;
  await until(`TikTok has the number of order ${id}`, async () => {
    const rows = await sql`
      select from public.shipments join public.orders on orders.id = shipments.order_id
      where orders.tiktok_order_id = ${id} and shipments.tiktok_notified_at is not null`;
    return rows.length > 0;
  });
}

async function voidLabel(seeding: Seeding, key: string, { id }: Shipment): Promise<void> {
  await callShipments(seeding, `/${id}/void`, key);
  const [row] = await seeding.sql`
    select carrier_shipment_id as id from private.label_purchases where id = ${id}`;
  // The carrier decides later, and EasyPost's webhook says so.
  await control(seeding.env, "easypost", `refunds/${row?.id}`, { body: { status: "refunded" } });
}

/** The carrier's update. The tracker of an own number is made after the call that gave the number. */
async function moveParcel({ env }: Seeding, status: string, code: string): Promise<void> {
  await until(`EasyPost tracks ${code}`, async () => {
    const { event_id } = await control<{ event_id?: string }>(env, "easypost", `trackers/${code}`, {
      body: { status },
      alsoExpected: [404],
    });
    return event_id !== undefined;
  });
}

/** What the carrier and TikTok report after the shipment, by their webhooks. */
async function followUp(seeding: Seeding, shipped: Shipped, shipment: Shipment): Promise<void> {
  const { env, sql } = seeding;
  const { id, ship: { then }, becomes } = shipped;
  if (then === "voided") await voidLabel(seeding, `seed-void-${id}`, shipment);
  else if (then !== undefined) await moveParcel(seeding, then, shipment.tracking_number);
  if (becomes !== undefined) {
    await control(env, "tiktok", `orders/${id}`, { method: "PATCH", body: { status: becomes } });
  } else {
    await control(env, "tiktok", "deliveries", { body: { order_ids: [id] } });
  }
  await until(`the webhooks about order ${id} arrive`, async () => {
    const rows = await sql`
      select from public.shipments join public.orders on orders.id = shipments.order_id
      where shipments.id = ${shipment.id}
        and shipments.status = ${then ?? sql`shipments.status`}
        and orders.tiktok_status = ${becomes ?? sql`orders.tiktok_status`}`;
    return rows.length > 0;
  });
}

export async function shipOrders(seeding: Seeding): Promise<void> {
  const orders = seeding.seeded.shops.flatMap(({ orders }) => orders)
    .filter((order): order is Shipped => order.ship !== undefined);
  for (const order of orders) {
    const row = await findUnshipped(seeding, order);
    if (row === undefined) continue;
    const shipment = await shipOrder(seeding, row, order);
    await waitForNotice(seeding, order);
    await followUp(seeding, order, shipment);
  }
}
