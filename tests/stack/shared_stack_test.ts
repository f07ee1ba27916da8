/** The stack of `tests/support/shared_stack.ts`: a test sees nothing of the test before it. */
import assert from "node:assert/strict";
import { parseLine } from "../../shared/logging/lines.ts";
import { readFunctionLog } from "../support/logs.ts";
import { borrowStack } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";

/** The sanitizers would see the stack go on living. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}

/** More refused calls than one function may log at once. */
const FLOOD = 45;

/** @returns the id in the line of the call. */
async function callRefused({ env }: TestStack): Promise<string> {
  const id = crypto.randomUUID();
  const response = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-oauth/shops`, {
    headers: { "x-request-id": id },
  });
  await response.body?.cancel();
  return id;
}

async function readLines(stack: TestStack): Promise<Record<string, unknown>[]> {
  const text = await readFunctionLog(stack);
  return text.split("\n").filter((line) => line !== "").map(parseLine);
}

test("a test's log has its own lines only, however many the test before it has used up", async () => {
  {
    await using former = await borrowStack();
    await Promise.all(Array.from({ length: FLOOD }, () => callRefused(former)));
    const lines = await readLines(former);
    const written = lines.filter(({ message }) => message === "request failed").length;
    const { lines: leftOut } = lines.at(-1) ?? {};
    assert.ok(written < FLOOD, "the function has used up its allowance");
    assert.deepEqual(leftOut, { "request failed: user_required": FLOOD - written });
    for (let calls = 0; calls < FLOOD; calls++) await callRefused(former);
  }
  await using stack = await borrowStack();
  const id = await callRefused(stack);
  const lines = await readLines(stack);
  assert.deepEqual(lines.map(({ request_id }) => request_id), [id]);
});
