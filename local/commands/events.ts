/** `deno task events`: looks at a database's inbox, and replays events of it. */
import postgres from "postgres";
import { ask, findTarget, type Target } from "../cli/target.ts";
import { type Command, type EventFilter, HELP, parseCommand } from "./events_options.ts";
import {
  type EventCount,
  type EventSummary,
  formatBody,
  formatCounts,
  formatEvent,
  formatEvents,
} from "./events_report.ts";
import { UsageError } from "../cli/options.ts";
import { print } from "../cli/console.ts";

const UNDEFINED_FUNCTION = "42883";
/** How our SQL functions say that a filter is none. */
const BAD_REQUEST = "PT400";

const SETTLED = ["dead", "held", "ignored", "done"];
const WITHIN_A_MINUTE = "The event worker takes what is due within a minute.";

/** Columns of the terminal; elsewhere nothing is cut. */
function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || Infinity;
  } catch {
    return Infinity;
  }
}

async function countEvents(sql: postgres.Sql, filter: EventFilter): Promise<EventCount[]> {
  const [row] = await sql`select public.count_webhook_events(${sql.json(filter)}) as counts`;
  return row?.counts;
}

async function showCounts(sql: postgres.Sql, json: boolean): Promise<void> {
  const counts = await countEvents(sql, {});
  if (json) return print(JSON.stringify(counts, null, 2));
  print(formatCounts(counts, Date.now(), terminalWidth()));
}

async function list(
  sql: postgres.Sql,
  { filter, limit, before, json }: Extract<Command, { name: "list" }>,
): Promise<void> {
  const [row] = await sql`
    select public.list_webhook_events(${sql.json(filter)}, ${limit}, ${before ?? null}) as page`;
  const page: { events: EventSummary[]; next_before: number | null } = row?.page;
  if (json) return print(JSON.stringify(page, null, 2));
  if (page.events.length === 0) return print("No event.");
  print(formatEvents(page.events, Date.now(), terminalWidth()));
  if (page.next_before !== null) print(`There are more: --before ${page.next_before}`);
}

async function show(
  sql: postgres.Sql,
  { id, body, json }: Extract<Command, { name: "show" }>,
): Promise<void> {
  const [row] = await sql`select public.show_webhook_event(${id}) as event`;
  const event: EventSummary & { body: string } = row?.event;
  if (json) {
    const { body: text, ...rest } = event;
    return print(JSON.stringify(body ? { ...rest, body: text } : rest, null, 2));
  }
  print(formatEvent(event, Date.now()));
  const size = `${event.body.length} characters`;
  print(
    body
      ? `body          ${size}:\n${formatBody(event.body)}`
      : `body          ${size}, perhaps personal data: --body prints it`,
  );
}

async function replay(sql: postgres.Sql, id: string): Promise<void> {
  const [row] = await sql`select public.replay_webhook_event(${id}) as outcome`;
  const outcome: { status_before: string; replayed: boolean } = row?.outcome;
  print(
    outcome.replayed
      ? `Event ${id} was ${outcome.status_before} and is due now. ${WITHIN_A_MINUTE}`
      : `Event ${id} is ${outcome.status_before}: it is worked anyway, and stays as it is.`,
  );
}

/** `1 event`, `2 events`. */
function events(count: number): string {
  return `${count} event${count === 1 ? "" : "s"}`;
}

/** @returns Whether it was meant. */
async function replayAll(
  sql: postgres.Sql,
  target: Target,
  { filter, limit, yes }: Extract<Command, { name: "replay_all" }>,
): Promise<boolean> {
  const counts = await countEvents(sql, filter);
  const byStatus = SETTLED.map((status) => {
    const found = counts.filter((count) => count.status === status);
    return { status, count: found.reduce((sum, kind) => sum + kind.events, 0) };
  }).filter(({ count }) => count > 0);
  const settled = byStatus.reduce((sum, { count }) => sum + count, 0);
  const open = counts.reduce((sum, kind) => sum + kind.events, 0) - settled;
  const openNote = open === 0 ? "" : ` ${events(open)} more: open, and worked anyway.`;
  if (settled === 0) {
    print(`Nothing to replay in ${target.name}.${openNote}`);
    return true;
  }
  const share = byStatus.map(({ status, count }) => `${count} ${status}`).join(", ");
  const which = settled <= limit
    ? `${events(settled)} (${share})`
    : `the oldest ${limit} of ${events(settled)} (${share})`;
  print(`In ${target.name}: ${which}.${openNote}`);
  if (!ask(`Replay ${settled === 1 ? "it" : "them"}?`, { yes })) return false;
  const [row] = await sql`
    select public.replay_webhook_events(${sql.json(filter)}, ${limit}) as outcome`;
  const { replayed, remaining }: { replayed: number; remaining: number } = row?.outcome;
  print(`Replayed ${events(replayed)}. ${WITHIN_A_MINUTE}`);
  if (remaining > 0) print(`${events(remaining)} of the filter remain: run it again for more.`);
  return true;
}

async function perform(sql: postgres.Sql, target: Target, command: Command): Promise<number> {
  switch (command.name) {
    case "counts":
      await showCounts(sql, command.json);
      return 0;
    case "list":
      await list(sql, command);
      return 0;
    case "show":
      await show(sql, command);
      return 0;
    case "replay":
      await replay(sql, command.id);
      return 0;
    case "replay_all":
      return await replayAll(sql, target, command) ? 0 : 1;
  }
}

/** @throws {UsageError} for what the database does not take. @throws {Error} that says what to do. */
async function run(command: Command): Promise<number> {
  const target = await findTarget(command.database);
  const sql = postgres(target.url, { max: 1, onnotice: () => {} });
  try {
    return await perform(sql, target, command);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    if (error.code === BAD_REQUEST) throw new UsageError(error.message);
    if (error.code !== UNDEFINED_FUNCTION) throw error;
    throw new Error(
      "The database lacks the functions of this command. Apply the migrations first: " +
        "npx -y deno@2.9.5 task migration:up",
      { cause: error },
    );
  } finally {
    await sql.end();
  }
}

async function main(): Promise<number> {
  const command = parseCommand(Deno.args);
  if (command === undefined) {
    print(HELP);
    return 0;
  }
  return await run(command);
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
