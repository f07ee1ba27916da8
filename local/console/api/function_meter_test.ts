import assert from "node:assert/strict";
import { FunctionMeter } from "./function_meter.ts";

Deno.test("each function's calls, refusals, failures and times are counted, and the calls of each minute", async () => {
  const clock = { time: 120_000 };
  const meter = new FunctionMeter(() => clock.time);
  const call = async (name: string, status: number, ms: number) => {
    const fetch = meter.observe(() => {
      clock.time += ms;
      if (status === 0) throw new Error("cut");
      return new Response(null, { status });
    });
    return await fetch(new Request(`http://localhost/functions/v1/${name}/x?token=1`));
  };
  assert.equal((await call("billing", 200, 10)).status, 200);
  await call("billing", 404, 20);
  await call("billing", 503, 30);
  await assert.rejects(call("account", 0, 0), /cut/);
  const { functions, minutes } = meter.report();
  const at = new Date(clock.time).toISOString();
  assert.deepEqual(functions, [
    {
      ...{ name: "account", calls: 1, refused: 0, failed: 1 },
      ...{ median_ms: 0, p95_ms: 0, last_called_at: at },
    },
    {
      ...{ name: "billing", calls: 3, refused: 1, failed: 1 },
      ...{ median_ms: 20, p95_ms: 30, last_called_at: at },
    },
  ]);
  assert.deepEqual(minutes.at(-1), { time: new Date(120_000).toISOString(), calls: 4, failed: 2 });
  assert.equal(minutes.length, 60);
  clock.time += 60 * 60_000;
  await call("billing", 200, 0);
  assert.equal(meter.report().minutes.reduce((sum, { calls }) => sum + calls, 0), 1);
});
