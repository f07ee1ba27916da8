/** `deno task events`: lists, shows and replays the events of a database's inbox. */
import postgres from "postgres";
import { command, UsageError } from "../cli/command.ts";
import { findTarget, type Target, TARGET_HELP } from "../cli/target.ts";
import { type EventsCommand, parseEventsCommand } from "../inbox/command_line.ts";
import { nameOption } from "../inbox/filters.ts";
import { printCounts, printEvent, printList } from "../inbox/read_events.ts";
import { replayEvent, replayEvents } from "../inbox/replay.ts";
import { explainMissingObject, withConnection } from "../postgres/connection.ts";

/** Code of our SQL functions for a wrong filter. */
const BAD_REQUEST = "PT400";

const HELP = `Lists, shows and replays the events of the inbox.

  npx -y deno@2.9.5 task events                     their number by state and type, and the oldest
  npx -y deno@2.9.5 task events list [filters]      the newest first
    --limit N         number of events              (50; 1 to 1000)
    --before ID       the page after this event
  npx -y deno@2.9.5 task events show ID             one event
    --body            with its body, which may hold personal data
  npx -y deno@2.9.5 task events replay ID           processes a settled or failing event again
  npx -y deno@2.9.5 task events replay FILTERS      the same for the oldest events, after confirmation
    --limit N         number of events              (1000; 1 to 10000)
    --yes             without confirmation

Filters; an event must match all of them:
  --status S      pending, processing, failing, done, ignored, held or dead
  --source S      tiktok, stripe, easypost or creatorflow
  --type T        e.g. ORDER_STATUS_CHANGE
  --shop ID       TikTok's shop id
  --object ID     TikTok's order id; for a label's task, the shipment's id
  --reason TEXT   the whole reason
  --error TEXT    a part of the last error, in upper or lower case
  --since TIME    received then or later: 2026-11-23T10:00:00Z, or 90s, 30m, 2h, 3d ago
  --until TIME    received before then

replay takes an ID, or one of --status, --type, --shop, --object, --reason and --error. Without --status
it replays done events too: a stored order is then updated.

  --json          all but replay: for programs
${TARGET_HELP}

Exit code 0: done. 1: failed, or not confirmed. 2: not understood.`;

/** Returns the exit code. */
async function perform(
  sql: postgres.Sql,
  target: Target,
  request: EventsCommand,
): Promise<number | void> {
  switch (request.name) {
    case "counts":
      return await printCounts(sql, request.json);
    case "list":
      return await printList(sql, request);
    case "show":
      return await printEvent(sql, request);
    case "replay":
      return await replayEvent(sql, request.id);
    case "replay_all":
      return await replayEvents(sql, target, request) ? 0 : 1;
  }
}

async function run(request: EventsCommand): Promise<number | void> {
  const target = await findTarget(request.database);
  try {
    return await withConnection(target.url, (sql) => perform(sql, target, request));
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === BAD_REQUEST) {
      throw new UsageError(nameOption(error.message));
    }
    throw explainMissingObject(error);
  }
}

export default await command(import.meta, {
  name: "events",
  help: HELP,
  parse: parseEventsCommand,
  run,
});
