/** @jsxImportSource hono/jsx/dom */
/** What happened to an order, the latest first. */
import { Card } from "../../../components/card.tsx";
import type { OrderEvent } from "../../../data/order.ts";
import { formatCode, formatTime } from "../../../format.ts";

const TITLES: Record<string, string> = {
  ORDER_STATUS_CHANGE: "TikTok reported the order",
  ORDER_FOUND: "Found while comparing with TikTok",
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
    const after = formatCode(String(to));
    return from ? `${formatCode(String(from))} → ${after}` : after;
  }
  if (change === "changed") return `${formatCode(name)} changed`;
  return name === "carrier" ? String(change) : undefined;
}

/** TikTok's own state says the same as ours. */
const HIDDEN = ["tiktok_status", "total_amount"];

function describeEvent({ changes }: OrderEvent): string {
  return Object.entries(changes)
    .filter(([name]) => !HIDDEN.includes(name))
    .map(([name, change]) => describeChange(name, change))
    .filter(Boolean).join(" · ");
}

export function Timeline({ events }: { events: OrderEvent[] }) {
  return (
    <Card title="Timeline">
      {events.length === 0 && <p class="muted">Nothing has changed since the order came in.</p>}
      <ol class="timeline">
        {events.map((event) => (
          <li key={event.id}>
            <span>{TITLES[event.event_type] ?? formatCode(event.event_type)}</span>
            <span class="small muted">{describeEvent(event)}</span>
            <time class="small muted" dateTime={event.happened_at}>
              {formatTime(event.happened_at)}
            </time>
          </li>
        ))}
      </ol>
    </Card>
  );
}
