/** Attack: the stack's Postgres is stopped again and again under load. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { findPlace } from "../../local/postgres/binaries.ts";
import { readPostmasterFile } from "../../local/postgres/postmaster.ts";
import type { OwnStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** Sent in turn. */
const SIGNALS = ["SIGKILL", "SIGQUIT"] as const;
const REQUEST_MS = 5000;
const STOP_MS = 5000;
/** Pause of a client: without it they would keep the processor from Postgres. */
const PAUSE_MS = 20;

/** Status of a REST or Auth request; 0 means no answer. */
async function request({ env }: OwnStack, path: string, body?: unknown): Promise<number> {
  try {
    const response = await fetch(`${env.SUPABASE_URL}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { apikey: env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

const readPlans = (stack: OwnStack) => request(stack, "/rest/v1/plans?select=name");
const callRpc = (stack: OwnStack) => request(stack, "/rest/v1/rpc/oldest_open_event_seconds", {});

async function keepCalling(stack: OwnStack, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await readPlans(stack);
    await callRpc(stack);
    await sleep(PAUSE_MS);
  }
}

/** Ends the server process, and resolves when its successor serves requests. */
async function stopPostgres(stack: OwnStack, signal: Deno.Signal): Promise<void> {
  const { data } = await findPlace(stack.data);
  const before = await readPostmasterFile(data);
  Deno.kill(before?.pid as number, signal);
  await until("Postgres runs again", async () => {
    const now = await readPostmasterFile(data);
    return now?.pid !== before?.pid && now?.status === "ready";
  });
  await until("REST answers again", async () => await readPlans(stack) === 200);
}

export interface Outages {
  /** How often Postgres is stopped. */
  stops: number;
  /** Who call all the time. */
  clients: number;
}

/**
 * Stops Postgres several times under clients; then every request is answered, and the stack stops in time.
 * Ends the stack.
 */
export async function surviveOutages(
  stack: OwnStack,
  { stops, clients: count }: Outages,
): Promise<void> {
  // The driver of the tests would not survive it.
  await stack.sql.end();
  let isOver = false;
  const clients = Array.from({ length: count }, () => keepCalling(stack, () => isOver));
  for (let n = 0; n < stops; n++) await stopPostgres(stack, SIGNALS[n % 2] as Deno.Signal);
  isOver = true;
  await Promise.all(clients);

  const calls = Array.from({ length: 100 }, (_, i) => i % 2 === 0 ? readPlans : callRpc);
  const answers = await Promise.all(calls.map((call) => call(stack)));
  assert.deepEqual(answers, Array(100).fill(200));
  const login = { email: "unknown@example.com", password: "unknown" };
  const signIn = () => request(stack, "/auth/v1/token?grant_type=password", login);
  assert.deepEqual(await Promise.all(Array.from({ length: 5 }, signIn)), Array(5).fill(400));

  const stoppedAt = performance.now();
  await stack.stop();
  assert.ok(performance.now() - stoppedAt < STOP_MS, "the stack stops in time");
}
