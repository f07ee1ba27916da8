/** `/v2/trackers`: of bought labels, and of any other parcel that a caller wants to follow. */
import { Hono } from "hono";
import { refusals } from "./errors.ts";
import { jsonBody, page } from "./gate.ts";
import type { ApiOptions } from "./shipments_api.ts";
import { makeTracker } from "./trackers.ts";

/** By what their tracking codes look like. */
const CARRIER_PATTERNS: [RegExp, string][] = [[/^9\d{21}$/, "USPS"], [/^1Z[0-9A-Z]{16}$/, "UPS"]];

function carrierOf(trackingCode: string): string {
  const found = CARRIER_PATTERNS.find(([pattern]) => pattern.test(trackingCode));
  if (found === undefined) throw refusals.noCarrier();
  return found[1];
}

export function trackerRoutes({ state, mode, now }: ApiOptions): Hono {
  function find(trackingCode: string, carrier: string | undefined) {
    return state.all("trackers").filter((tracker) =>
      tracker.tracking_code === trackingCode &&
      (!carrier || tracker.carrier === carrier)
    );
  }

  const app = new Hono();
  app.get("/", (c) => {
    const { tracking_code, carrier, ...paging } = c.req.query();
    const trackers = tracking_code ? find(tracking_code, carrier) : state.all("trackers");
    const { items, hasMore } = page(trackers, paging);
    return c.json({ trackers: items, has_more: hasMore });
  });

  /** Whoever follows a parcel twice gets the same tracker. */
  app.post("/", async (c) => {
    const { tracker } = await jsonBody(c.req.raw) as {
      tracker?: { tracking_code?: unknown; carrier?: unknown };
    };
    if (!tracker?.tracking_code) throw refusals.required("tracking_code");
    const trackingCode = String(tracker.tracking_code);
    const carrier = tracker.carrier ? String(tracker.carrier) : undefined;
    const [known] = find(trackingCode, carrier);
    if (known) return c.json(known);
    const made = makeTracker({
      trackingCode,
      carrier: carrier ?? carrierOf(trackingCode),
      shipmentId: null,
      mode,
      now: now(),
    });
    state.put("trackers", made.id, made);
    return c.json(made);
  });

  app.get("/:id", (c) => {
    const tracker = state.get("trackers", c.req.param("id"));
    if (tracker === undefined) throw refusals.notFound();
    return c.json(tracker);
  });
  return app;
}
