/** @jsxImportSource hono/jsx/dom */
/** Calls, errors and times of each function, counted at the gateway since the start of the stack. */
import { BarChart } from "../../components/chart.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Several } from "../../components/several.tsx";
import { Table } from "../../components/table.tsx";
import { callConsole } from "../../console_api.ts";
import { countOf, formatAge, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { OperatorFrame } from "./operator_frame.tsx";

interface FunctionReport {
  name: string;
  calls: number;
  refused: number;
  failed: number;
  median_ms: number;
  p95_ms: number;
  last_called_at: string;
}

interface Report {
  functions: FunctionReport[];
  minutes: { time: string; calls: number; failed: number }[];
}

const READ_MS = 2000;
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function Calls({ functions }: { functions: FunctionReport[] }) {
  return (
    <Table
      caption="Functions"
      rows={functions}
      keyOf={({ name }) => name}
      columns={[
        {
          head: "Function",
          cell: ({ name, last_called_at }) => (
            <Several>
              {name}
              <span class="sub">called {formatAge(last_called_at)}</span>
            </Several>
          ),
        },
        { head: "Calls", cell: ({ calls }) => formatNumber(calls), isNumber: true },
        {
          head: "Refused (4xx)",
          cell: ({ refused }) => formatNumber(refused),
          ...{ isNumber: true, isWideOnly: true },
        },
        { head: "Failed (5xx)", cell: ({ failed }) => formatNumber(failed), isNumber: true },
        {
          head: "Median",
          cell: ({ median_ms }) => `${formatNumber(median_ms)} ms`,
          ...{ isNumber: true, isWideOnly: true },
        },
        { head: "95 %", cell: ({ p95_ms }) => `${formatNumber(p95_ms)} ms`, isNumber: true },
      ]}
    />
  );
}

export function FunctionsPage() {
  const query = useQuery("functions", () => callConsole<Report>("operator/functions"), {
    everyMs: READ_MS,
  });
  return (
    <OperatorFrame
      title="Functions"
      about="Calls through the gateway since the stack was started."
      query={query}
      show={({ functions, minutes }) => (
        <Several>
          <Card title="Calls a minute" end={<span class="muted small">last hour</span>}>
            <BarChart
              label="Calls of all functions a minute, last hour"
              points={minutes.map(({ time, calls }) => ({ time: Date.parse(time), value: calls }))}
              formatTime={(time) => MINUTE.format(time)}
              formatValue={(value) => countOf(value, "call")}
            />
          </Card>
          <Card isFlush>
            {functions.length === 0
              ? <EmptyState icon="functions" title="No call yet" level={2} />
              : <Calls functions={functions} />}
          </Card>
        </Several>
      )}
    />
  );
}
