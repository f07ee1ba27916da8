/** @jsxImportSource hono/jsx/dom */
/** One event: its state, its error, its body (masked until it is asked for), and its replay. */
import { Badge } from "../../components/badge.tsx";
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icon.tsx";
import { Notice } from "../../components/notice.tsx";
import { Several } from "../../components/several.tsx";
import { showToast } from "../../components/toast.tsx";
import { callConsole } from "../../console_api.ts";
import { formatCode, formatEventType, formatTime } from "../../format.ts";
import type { PageProps } from "../../route.ts";
import { useState } from "../../hooks.ts";
import { useQuery } from "../../use_query.ts";
import { EVENT_TONES, type InboxEvent } from "./inbox.tsx";
import { OperatorFrame } from "./operator_frame.tsx";

interface ShownEvent extends InboxEvent {
  crashes: number;
  external_id: string;
  body: string;
  body_characters: number;
  is_masked: boolean;
}

const READ_MS = 2000;

function indent(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function Facts({ event }: { event: ShownEvent }) {
  const facts: [name: string, value: string | null][] = [
    ["Source", event.source],
    ["Its own id", event.external_id],
    ["Shop", event.shop_id],
    ["Object", event.object_id],
    ["Received", formatTime(event.received_at)],
    ["Failed attempts", String(event.attempts)],
    ["Crashes", event.crashes ? String(event.crashes) : null],
    [
      "Next attempt",
      event.next_attempt_at && !event.settled_at ? formatTime(event.next_attempt_at) : null,
    ],
    ["Settled", event.settled_at && formatTime(event.settled_at)],
    ["Reason", event.reason && formatCode(event.reason)],
  ];
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== null).map(([name, value]) => (
        <Several key={name}>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </Several>
      ))}
    </dl>
  );
}

/** Every reading of the values is noted in the database: they are read once, when asked for. */
function useValues(id: string) {
  const [values, setValues] = useState<string | null>(null);
  const show = async (): Promise<void> => {
    setValues((await callConsole<ShownEvent>(`operator/events/${id}?body=true`)).body);
  };
  return { values, show, hide: () => setValues(null) };
}

function Body({ event }: { event: ShownEvent }) {
  const { values, show, hide } = useValues(String(event.event_id));
  return (
    <Card
      title={`Body, ${event.body_characters} characters`}
      end={
        <ActionButton
          kind="plain"
          isSmall
          onPress={values === null ? show : () => Promise.resolve(hide())}
        >
          {values === null ? "Show the values" : "Mask the values"}
        </ActionButton>
      }
    >
      {values === null && (
        <p class="small muted">
          The values may be personal data: they are masked. Showing them is noted in the database.
        </p>
      )}
      <pre tabIndex={0} aria-label="Body of the event">{indent(values ?? event.body)}</pre>
    </Card>
  );
}

export function EventPage({ params: { id = "" } }: PageProps) {
  const query = useQuery(
    `event:${id}`,
    () => callConsole<ShownEvent>(`operator/events/${id}`),
    { everyMs: READ_MS },
  );
  const replay = async (): Promise<void> => {
    const { replayed, status_before } = await callConsole<
      { replayed: boolean; status_before: string }
    >(`operator/events/${id}/replay`, { method: "POST", body: {} });
    const state = formatCode(status_before).toLowerCase();
    showToast(
      replayed
        ? `It was ${state}, and was processed again.`
        : `It is ${state}: it is still to be processed.`,
    );
    query.reload();
  };
  return (
    <Several>
      <a class="row small" href="/operator/inbox">
        <Icon name="back" />All events
      </a>
      <OperatorFrame
        title={query.data ? formatEventType(query.data.event_type) : `Event ${id}`}
        query={query}
        end={<ActionButton kind="plain" onPress={replay}>Replay</ActionButton>}
        show={(event) => (
          <Several>
            <p>
              <Badge tone={EVENT_TONES[event.status] ?? "calm"}>{formatCode(event.status)}</Badge>
            </p>
            {event.last_error && <Notice tone="bad">{event.last_error}</Notice>}
            <Card title="Event">
              <Facts event={event} />
            </Card>
            <Body event={event} />
          </Several>
        )}
      />
    </Several>
  );
}
