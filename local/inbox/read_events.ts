/** Reads events of a database and prints them. */
import type postgres from "postgres";
import { print } from "../cli/console.ts";
import { readerName } from "../cli/reader_name.ts";
import type { EventsCommand } from "./command_line.ts";
import type { EventFilter } from "./filters.ts";
import {
  type EventCount,
  type EventSummary,
  formatBody,
  formatCounts,
  formatEvent,
  formatEvents,
} from "./report.ts";

/** Columns of the terminal; elsewhere nothing is cut. */
function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || Infinity;
  } catch {
    return Infinity;
  }
}

export async function countEvents(sql: postgres.Sql, filter: EventFilter): Promise<EventCount[]> {
  const [row] = await sql`select public.count_webhook_events(${sql.json(filter)}) as counts`;
  return row?.counts;
}

export async function printCounts(sql: postgres.Sql, json: boolean): Promise<void> {
  const counts = await countEvents(sql, {});
  if (json) return print(JSON.stringify(counts, null, 2));
  print(formatCounts(counts, Date.now(), terminalWidth()));
}

export async function printList(
  sql: postgres.Sql,
  { filter, limit, before, json }: Extract<EventsCommand, { name: "list" }>,
): Promise<void> {
  const [row] = await sql`
    select public.list_webhook_events(${sql.json(filter)}, ${limit}, ${before ?? null}) as page`;
  const page: { events: EventSummary[]; next_before: number | null } = row?.page;
  if (json) return print(JSON.stringify(page, null, 2));
  if (page.events.length === 0) return print("No event.");
  print(formatEvents(page.events, Date.now(), terminalWidth()));
  if (page.next_before !== null) print(`There are more: --before ${page.next_before}`);
}

type ShownEvent = EventSummary & { body_characters: number; body?: string };

/** Reading the body is logged in `private.personal_data_reads`. */
export async function printEvent(
  sql: postgres.Sql,
  { id, body, json }: Extract<EventsCommand, { name: "show" }>,
): Promise<void> {
  const [row] = await sql`
    select public.show_webhook_event(${id}, ${body}, ${readerName()}) as event`;
  const event: ShownEvent = row?.event;
  if (json) {
    const { body_characters: _, ...rest } = event;
    return print(JSON.stringify(rest, null, 2));
  }
  print(formatEvent(event, Date.now()));
  const size = `${event.body_characters} characters`;
  print(
    event.body === undefined
      ? `body          ${size}, perhaps personal data: --body prints it`
      : `body          ${size}:\n${formatBody(event.body)}`,
  );
}
