/** Stops a stack's own Postgres hard, and measures how long the APIs over it are unreachable. */
import { join } from "node:path";
import { findPlace } from "../../local/postgres/binaries.ts";
import type { OwnStack } from "../support/stack.ts";
import { retry } from "./retry.ts";

/** Milliseconds from the stop until each answered again. */
export interface Outage {
  postgres: number;
  rest: number;
  auth: number;
}

/** An immediate stop can take 30 s, where sessions do not end on their own. */
const OUTAGE_MS = 90_000;

async function postmasterPid(stack: OwnStack): Promise<number> {
  const { data } = await findPlace(stack.data);
  const [pid] = (await Deno.readTextFile(join(data, "postmaster.pid"))).split("\n");
  return Number(pid);
}

async function startTime(stack: OwnStack): Promise<string> {
  const [row] = await stack.sql`select pg_postmaster_start_time()::text as at`;
  return row?.at;
}

async function request(stack: OwnStack, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${stack.env.SUPABASE_URL}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
}

/**
 * An immediate stop: every session is cut, nothing is flushed, and the next start recovers from the log, as
 * after a power cut. The stack itself starts it again, with the same data and port.
 */
export async function restartPostgres(
  stack: OwnStack,
  seller: { email: string; password: string },
): Promise<Outage> {
  const before = await retry("read the start time of Postgres", () => startTime(stack));
  const stoppedAt = Date.now();
  Deno.kill(await postmasterPid(stack), "SIGQUIT");
  const measure = async (description: string, action: () => Promise<void>) => {
    await retry(description, action, { timeoutMs: OUTAGE_MS });
    return Date.now() - stoppedAt;
  };
  const postgres = await measure("see Postgres start again", async () => {
    stack.reconnect();
    if (await startTime(stack) === before) throw new Error("It has not stopped yet");
  });
  const [rest, auth] = await Promise.all([
    measure("reach REST", () => request(stack, "/rest/v1/plans?select=name")),
    measure("reach Auth", () => request(stack, "/auth/v1/token?grant_type=password", seller)),
  ]);
  return { postgres, rest, auth };
}
