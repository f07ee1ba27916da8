import assert from "node:assert/strict";
import { TRACKER_STATUSES } from "../../../../local/simulators/easypost/objects.ts";
import { Tracker } from "./schemas.ts";
import { toTrackingUpdate } from "./tracking.ts";

const statusOf = (word: string | null) => toTrackingUpdate({ status: word } as Tracker).status;

Deno.test("every EasyPost status maps to one of ours, or changes nothing", () => {
  const expected = {
    unknown: null,
    pre_transit: "purchased",
    in_transit: "in_transit",
    out_for_delivery: "out_for_delivery",
    delivered: "delivered",
    available_for_pickup: "available_for_pickup",
    return_to_sender: "returned",
    failure: "failed",
    // The label, not the parcel.
    cancelled: null,
    // Of the tracking, not of the delivery.
    error: null,
  };
  assert.deepEqual(Object.keys(expected).sort(), [...TRACKER_STATUSES].sort());
  for (const [word, ours] of Object.entries(expected)) assert.equal(statusOf(word), ours, word);
});

Deno.test("a status that EasyPost adds later changes nothing", () => {
  for (const word of ["teleported", "DELIVERED", "delivered ", "", null, "constructor", "get"]) {
    assert.equal(statusOf(word), null, String(word));
  }
});

Deno.test("times are in UTC, and the delivery is a day", () => {
  const update = toTrackingUpdate({
    status: "in_transit",
    est_delivery_date: "2026-10-03T19:00:00-04:00",
    updated_at: "2026-10-01T23:30:00-07:00",
  } as Tracker);
  assert.deepEqual(update, {
    status: "in_transit",
    estimated_delivery: "2026-10-03",
    updated_at: "2026-10-02T06:30:00.000Z",
  });
});

Deno.test("a missing or invalid time is null", () => {
  const nothing = { status: null, estimated_delivery: null, updated_at: null };
  assert.deepEqual(toTrackingUpdate({} as Tracker), nothing);
  for (const text of [null, "", "soon", "2026-13-45T00:00:00Z"]) {
    const tracker = { est_delivery_date: text, updated_at: text } as Tracker;
    assert.deepEqual(toTrackingUpdate(tracker), nothing, String(text));
  }
});

Deno.test("the scan of the status is the latest with it", () => {
  const scan = (status: string | null, datetime: unknown) => ({ status, datetime });
  const scannedAt = (status: string, ...tracking_details: unknown[]) =>
    toTrackingUpdate(Tracker.parse({ status, tracking_details })).scanned_at;
  const [early, late] = ["2026-10-01T10:00:00Z", "2026-10-02T10:00:00Z"];
  const details = [scan("in_transit", early), scan("in_transit", late), scan("delivered", null)];
  assert.equal(scannedAt("in_transit", ...details), "2026-10-02T10:00:00.000Z");
  assert.equal(scannedAt("delivered", ...details), undefined);
  assert.equal(scannedAt("delivered", 7, null), undefined);
  assert.equal(toTrackingUpdate(Tracker.parse({ tracking_details: "none" })).scanned_at, undefined);
});

Deno.test("a tracker may have unknown fields, and lack known ones", () => {
  const tracker = Tracker.parse({ status: "delivered", later: { x: 1 } });
  assert.equal(toTrackingUpdate(tracker).status, "delivered");
});
