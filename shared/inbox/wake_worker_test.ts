import assert from "node:assert/strict";
import { createWakeWorker } from "./wake_worker.ts";

// Failed calls are logged: not needed here.
Object.assign(console, { warn: () => {} });

const SUPABASE = {
  url: "http://127.0.0.1:1",
  publishableKey: "sb_publishable_a",
  secretKey: "sb_secret_a",
  secretKeys: ["sb_secret_a"],
};

/** Calls that end when the test says so, and a clock that only waiting moves. */
function worker() {
  const calls: PromiseWithResolvers<void>[] = [];
  const waits: number[] = [];
  let time = 1000;
  const wake = createWakeWorker(SUPABASE, {
    call() {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
    pauseMs: 200,
    now: () => time,
    wait(ms) {
      waits.push(ms);
      time += ms;
      return Promise.resolve();
    },
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return { calls, waits, wake, settle, letPass: (ms: number) => time += ms };
}

Deno.test("the first event wakes the worker at once", () => {
  const { calls, waits, wake } = worker();
  wake();
  assert.equal(calls.length, 1);
  assert.deepEqual(waits, []);
});

Deno.test("events that become due during a call share one further call, after a pause", async () => {
  const { calls, waits, wake, settle } = worker();
  for (let n = 0; n < 100; n++) wake();
  assert.equal(calls.length, 1);
  calls[0]?.resolve();
  await settle();
  assert.equal(calls.length, 2);
  assert.deepEqual(waits, [200]);
  calls[1]?.resolve();
  await settle();
  assert.equal(calls.length, 2);
});

Deno.test("after the pause the next event wakes the worker at once", async () => {
  const { calls, waits, wake, settle, letPass } = worker();
  wake();
  calls[0]?.resolve();
  await settle();
  letPass(200);
  wake();
  assert.equal(calls.length, 2);
  assert.deepEqual(waits, []);
});

Deno.test("attack: a call that fails is repeated twice, and stops no later one", async () => {
  const { calls, waits, wake, settle, letPass } = worker();
  wake();
  for (let attempt = 0; attempt < 3; attempt++) {
    calls[attempt]?.reject(new Error("connection refused"));
    await settle();
  }
  assert.equal(calls.length, 3);
  assert.deepEqual(waits, [500, 2000]);
  letPass(200);
  wake();
  assert.equal(calls.length, 4);
});

Deno.test("events that become due while a call is repeated share the next", async () => {
  const { calls, wake, settle } = worker();
  wake();
  calls[0]?.reject(new Error("connection refused"));
  await settle();
  wake();
  calls[1]?.resolve();
  await settle();
  assert.equal(calls.length, 3);
});
