import assert from "node:assert/strict";
import { formatOpenMetrics } from "./openmetrics.ts";

const UNJUDGED = { status: "info", warning: null, critical: null, bad_when: null } as const;

Deno.test("the figures are OpenMetrics: values, levels and thresholds, each family in one place", () => {
  const text = formatOpenMetrics({
    status: "critical",
    version: "20261123001170",
    checked_at: "2026-11-29T00:00:00Z",
    figures: [
      { metric: "events_held", subject: null, value: 3, ...UNJUDGED },
      {
        ...{ metric: "job_age_seconds", subject: "event-worker", value: 3600.5 },
        ...{ status: "critical", warning: 300, critical: 3600, bad_when: "above" },
      },
      {
        ...{ metric: "job_age_seconds", subject: 'a "job"\\\n', value: 1 },
        ...{ status: "warning", warning: 1, critical: null, bad_when: "above" },
      },
      { metric: "wraparound_days", subject: null, value: null, ...UNJUDGED },
    ],
  });

  assert.equal(
    text,
    String.raw`# TYPE creatorflow_events_held gauge
# HELP creatorflow_events_held Figure events_held of the health.
creatorflow_events_held 3
# TYPE creatorflow_job_age_seconds gauge
# HELP creatorflow_job_age_seconds Figure job_age_seconds of the health.
creatorflow_job_age_seconds{subject="event-worker"} 3600.5
creatorflow_job_age_seconds{subject="a \"job\"\\\n"} 1
# TYPE creatorflow_figure_level gauge
# HELP creatorflow_figure_level Status of a figure: 0 healthy or not judged, 1 warning, 2 critical.
creatorflow_figure_level{metric="events_held"} 0
creatorflow_figure_level{metric="job_age_seconds",subject="event-worker"} 2
creatorflow_figure_level{metric="job_age_seconds",subject="a \"job\"\\\n"} 1
creatorflow_figure_level{metric="wraparound_days"} 0
# TYPE creatorflow_figure_threshold gauge
# HELP creatorflow_figure_threshold Value from which on a figure has this level.
creatorflow_figure_threshold{metric="job_age_seconds",subject="event-worker",level="warning"} 300
creatorflow_figure_threshold{metric="job_age_seconds",subject="event-worker",level="critical"} 3600
creatorflow_figure_threshold{metric="job_age_seconds",subject="a \"job\"\\\n",level="warning"} 1
# TYPE creatorflow_schema info
# HELP creatorflow_schema Newest migration of the database.
creatorflow_schema_info{version="20261123001170"} 1
# EOF
`,
  );
});
