/** @jsxImportSource hono/jsx/dom */
/** What happened to an order, the latest first. */
import { carrierName } from "../../../carriers.ts";
import { Card } from "../../../components/card.tsx";
import type { OrderEvent } from "../../../data/order.ts";
import { formatCode, formatTime } from "../../../format.ts";
import { describeParcel } from "../../../states.ts";

const TITLES: Record<string, string> = {
  ORDER_STATUS_CHANGE: "TikTok reported the order",
  ORDER_FOUND: "Read from TikTok",
  ORDER_REREAD: "Read again from TikTok",
  RECIPIENT_ADDRESS_UPDATE: "The address was changed",
  PACKAGE_UPDATE: "The parcel was changed",
  LABEL_PURCHASED: "Label bought",
  LABEL_VOIDED: "Label voided",
  TRACKING_UPDATED: "The parcel moved",
};

function describeChange(name: string, change: unknown): string | undefined {
  if (typeof change === "object" && change !== null && "to" in change) {
    const { from, to } = change as { from?: unknown; to: unknown };
    const describe = name === "shipment_status" ? describeParcel : formatCode;
    const after = describe(String(to));
    return from ? `${describe(String(from))} → ${after}` : after;
  }
  if (change === "changed") return `${formatCode(name)} changed`;
  return name === "carrier" ? carrierName(String(change)) : undefined;
}

/** Items change whenever a unit gets its label. */
const HIDDEN = ["tiktok_status", "total_amount", "order_items"];

function describeEvent({ changes }: OrderEvent): string {
  const texts = Object.entries(changes)
    .filter(([name]) => !HIDDEN.includes(name))
    .map(([name, change]) => describeChange(name, change))
    .filter(Boolean);
  // TikTok calls a parcel in transit before its carrier has scanned it: our state waits for the scan.
  if (changes.tiktok_status && !changes.order_status) {
    texts.push(`At TikTok: ${describeChange("tiktok_status", changes.tiktok_status)}`);
  }
  // An order and its parcel often change alike.
  return [...new Set(texts)].join(" · ");
}

export function Timeline({ events }: { events: OrderEvent[] }) {
  return (
    <Card title="Timeline">
      {events.length === 0 && <p class="muted">Nothing has changed since the order came in.</p>}
      <ol class="timeline">
        {events.map((event) => (
          <li key={event.id}>
            <span>{TITLES[event.event_type] ?? formatCode(event.event_type)}</span>
            {describeEvent(event) && <span class="small muted">{describeEvent(event)}</span>}
            <time class="small muted" dateTime={event.happened_at}>
              {formatTime(event.happened_at)}
            </time>
          </li>
        ))}
      </ol>
    </Card>
  );
}
