/** @jsxImportSource hono/jsx/dom */
/** The inbox over time: how many events came, and how long they waited for us. */
import { BarChart, LineChart } from "../../components/chart.tsx";
import { Card } from "../../components/card.tsx";
import { Several } from "../../components/several.tsx";
import { countOf, formatTime } from "../../format.ts";

export interface Slot {
  time: string;
  received: number;
  unfinished: number;
  wait_seconds: number;
}

/** Orders that wait for a larger plan. */
export interface HeldOrders {
  orders: number;
  since: string | null;
}

const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const formatHour = (time: number) => HOUR.format(time);

/** Held orders wait for the seller's plan, not for us: the chart leaves them out. */
function Held({ orders, since }: HeldOrders) {
  if (orders === 0 || since === null) return null;
  return (
    <p class="small muted">
      {`Not in the chart: ${countOf(orders, "order")} ${
        orders === 1 ? "waits" : "wait"
      } for a larger plan, the first since ${formatTime(since)}.`}
    </p>
  );
}

function Pair({ slots }: { slots: readonly Slot[] }) {
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
      <Card
        title="Longest wait"
        end={<span class="muted small">seconds, without held orders</span>}
      >
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

export function InboxCharts({ slots, held }: { slots: readonly Slot[]; held: HeldOrders }) {
  return (
    <Several>
      <Pair slots={slots} />
      <Held {...held} />
    </Several>
  );
}
