/** Faults of the simulator during a purchase. */
import assert from "node:assert/strict";
import { Caller } from "../../../tests/support/easypost_caller.ts";
import type { Fault, ObservedCall } from "../faults.ts";

Deno.test("a purchase that a fault spoils is made or not, and never twice", async () => {
  const made: Fault["kind"][] = ["lost", "not_json", "truncated"];
  const notMade: Fault["kind"][] = ["internal", "rate_limit", "html"];
  for (const kind of [...made, ...notMade]) {
    const caller = new Caller();
    const { faults, accounts } = caller.simulator;
    const { id, rates } = (await caller.create()).body;
    faults.add({ method: "POST", path: "/v2/shipments/", kind, count: 1 });
    assert.equal((await caller.get(`/v2/shipments/${id}`)).status, 200);
    const response = await caller.fetch("POST", `/v2/shipments/${id}/buy`, { rate: rates[0] });
    const text = await response.text();
    const isMade = made.includes(kind);
    assert.equal(accounts.labelsBought, isMade ? 1 : 0, kind);
    assert.equal(faults.spoiled.get(kind), 1);
    const type = response.headers.get("content-type");
    if (kind === "not_json" || kind === "truncated") {
      assert.deepEqual(
        [response.status, type],
        [200, kind === "not_json" ? "text/html" : "application/json"],
      );
      assert.throws(() => JSON.parse(text));
    }
    if (kind === "truncated") {
      const whole = await (await caller.fetch("GET", `/v2/shipments/${id}`)).text();
      assert.equal(text, whole.slice(0, text.length));
      assert.equal(text.length, Math.floor(whole.length / 2));
    }
    assert.equal((await caller.buy(id)).status, isMade ? 422 : 200);
    assert.equal(accounts.labelsBought, 1);
  }
});

Deno.test("an observer sees each call before and after its effect, and can fail it at both", async () => {
  const caller = new Caller();
  const { faults, accounts } = caller.simulator;
  const { id } = (await caller.create({ reference: "order-1" })).body;
  const path = `/v2/shipments/${id}/buy`;
  const observed: (ObservedCall & { bought: number })[] = [];
  let spoil: ObservedCall["phase"] | undefined = "arrived";
  faults.observe = async (call) => {
    // The call waits for the observer.
    await Promise.resolve();
    if (call.method === "POST") observed.push({ ...call, bought: accounts.labelsBought });
    if (call.method === "POST" && call.phase === spoil) throw new Error("killed");
  };
  const refused = await caller.buy(id);
  assert.deepEqual([refused.status, refused.body.error.code], [500, "INTERNAL_SERVER_ERROR"]);
  spoil = "executed";
  faults.add({ kind: "expired" });
  assert.equal((await caller.buy(id)).status, 500);
  spoil = undefined;
  assert.equal((await caller.buy(id)).body.error.code, "SHIPMENT.POSTAGE.EXISTS");
  const call = { method: "POST", path };
  assert.deepEqual(observed, [
    { ...call, phase: "arrived", bought: 0 },
    { ...call, phase: "arrived", bought: 0 },
    { ...call, phase: "executed", bought: 1 },
    { ...call, phase: "arrived", bought: 1 },
    { ...call, phase: "executed", bought: 1 },
  ]);
  // A host without access tokens skips `expired`.
  assert.equal(faults.spoiled.size, 0);
});
