import assert from "node:assert/strict";
import { type ClaimedEvent, type EventHandler, handleEach } from "./events.ts";
import { lazyHandlers } from "./lazy_handlers.ts";

const EVENT = { event_id: 7 } as ClaimedEvent;

Deno.test("lazyHandlers() loads its handlers with the first event, and once", async () => {
  let loads = 0;
  const handlers: Record<"single" | "together", EventHandler> = {
    single: handleEach(() => Promise.resolve({ outcome: "single" })),
    together: {
      groupOf: () => "all",
      handle: (events) => Promise.resolve(events.map(() => ({ outcome: "together" }))),
    },
  };
  const handler = lazyHandlers(() => {
    loads++;
    return Promise.resolve(handlers);
  });
  const [single, together] = [handler("single"), handler("together")];
  assert.equal(loads, 0);

  assert.equal(await single.groupOf(EVENT), "7");
  assert.deepEqual(await single.handle([EVENT]), [{ outcome: "single" }]);
  assert.equal(await together.groupOf(EVENT), "all");
  assert.deepEqual((await together.handle([EVENT, EVENT])).length, 2);
  assert.equal(loads, 1);
});
