/** Handlers that are loaded late. */
import type { EventHandler } from "./events.ts";

/**
 * Handlers whose modules are loaded with the first event for one of them: the event worker starts without them.
 */
export function lazyHandlers<Name extends string>(
  load: () => Promise<Record<Name, EventHandler>>,
): (name: Name) => EventHandler {
  let loading: Promise<Record<Name, EventHandler>> | undefined;
  const handlers = () => loading ??= load();
  return (name) => ({
    groupOf: async (event) => await (await handlers())[name].groupOf(event),
    handle: async (events) => await (await handlers())[name].handle(events),
  });
}
