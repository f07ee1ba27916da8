/** Divides claimed events into groups; one call of a handler takes one group. */
import type { ClaimedEvent } from "./events.ts";
import type { EventGroup } from "./fair_queue.ts";
import { type EventRoutes, findHandler } from "./find_handler.ts";

/**
 * @param groupSize Maximum number of events in a group.
 * @returns The first part of each large group before the second part of any.
 */
export async function groupEvents(
  events: ClaimedEvent[],
  routes: EventRoutes,
  groupSize: number,
): Promise<EventGroup[]> {
  const names = await Promise.all(events.map((event) => groupName(event, routes)));
  const groups = Map.groupBy(events, (_, n) => names[n]);
  return [...groups.values()].flatMap((group) => splitGroup(group, groupSize))
    .sort((a, b) => a.part - b.part)
    .map(({ events }) => events);
}

function splitGroup(group: EventGroup, size: number): { part: number; events: EventGroup }[] {
  return Array.from({ length: Math.ceil(group.length / size) }, (_, part) => ({
    part,
    events: group.slice(part * size, (part + 1) * size),
  }));
}

/** An event whose handler cannot be loaded is alone: handling it fails too, and only it. */
async function groupName(event: ClaimedEvent, routes: EventRoutes): Promise<string> {
  const alone = String(event.event_id);
  try {
    return `${event.source} ${await findHandler(routes, event)?.groupOf(event) ?? alone}`;
  } catch {
    return `${event.source} ${alone}`;
  }
}
