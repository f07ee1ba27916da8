/** @jsxImportSource hono/jsx/dom */
/** The inbox: how many events are in which state, how long they waited, the newest ones. */
import { Badge, type Tone } from "../../components/badge.tsx";
import { BarChart, LineChart } from "../../components/chart.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Several } from "../../components/several.tsx";
import { callConsole } from "../../console_api.ts";
import { countOf, formatAge, formatCode, formatNumber } from "../../format.ts";
import { setParameters, useAddress } from "../../router.ts";
import { useQuery } from "../../use_query.ts";
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

interface Slot {
  time: string;
  received: number;
  unfinished: number;
  wait_seconds: number;
}

interface Inbox {
  counts: { status: string; events: number }[];
  events: InboxEvent[];
  next_before: number | null;
  slots: Slot[];
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
const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const formatHour = (time: number) => HOUR.format(time);

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

function Charts({ slots }: { slots: Slot[] }) {
  const toPoints = (value: (slot: Slot) => number) =>
    slots.map((slot) => ({ time: Date.parse(slot.time), value: value(slot) }));
  return (
    <div class="grid two">
      <Card title="Events in 5 minutes" end={<span class="muted small">last 3 hours</span>}>
        <BarChart
          label="Events received in 5 minutes"
          points={toPoints(({ received }) => received)}
          formatTime={formatHour}
          formatValue={(value) => countOf(value, "event")}
        />
      </Card>
      <Card title="Longest wait" end={<span class="muted small">seconds to the end</span>}>
        <LineChart
          label="Longest wait, in seconds"
          points={toPoints(({ wait_seconds }) => Math.round(wait_seconds))}
          formatTime={formatHour}
          formatValue={(value) => countOf(value, "second")}
        />
      </Card>
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
                <a href={`/operator/inbox/${event.event_id}`}>{formatCode(event.event_type)}</a>
                <span class="sub">{event.source} · {event.object_id ?? event.event_id}</span>
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
          <Charts slots={inbox.slots} />
          <States counts={inbox.counts} chosen={status} />
          <Card isFlush title="Events">
            <Events inbox={inbox} />
          </Card>
        </Several>
      )}
    />
  );
}
