/** Parcels with EasyPost's labels, and the carrier's updates of them. */
import assert from "node:assert/strict";
import type { EasyPostEvent, Tracker } from "../../local/simulators/easypost/objects.ts";
import { type OrderRow, processDueEvents, receiveOrder, requestLabel } from "./labels.ts";
import type { ConnectedSeller } from "./shop.ts";
import type { TestStack } from "./stack.ts";

export interface Parcel {
  id: string;
  order: OrderRow;
  /** The carrier's number. */
  code: string;
}

export async function buyParcel(
  stack: TestStack,
  seller: ConnectedSeller,
  order: OrderRow,
  fields: Record<string, unknown> = {},
): Promise<Parcel> {
  const { status, body } = await requestLabel(stack, seller, order.id, fields);
  assert.equal(status, 201, JSON.stringify(body));
  await processDueEvents(stack);
  return { id: body.id, order, code: body.tracking_number };
}

export async function newParcel(stack: TestStack, seller: ConnectedSeller): Promise<Parcel> {
  return await buyParcel(stack, seller, await receiveOrder(stack, seller));
}

export async function parcelRow(
  stack: TestStack,
  { id }: Parcel,
): Promise<Record<string, unknown>> {
  const [row] = await stack.sql`
    select status, estimated_delivery::text, tracking_updated_at from public.shipments
    where id = ${id}`;
  return { ...row };
}

export async function statusOf(stack: TestStack, parcel: Parcel): Promise<unknown> {
  return (await parcelRow(stack, parcel)).status;
}

export async function orderStatus(stack: TestStack, { order }: Parcel): Promise<unknown> {
  const [row] = await stack.sql`select order_status from public.orders where id = ${order.id}`;
  return row?.order_status;
}

/** The statuses of the parcel, by the order's timeline. */
export async function trackingHistory(stack: TestStack, { order }: Parcel): Promise<string[]> {
  const rows = await stack.sql`
    select changes -> 'shipment_status' ->> 'to' as status from public.order_events
    where order_id = ${order.id} and event_type = 'TRACKING_UPDATED' order by id`;
  return rows.map((row) => row.status);
}

/** The stored form of an EasyPost event. */
export async function storedEvent(
  stack: TestStack,
  { id }: { id: string },
): Promise<Record<string, unknown>> {
  const rows = await stack.sql`
    select status, reason, event_type, object_id from private.webhook_events
    where source = 'easypost' and external_id = ${id}`;
  assert.equal(rows.length, 1);
  return { ...rows[0] };
}

/** A tracker event of the parcel with other fields, as EasyPost could send it. */
export function trackingEvent(
  stack: TestStack,
  { code }: Parcel,
  tracker: Partial<Record<keyof Tracker, unknown>>,
  event: Partial<Record<keyof EasyPostEvent, unknown>> = {},
): EasyPostEvent {
  const made = stack.easypost.eventOf(code);
  return { ...made, ...event, result: { ...made.result, ...tracker } } as EasyPostEvent;
}

/** Delivers the events one after the other; each is processed before the next. */
export async function sendEvents(stack: TestStack, ...events: EasyPostEvent[]): Promise<void> {
  for (const event of events) {
    assert.equal(await stack.easypost.send(event), 200);
    await processDueEvents(stack);
  }
}
