/** The stack of `tests/support/shared_stack.ts`: a test sees nothing of the test before it. */
import assert from "node:assert/strict";
import { parseLine } from "../../shared/logging/lines.ts";
import {
  addLiveSeller,
  addOrderRow,
  cutStream,
  joinChannel,
  listen,
  openClient,
  signToken,
  sockets,
} from "../support/live.ts";
import { readFunctionLog } from "../support/logs.ts";
import { borrowStack } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

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

/** Ids of the orders that reach the seller's topic and their subscription to the table. */
async function hearOrders(stack: TestStack, id: string) {
  const client = openClient(stack, signToken(stack, id));
  const changes = await listen(client, [{ table: "orders" }]);
  const heard: string[] = [];
  const topic = client.channel(`user:${id}`, { config: { private: true } }).on(
    "broadcast",
    { event: "*" },
    ({ payload }) =>
      heard.push(...payload.orders.map(({ order_id }: { order_id: string }) => order_id)),
  );
  await joinChannel(topic);
  return { changes, heard };
}

test("a seller's page receives nothing of the test before it, even if Realtime had not sent it yet", async () => {
  const id = crypto.randomUUID();
  {
    await using former = await borrowStack();
    await hearOrders(former, id);
    const seller = await addLiveSeller(former, id);
    assert.ok(await cutStream(former));
    for (let orders = 0; orders < 3; orders++) await addOrderRow(former, seller);
  }
  await using stack = await borrowStack();
  const { changes, heard } = await hearOrders(stack, id);
  const order = await addOrderRow(stack, await addLiveSeller(stack, id));
  await until("the order has come", () => Promise.resolve(heard.includes(order)));
  await until("its row has come", () => Promise.resolve(changes.length > 0));
  assert.deepEqual(heard, [order]);
  assert.deepEqual(changes.map(({ eventType, new: row }) => [eventType, row.id]), [
    ["INSERT", order],
  ]);
});

test("a live client that a test leaves open is closed with the test", async () => {
  const earlier = sockets.length;
  {
    await using former = await borrowStack();
    await hearOrders(former, crypto.randomUUID());
  }
  const states = sockets.slice(earlier).map(({ readyState }) => readyState);
  assert.deepEqual(states, [WebSocket.CLOSED]);
});
