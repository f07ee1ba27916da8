/** The text that `task status` prints about a stack that runs. */
import { Health } from "../../shared/health/read_health.ts";
import { readEnvironment, type StackEnvironment } from "../stack/environment.ts";
import type { RunningStack } from "../stack/running_file.ts";
import { shownPath, taskLine } from "./data_folder.ts";
import { psqlHint } from "./describe_stack.ts";
import { formatTable } from "./table.ts";

const ANSWER_MS = 5000;

/** @throws {Error} if the stack does not answer. */
async function readHealth(env: StackEnvironment): Promise<Health> {
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/health`, {
    headers: { apikey: env.SUPABASE_SECRET_KEY },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return Health.parse(await response.json());
}

/** `3 h 12 min`, `5 min` or `12 s`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

/** The status, and the figures that are not healthy. */
function healthLines({ status, figures }: Health): string[] {
  const bad = figures.filter((figure) => ["warning", "critical"].includes(figure.status));
  return [
    status,
    ...bad.map(({ metric, subject, value, status }) =>
      `${status}: ${metric}${subject ? `.${subject}` : ""} is ${value ?? "unknown"}`
    ),
  ];
}

interface Description {
  text: string;
  /** Whether the functions answered. */
  answers: boolean;
}

export async function describeRunning(
  data: string,
  running: RunningStack,
  now = Date.now(),
): Promise<Description> {
  const { pid, url, started_at, detached, commit, deno, database } = running;
  const folder = shownPath(data);
  const health = await readEnvironment(data).then(readHealth).catch(() => undefined);
  const [status = "", ...figures] = health ? healthLines(health) : [
    `the functions do not answer; see ${folder}/logs/, or stop it: ${taskLine("stop", data)}`,
  ];
  const version = [
    ...[commit && `commit ${commit}`, health?.version && `database ${health.version}`],
    `Deno ${deno}`,
  ].filter(Boolean).join(", ");
  const place = detached ? "in the background" : "in a terminal";
  const rows = [
    ["Running", `process ${pid}, ${place}, data in ${folder}/`],
    ["Since", `${started_at.slice(0, 19)}Z, ${formatAge(now - Date.parse(started_at))}`],
    ["Version", version],
    ["Console", `${url}/   (operator: ${taskLine("open", data)})`],
    ["API", `${url}   (/rest/v1, /auth/v1, /functions/v1)`],
    ["Postgres", `${database}   (${psqlHint(data)})`],
    ["Health", status],
    ...figures.map((line) => ["", line]),
  ];
  return { text: formatTable(rows), answers: health !== undefined };
}
