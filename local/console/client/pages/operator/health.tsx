/** @jsxImportSource hono/jsx/dom */
/** The figures that monitoring reads, each with its thresholds. */
import { Badge, type Tone } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { Several } from "../../components/several.tsx";
import { Table } from "../../components/table.tsx";
import { callConsole } from "../../console_api.ts";
import { formatAge, formatCode, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { OperatorFrame } from "./operator_frame.tsx";

interface Figure {
  metric: string;
  subject: string | null;
  value: number | null;
  status: string;
  warning: number | null;
  critical: number | null;
  bad_when: string | null;
}

interface Health {
  status: string;
  version: string | null;
  checked_at: string;
  figures: Figure[];
}

const READ_MS = 5000;
const TONES: Record<string, Tone> = { healthy: "good", warning: "warn", critical: "bad" };
const RANKS = ["critical", "warning", "healthy"];

const formatFigure = (value: number | null) =>
  value === null ? "–" : formatNumber(Math.round(value * 100) / 100);

function rankOf({ status }: Figure): number {
  const rank = RANKS.indexOf(status);
  return rank === -1 ? RANKS.length : rank;
}

export function HealthPage() {
  const query = useQuery("health", () => callConsole<Health>("operator/health"), {
    everyMs: READ_MS,
  });
  return (
    <OperatorFrame
      title="Health"
      about="The answer of the function health to the secret key."
      query={query}
      show={({ status, version, checked_at, figures }) => (
        <Several>
          <p class="row">
            <Badge tone={TONES[status] ?? "calm"}>{formatCode(status)}</Badge>
            <span class="muted small">Schema {version} · measured {formatAge(checked_at)}</span>
          </p>
          <Card isFlush>
            <Table
              caption="Figures of the health, the worst first"
              rows={figures.toSorted((a, b) => rankOf(a) - rankOf(b))}
              keyOf={({ metric, subject }) => `${metric}:${subject}`}
              columns={[
                {
                  head: "Figure",
                  cell: ({ metric, subject }) => (
                    <Several>
                      {formatCode(metric)}
                      {subject && <span class="sub">{subject}</span>}
                    </Several>
                  ),
                },
                { head: "Value", cell: ({ value }) => formatFigure(value), isNumber: true },
                {
                  head: "State",
                  cell: ({ status }) => (
                    <Badge tone={TONES[status] ?? "calm"}>{formatCode(status)}</Badge>
                  ),
                },
                {
                  head: "Warning",
                  cell: ({ warning }) => formatFigure(warning),
                  ...{ isNumber: true, isWideOnly: true },
                },
                {
                  head: "Critical",
                  cell: ({ critical }) => formatFigure(critical),
                  ...{ isNumber: true, isWideOnly: true },
                },
                {
                  head: "Bad",
                  cell: ({ bad_when }) => bad_when ?? "–",
                  isWideOnly: true,
                },
              ]}
            />
          </Card>
        </Several>
      )}
    />
  );
}
