/** @jsxImportSource hono/jsx/dom */
/** What happened to an order, the latest first. */
import { Card } from "../../../components/card.tsx";
import { formatTime } from "../../../format.ts";
import { type OrderEvent, tellStory } from "../../../order_story.ts";

interface TimelineProps {
  events: OrderEvent[];
  /** Of the order. */
  currency: string | null;
}

export function Timeline({ events, currency }: TimelineProps) {
  return (
    <Card title="Timeline">
      {events.length === 0 && <p class="muted">Nothing has changed since the order came in.</p>}
      <ol class="timeline">
        {tellStory(events, currency).map(({ id, title, text, time }) => (
          <li key={id}>
            <span>{title}</span>
            {text && <span class="small muted">{text}</span>}
            <time class="small muted" dateTime={time}>{formatTime(time)}</time>
          </li>
        ))}
      </ol>
    </Card>
  );
}
