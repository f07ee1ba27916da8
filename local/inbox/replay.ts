/** Replays of settled events. */
import type postgres from "postgres";
import { print } from "../cli/console.ts";
import { confirmAction, type Target } from "../cli/target.ts";
import type { EventsCommand } from "./command_line.ts";
import { countEvents } from "./read_events.ts";
import type { EventCount } from "./report.ts";

/** Also failing events, which would otherwise wait up to an hour. */
const SETTLED = ["dead", "failing", "held", "ignored", "done"];
const WITHIN_A_MINUTE = "The event worker processes due events within a minute.";

/** `1 event`, `2 events`. */
function events(count: number): string {
  return `${count} event${count === 1 ? "" : "s"}`;
}

function sum(counts: { events: number }[]): number {
  return counts.reduce((total, count) => total + count.events, 0);
}

export async function replayEvent(sql: postgres.Sql, id: string): Promise<void> {
  const [row] = await sql`select public.replay_webhook_event(${id}) as outcome`;
  const outcome: { status_before: string; replayed: boolean } = row?.outcome;
  print(
    outcome.replayed
      ? `Event ${id} was ${outcome.status_before} and is due now. ${WITHIN_A_MINUTE}`
      : `Event ${id} is ${outcome.status_before}: it will be processed anyway, and stays as it is.`,
  );
}

/** The settled events of a filter as a sentence, and their number. */
function describeSettled(counts: EventCount[], limit: number) {
  const byStatus = SETTLED.map((status) => ({
    status,
    events: sum(counts.filter((count) => count.status === status)),
  })).filter((count) => count.events > 0);
  const settled = sum(byStatus);
  const open = sum(counts) - settled;
  const share = byStatus.map((count) => `${count.events} ${count.status}`).join(", ");
  return {
    settled,
    selection: settled <= limit
      ? `${events(settled)} (${share})`
      : `the oldest ${limit} of ${events(settled)} (${share})`,
    openNote: open === 0 ? "" : ` ${events(open)} more: open, and processed anyway.`,
  };
}

/** Replays the oldest events of a filter. Returns whether the action was confirmed. */
export async function replayEvents(
  sql: postgres.Sql,
  target: Target,
  { filter, limit, yes }: Extract<EventsCommand, { name: "replay_all" }>,
): Promise<boolean> {
  const counts = await countEvents(sql, filter);
  const { settled, selection, openNote } = describeSettled(counts, limit);
  if (settled === 0) {
    print(`Nothing to replay in ${target.name}.${openNote}`);
    return true;
  }
  print(`In ${target.name}: ${selection}.${openNote}`);
  if (!await confirmAction(`Replay ${settled === 1 ? "it" : "them"}?`, { yes })) return false;
  const [row] = await sql`
    select public.replay_webhook_events(${sql.json(filter)}, ${limit}) as outcome`;
  const { replayed, remaining }: { replayed: number; remaining: number } = row?.outcome;
  print(`Replayed ${events(replayed)}. ${WITHIN_A_MINUTE}`);
  if (remaining > 0) print(`${events(remaining)} of the filter remain: run it again for more.`);
  return true;
}
