/** The simulated Trackers API: one tracker for a number, and EasyPost's refusals. */
import assert from "node:assert/strict";
import { Caller } from "../../../tests/support/easypost_caller.ts";

const UPS = "1Z999AA10123456784";

Deno.test("a number has one tracker for three months, which has no shipment", async () => {
  const caller = new Caller();
  const track = (tracker: unknown) => caller.call("POST", "/v2/trackers", { tracker });
  const first = await track({ tracking_code: UPS, carrier: "ups" });
  const { id, carrier, status, shipment_id } = first.body;
  assert.deepEqual([first.status, carrier, status, shipment_id], [201, "UPS", "unknown", null]);
  const again = await track({ tracking_code: UPS });
  assert.deepEqual([again.status, again.body.id], [200, id]);
  caller.simulator.changeTracker(UPS, "in_transit");
  const read = await caller.call("GET", `/v2/trackers/${id}`);
  assert.deepEqual([read.status, read.body.status], [200, "in_transit"]);
  caller.now += 91 * 24 * 3600 * 1000;
  assert.notEqual((await track({ tracking_code: UPS })).body.id, id);
});

Deno.test("a carrier or a number that EasyPost does not know is refused, and makes no tracker", async () => {
  const caller = new Caller();
  const cases = [
    [{ tracker: { tracking_code: UPS, carrier: "J&T Express" } }, 422, "TRACKER.CREATE.ERROR"],
    [{ tracker: { tracking_code: "JT12345" } }, 422, "TRACKER.CREATE.ERROR"],
    [{ tracker: { carrier: "UPS" } }, 422, "PARAMETER.REQUIRED"],
    [{}, 422, "PARAMETER.REQUIRED"],
  ] as const;
  for (const [body, status, code] of cases) {
    const answer = await caller.call("POST", "/v2/trackers", body);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code]);
  }
  assert.equal((await caller.call("GET", "/v2/trackers/trk_1")).status, 404);
  assert.deepEqual(caller.simulator.state.all("trackers"), []);
});
