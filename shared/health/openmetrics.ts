/** The health as OpenMetrics, the text that Prometheus and its relatives read. */
import type { Figure, Health } from "./read_health.ts";

export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Numbers for a status, so that a rule can compare them. */
const LEVELS: Record<Figure["status"], number> = { info: 0, healthy: 0, warning: 1, critical: 2 };

function labels(values: Record<string, string | null>): string {
  const parts = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [`${name}="${value.replace(/[\\"\n]/g, escapeCharacter)}"`]
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeCharacter(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}

/** A metric family: its lines have to stand together. */
function family(name: string, help: string, samples: string[], type = "gauge"): string[] {
  return [`# TYPE ${name} ${type}`, `# HELP ${name} ${help}`, ...samples];
}

function valueFamilies(figures: Figure[]): string[] {
  const byMetric = Map.groupBy(figures, ({ metric }) => metric);
  return Array.from(byMetric).flatMap(([metric, group]) => {
    const name = `creatorflow_${metric}`;
    const samples = group.flatMap(({ subject, value }) =>
      value === null ? [] : [`${name}${labels({ subject })} ${value}`]
    );
    return samples.length === 0 ? [] : family(name, `Figure ${metric} of the health.`, samples);
  });
}

/** Values, levels and thresholds of all figures; a value that is not known has no line. */
export function formatOpenMetrics({ version, figures }: Health): string {
  const level = "creatorflow_figure_level";
  const threshold = "creatorflow_figure_threshold";
  const lines = [
    ...valueFamilies(figures),
    ...family(
      level,
      "Status of a figure: 0 healthy or not judged, 1 warning, 2 critical.",
      figures.map(({ metric, subject, status }) =>
        `${level}${labels({ metric, subject })} ${LEVELS[status]}`
      ),
    ),
    ...family(
      threshold,
      "Value from which on a figure has this level.",
      figures.flatMap(({ metric, subject, warning, critical }) =>
        Object.entries({ warning, critical }).flatMap(([name, value]) =>
          value === null ? [] : [`${threshold}${labels({ metric, subject, level: name })} ${value}`]
        )
      ),
    ),
    ...family(
      "creatorflow_schema",
      "Newest migration of the database.",
      [`creatorflow_schema_info${labels({ version: version ?? "" })} 1`],
      "info",
    ),
    "# EOF",
  ];
  return lines.map((line) => `${line}\n`).join("");
}
