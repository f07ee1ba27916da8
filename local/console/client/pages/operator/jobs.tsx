/** @jsxImportSource hono/jsx/dom */
/** Scheduled jobs: when each ran, how it ended, when it runs next. */
import { Badge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { Several } from "../../components/several.tsx";
import { Table } from "../../components/table.tsx";
import { callConsole } from "../../console_api.ts";
import { countOf, formatAge, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { OperatorFrame } from "./operator_frame.tsx";

interface Job {
  name: string;
  schedule: string;
  active: boolean;
  last_status: string | null;
  last_message: string | null;
  last_started_at: string | null;
  last_ms: number | null;
  next_run_at: string | null;
  runs_today: number;
  failures_today: number;
}

const READ_MS = 5000;

function LastRun({ last_status, last_started_at, last_ms, last_message }: Job) {
  if (last_started_at === null) return <span class="muted">Not yet</span>;
  const isFailed = last_status !== "succeeded";
  return (
    <Several>
      <Badge tone={isFailed ? "bad" : "good"}>{isFailed ? "Failed" : "Succeeded"}</Badge>
      <span class="sub">
        {formatAge(last_started_at)}, {formatNumber(Math.round(last_ms ?? 0))} ms
      </span>
      {isFailed && <span class="sub">{last_message}</span>}
    </Several>
  );
}

export function JobsPage() {
  const query = useQuery("jobs", () => callConsole<{ jobs: Job[] }>("operator/jobs"), {
    everyMs: READ_MS,
  });
  return (
    <OperatorFrame
      title="Jobs"
      about="What the clock starts, in UTC."
      query={query}
      show={({ jobs }) => (
        <Card isFlush>
          <Table
            caption="Scheduled jobs"
            rows={jobs}
            keyOf={({ name }) => name}
            columns={[
              {
                head: "Job",
                cell: ({ name, schedule }) => (
                  <Several>
                    <strong>{name}</strong>
                    <span class="sub mono">{schedule}</span>
                  </Several>
                ),
              },
              { head: "Last run", cell: LastRun },
              {
                head: "Next run",
                cell: ({ next_run_at }) => next_run_at ? formatAge(next_run_at) : "Switched off",
              },
              {
                head: "Last 24 hours",
                isWideOnly: true,
                cell: ({ runs_today, failures_today }) => (
                  <Several>
                    {countOf(runs_today, "run")}
                    {failures_today > 0 && <span class="sub">{failures_today} failed</span>}
                  </Several>
                ),
              },
            ]}
          />
        </Card>
      )}
    />
  );
}
