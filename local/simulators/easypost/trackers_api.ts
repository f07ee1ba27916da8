/** `/v2/trackers`: parcels whose labels EasyPost did not sell. */
import { Hono } from "hono";
import { refusals } from "./errors.ts";
import { jsonBody } from "./json_body.ts";
import type { Mode } from "./objects.ts";
import type { EasyPostState } from "./state.ts";
import { makeTracker } from "./trackers.ts";

/** A repetition within this time returns the same tracker: three months. */
const SAME_TRACKER_MS = 90 * 24 * 3600 * 1000;

/** The carriers that are simulated, in EasyPost's names, with the forms of their numbers. */
const CARRIERS: Readonly<Record<string, RegExp[]>> = {
  UPS: [/^1Z[0-9A-Z]{16}$/],
  USPS: [/^9[2-5]\d{20}$/, /^[A-Z]{2}\d{9}US$/],
  FedEx: [/^\d{12}$/, /^\d{15}$/],
  DHLExpress: [/^\d{10}$/, /^JD\d{18}$/],
  RoyalMail: [/^[A-Z]{2}\d{9}GB$/],
  DPD: [/^\d{14}$/],
};

/** The carrier that a call names, in any case, or that has numbers of this form. @throws {EasyPostRefusal} */
function carrierOf(trackingCode: string, named: unknown): string {
  const carriers = Object.entries(CARRIERS);
  if (typeof named === "string" && named !== "") {
    const found = carriers.find(([carrier]) => carrier.toLowerCase() === named.toLowerCase());
    if (found === undefined) throw refusals.untrackable("carrier");
    return found[0];
  }
  const fitting = carriers.find(([, forms]) => forms.some((form) => form.test(trackingCode)));
  if (fitting === undefined) throw refusals.untrackable("tracking_code");
  return fitting[0];
}

export interface TrackersApi {
  state: EasyPostState;
  mode: Mode;
  /** Milliseconds since 1970. */
  now: () => number;
}

export function trackerRoutes({ state, mode, now }: TrackersApi): Hono {
  const app = new Hono();
  app.post("/", async (c) => {
    const { tracker: given } = await jsonBody(c.req.raw);
    if (typeof given !== "object" || given === null) throw refusals.required("tracker");
    const { tracking_code: trackingCode, carrier: named } = given as Record<string, unknown>;
    if (typeof trackingCode !== "string" || trackingCode === "") {
      throw refusals.required("tracking_code");
    }
    const carrier = carrierOf(trackingCode, named);
    const earlier = state.all("trackers").findLast((tracker) =>
      tracker.tracking_code === trackingCode && tracker.carrier === carrier &&
      now() - Date.parse(tracker.created_at) < SAME_TRACKER_MS
    );
    if (earlier !== undefined) return c.json(earlier);
    const tracker = makeTracker({ trackingCode, carrier, shipmentId: null, mode, now: now() });
    state.put("trackers", tracker.id, tracker);
    return c.json(tracker, 201);
  });

  app.get("/:id", (c) => {
    const tracker = state.get("trackers", c.req.param("id"));
    if (tracker === undefined) throw refusals.notFound();
    return c.json(tracker);
  });
  return app;
}
