import assert from "node:assert/strict";
import { readBody } from "./read_body.ts";
import { Problem } from "./problem.ts";

const post = (body: BodyInit | null) => new Request("http://x/", { method: "POST", body });

const isTooLarge = (error: unknown) => error instanceof Problem && error.status === 413;

Deno.test("readBody() returns the bytes unchanged", async () => {
  assert.deepEqual(await readBody(post(null)), new Uint8Array());
  const bytes = new Uint8Array([0, 255, 10, 13]);
  assert.deepEqual(await readBody(post(bytes)), bytes);
});

Deno.test("readBody() accepts a body of the limit and refuses one byte more", async () => {
  assert.equal((await readBody(post("x".repeat(10)), 10)).length, 10);
  await assert.rejects(readBody(post("x".repeat(11)), 10), isTooLarge);
});

Deno.test("readBody() stops reading a stream of unknown length at the limit", async () => {
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(4));
    },
    cancel() {
      cancelled = true;
    },
  });
  await assert.rejects(readBody(post(endless), 10), isTooLarge);
  assert.ok(cancelled);
  assert.ok(pulled < 10);
});

Deno.test("a body that does not arrive in time is 408, and the rest is not read", async () => {
  let cancelled = false;
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(4)),
    cancel() {
      cancelled = true;
    },
  });
  await assert.rejects(readBody(post(slow), 10, { timeoutMs: 20 }), (error) => {
    assert.ok(error instanceof Problem);
    assert.deepEqual([error.status, error.code], [408, "body_too_slow"]);
    return true;
  });
  assert.ok(cancelled);
});
