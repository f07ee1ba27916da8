/** @jsxImportSource hono/jsx/dom */
/** The inbox: how many events are in which state, how long they waited, the newest ones. */
import { Badge, type Tone } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Several } from "../../components/several.tsx";
import { callConsole } from "../../console_api.ts";
import { countOf, formatAge, formatCode, formatEventType, formatNumber } from "../../format.ts";
import { setParameters, useAddress } from "../../router.ts";
import { useQuery } from "../../use_query.ts";
import { type HeldOrders, InboxCharts, type Slot } from "./inbox_charts.tsx";
import { OperatorFrame } from "./operator_frame.tsx";

export interface InboxEvent {
  event_id: number;
  source: string;
  event_type: string;
  object_id: string | null;
  shop_id: string | null;
  status: string;
  attempts: number;
  reason: string | null;
  last_error: string | null;
  received_at: string;
  next_attempt_at: string | null;
  settled_at: string | null;
}

interface Inbox {
  counts: { status: string; events: number }[];
  events: InboxEvent[];
  next_before: number | null;
  slots: Slot[];
  held: HeldOrders;
}

export const EVENT_TONES: Record<string, Tone> = {
  pending: "info",
  processing: "info",
  failing: "warn",
  done: "good",
  ignored: "calm",
  held: "warn",
  dead: "bad",
};

const READ_MS = 2000;

function States({ counts, chosen }: { counts: Inbox["counts"]; chosen: string | null }) {
  return (
    <div class="row" role="group" aria-label="States">
      {Object.entries(EVENT_TONES).map(([status, tone]) => {
        const events = counts.filter((count) => count.status === status)
          .reduce((sum, count) => sum + count.events, 0);
        return (
          <button
            key={status}
            type="button"
            class="button plain small"
            aria-pressed={chosen === status ? "true" : "false"}
            onClick={() =>
              setParameters({ state: chosen === status ? null : status, before: null })}
          >
            <Badge tone={tone}>{formatCode(status)}</Badge> {formatNumber(events)}
          </button>
        );
      })}
    </div>
  );
}

function Events({ inbox }: { inbox: Inbox }) {
  const { events, next_before } = inbox;
  if (events.length === 0) {
    return <EmptyState icon="inbox" title="No event in this state" />;
  }
  return (
    <Several>
      <Table
        caption="Events, the newest first"
        rows={events}
        keyOf={({ event_id }) => String(event_id)}
        columns={[
          {
            head: "Event",
            cell: (event) => (
              <Several>
                <a href={`/operator/inbox/${event.event_id}`}>
                  {formatEventType(event.event_type)}
                </a>
                <span class="sub">
                  {event.source} · {event.object_id ?? `event ${event.event_id}`}
                </span>
              </Several>
            ),
          },
          {
            head: "State",
            cell: ({ status, reason, received_at }) => (
              <Several>
                <Badge tone={EVENT_TONES[status] ?? "calm"}>{formatCode(status)}</Badge>
                <span class="sub phone-only">{formatAge(received_at)}</span>
                {reason && <span class="sub">{formatCode(reason)}</span>}
              </Several>
            ),
          },
          {
            head: "Failed attempts",
            cell: ({ attempts }) => attempts,
            isNumber: true,
            isWideOnly: true,
          },
          { head: "Received", cell: ({ received_at }) => formatAge(received_at), isWideOnly: true },
        ]}
      />
      <Pager
        text={countOf(events.length, "event")}
        onNewer={useAddress().searchParams.has("before")
          ? () => setParameters({ before: null })
          : undefined}
        onOlder={next_before === null
          ? undefined
          : () => setParameters({ before: String(next_before) })}
      />
    </Several>
  );
}

export function InboxPage() {
  const { searchParams } = useAddress();
  const status = searchParams.get("state");
  const parameters = new URLSearchParams();
  if (status) parameters.set("status", status);
  const before = searchParams.get("before");
  if (before) parameters.set("before", before);
  const query = useQuery(
    `inbox:${parameters}`,
    () => callConsole<Inbox>(`operator/inbox?${parameters}`),
    { everyMs: READ_MS },
  );
  return (
    <OperatorFrame
      title="Inbox"
      about="Every webhook and task, from its arrival to its end."
      query={query}
      show={(inbox) => (
        <Several>
          <InboxCharts slots={inbox.slots} held={inbox.held} />
          <States counts={inbox.counts} chosen={status} />
          <Card isFlush title="Events">
            <Events inbox={inbox} />
          </Card>
        </Several>
      )}
    />
  );
}
