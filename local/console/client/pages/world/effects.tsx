/** @jsxImportSource hono/jsx/dom */
/** What was sent, what the product answered, and the way to what came of it. */
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { formatClock } from "../../format.ts";
import { useStore } from "../../store.ts";
import { type Effect, effects } from "./effect_list.ts";

function List({ shown }: { shown: readonly Effect[] }) {
  return (
    <ol
      class="timeline effects"
      aria-label="What happened, the newest first"
      aria-live="polite"
      tabIndex={0}
    >
      {shown.map(({ id, time, sent, answer, link, note }) => (
        <li key={id}>
          <div>
            <strong>{sent}</strong>
            <span class="sub">
              <span class="number">{formatClock(time)}</span> · {answer}
            </span>
            {note && <span class="sub">{note}</span>}
            {link && <a href={link.href}>{link.text}</a>}
          </div>
        </li>
      ))}
    </ol>
  );
}

export function Effects() {
  const shown = useStore(effects);
  return (
    <Card title="What happened">
      {shown.length > 0 ? <List shown={shown} /> : (
        <EmptyState icon="world" title="Nothing yet">
          <p>Press a button: what was sent, and what came of it, stands here.</p>
        </EmptyState>
      )}
    </Card>
  );
}
