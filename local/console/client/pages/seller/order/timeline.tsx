/** @jsxImportSource hono/jsx/dom */
/** What happened to an order, the latest first. */
import { Card } from "../../../components/card.tsx";
import { formatTime } from "../../../format.ts";
import { type OrderEvent, tellStory } from "../../../order_story.ts";

export function Timeline({ events }: { events: OrderEvent[] }) {
  return (
    <Card title="Timeline">
      {events.length === 0 && <p class="muted">Nothing has changed since the order came in.</p>}
      <ol class="timeline">
        {tellStory(events).map(({ id, title, text, time }) => (
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
