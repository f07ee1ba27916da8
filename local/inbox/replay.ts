/** Replays of events that are settled, or wait after a failed attempt. */
import type postgres from "postgres";
import { print } from "../cli/console.ts";
import { countOf } from "../cli/count_of.ts";
import { confirmAction, type Target } from "../cli/target.ts";
import type { EventsCommand } from "./command_line.ts";
import { countEvents } from "./read_events.ts";
import type { EventCount } from "./report.ts";

const STATUSES = ["dead", "failing", "pending", "held", "ignored", "done"];
const WITHIN_A_MINUTE = "The event worker processes due events within a minute.";

function sum(counts: EventCount[]): number {
  return counts.reduce((total, count) => total + count.replayable, 0);
}

export async function replayEvent(sql: postgres.Sql, id: string): Promise<void> {
  const [row] = await sql`select public.replay_webhook_event(${id}) as outcome`;
  const outcome: { status_before: string; replayed: boolean } = row?.outcome;
  print(
    outcome.replayed
      ? `Event ${id} was ${outcome.status_before} and is due now. ${WITHIN_A_MINUTE}`
      : `Event ${id} is ${outcome.status_before}: it is due, or waits for its first attempt, and stays as it is.`,
  );
}

/** What a replay of a filter would change, as a sentence, and the number of these events. */
function describeReplay(counts: EventCount[], limit: number) {
  const byStatus = STATUSES.map((status) => ({
    status,
    events: sum(counts.filter((count) => count.status === status)),
  })).filter((count) => count.events > 0);
  const replayable = sum(counts);
  const others = counts.reduce((total, count) => total + count.events, 0) - replayable;
  const share = byStatus.map((count) => `${count.events} ${count.status}`).join(", ");
  return {
    replayable,
    selection: replayable <= limit
      ? `${countOf(replayable, "event")} (${share})`
      : `the oldest ${limit} of ${countOf(replayable, "event")} (${share})`,
    othersNote: others === 0
      ? ""
      : ` ${countOf(others, "event")} more: due, or waiting for their first attempt.`,
  };
}

/** Replays the oldest events of a filter. Returns whether the action was confirmed. */
export async function replayEvents(
  sql: postgres.Sql,
  target: Target,
  { filter, limit, yes }: Extract<EventsCommand, { name: "replay_all" }>,
): Promise<boolean> {
  const counts = await countEvents(sql, filter);
  const { replayable, selection, othersNote } = describeReplay(counts, limit);
  if (replayable === 0) {
    print(`Nothing to replay in ${target.name}.${othersNote}`);
    return true;
  }
  print(`In ${target.name}: ${selection}.${othersNote}`);
  if (!await confirmAction(`Replay ${replayable === 1 ? "it" : "them"}?`, { yes })) return false;
  const [row] = await sql`
    select public.replay_webhook_events(${sql.json(filter)}, ${limit}) as outcome`;
  const { replayed, remaining }: { replayed: number; remaining: number } = row?.outcome;
  print(`Replayed ${countOf(replayed, "event")}. ${WITHIN_A_MINUTE}`);
  if (remaining > 0) {
    print(`${countOf(remaining, "event")} of the filter remain: run it again for more.`);
  }
  return true;
}
