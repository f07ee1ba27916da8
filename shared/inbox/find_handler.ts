/** Finds the handler of an event in the table of routes. */
import type { ClaimedEvent, EventHandler } from "./events.ts";
import type { EventSource } from "./new_event.ts";

/** Handlers by source and event type; `tracker.*` matches every type with that prefix. */
export type EventRoutes = Partial<Record<EventSource, Record<string, EventHandler>>>;

export function findHandler(
  routes: EventRoutes,
  { source, event_type }: Pick<ClaimedEvent, "source" | "event_type">,
): EventHandler | undefined {
  const handlers = routes[source] ?? {};
  const keys = [event_type, event_type.replace(/\..*$/, ".*")];
  const key = keys.find((candidate) => Object.hasOwn(handlers, candidate));
  return key === undefined ? undefined : handlers[key];
}
